# Aozora clinic, network: subnets, the firewall at the door, and the way to AWS services.

variable "log_key_arn" { type = string }

data "aws_availability_zones" "here" {}
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}

locals {
  inside = "10.20.0.0/16"
}

# Bad: calls the services of AWS over the internet (vpc-calls-aws-services-over-internet,
# comprehend-called-over-internet).
resource "aws_vpc" "vpc" {
  cidr_block           = local.inside
  enable_dns_hostnames = true
  enable_dns_support   = true
}

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

# --- Subnets ----------------------------------------------------------------
# Bad: what is started here gets a public address without asking (subnet-gives-public-addresses).
resource "aws_subnet" "public_subnet_a" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[0]
  cidr_block              = "10.20.0.0/24"
  map_public_ip_on_launch = true
}

resource "aws_subnet" "public_subnet_b" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[1]
  cidr_block              = "10.20.1.0/24"
  map_public_ip_on_launch = false
}

resource "aws_subnet" "firewall_subnet" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[0]
  cidr_block              = "10.20.9.0/28"
  map_public_ip_on_launch = false
}

resource "aws_subnet" "app_subnet_a" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[0]
  cidr_block              = "10.20.10.0/24"
  map_public_ip_on_launch = false
}

resource "aws_subnet" "app_subnet_b" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[1]
  cidr_block              = "10.20.11.0/24"
  map_public_ip_on_launch = false
}

resource "aws_subnet" "data_subnet_a" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[0]
  cidr_block              = "10.20.20.0/24"
  map_public_ip_on_launch = false
}

resource "aws_subnet" "data_subnet_b" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[1]
  cidr_block              = "10.20.21.0/24"
  map_public_ip_on_launch = false
}

# --- The firewall at the door -----------------------------------------------
resource "aws_networkfirewall_firewall_policy" "firewall_policy" {
  name = "aozora"
  firewall_policy {
    stateless_default_actions          = ["aws:forward_to_sfe"]
    stateless_fragment_default_actions = ["aws:forward_to_sfe"]
  }
}

# Bad: paid for, and walked around: the public subnets have a way of their own
# (firewall-bypassed-from-internet).
resource "aws_networkfirewall_firewall" "firewall" {
  name                = "aozora"
  firewall_policy_arn = aws_networkfirewall_firewall_policy.firewall_policy.arn
  vpc_id              = aws_vpc.vpc.id
  subnet_mapping { subnet_id = aws_subnet.firewall_subnet.id }
}

resource "aws_route_table" "public_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "public_way_out" {
  route_table_id         = aws_route_table.public_routes.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.internet_gateway.id
}

resource "aws_route_table_association" "public_routes_a" {
  subnet_id      = aws_subnet.public_subnet_a.id
  route_table_id = aws_route_table.public_routes.id
}

resource "aws_route_table_association" "public_routes_b" {
  subnet_id      = aws_subnet.public_subnet_b.id
  route_table_id = aws_route_table.public_routes.id
}

resource "aws_route_table" "firewall_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "firewall_way_out" {
  route_table_id         = aws_route_table.firewall_routes.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.internet_gateway.id
}

resource "aws_route_table_association" "firewall_routes_of_subnet" {
  subnet_id      = aws_subnet.firewall_subnet.id
  route_table_id = aws_route_table.firewall_routes.id
}

# --- Inside -----------------------------------------------------------------
resource "aws_route_table" "inner_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "inner_way_out" {
  route_table_id         = aws_route_table.inner_routes.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.nat.id
}

resource "aws_eip" "nat_address" {
  domain = "vpc"
}

resource "aws_nat_gateway" "nat" {
  subnet_id     = aws_subnet.public_subnet_b.id
  allocation_id = aws_eip.nat_address.allocation_id
}

resource "aws_route_table_association" "inner_routes_app_a" {
  subnet_id      = aws_subnet.app_subnet_a.id
  route_table_id = aws_route_table.inner_routes.id
}

resource "aws_route_table_association" "inner_routes_app_b" {
  subnet_id      = aws_subnet.app_subnet_b.id
  route_table_id = aws_route_table.inner_routes.id
}

resource "aws_route_table_association" "inner_routes_data_a" {
  subnet_id      = aws_subnet.data_subnet_a.id
  route_table_id = aws_route_table.inner_routes.id
}

resource "aws_route_table_association" "inner_routes_data_b" {
  subnet_id      = aws_subnet.data_subnet_b.id
  route_table_id = aws_route_table.inner_routes.id
}

# Bad: filters nothing (network-acl-lets-everything-in), so that nothing stands before the stores of
# the other wings but their groups.
resource "aws_network_acl" "data_acl" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_network_acl_rule" "data_acl_in" {
  network_acl_id = aws_network_acl.data_acl.id
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "-1"
  cidr_block     = "0.0.0.0/0"
}

resource "aws_network_acl_rule" "data_acl_out" {
  network_acl_id = aws_network_acl.data_acl.id
  rule_number    = 100
  rule_action    = "allow"
  egress         = true
  protocol       = "tcp"
  cidr_block     = local.inside
  from_port      = 443
  to_port        = 65535
}

resource "aws_network_acl_association" "data_acl_a" {
  subnet_id      = aws_subnet.data_subnet_a.id
  network_acl_id = aws_network_acl.data_acl.id
}

resource "aws_network_acl_association" "data_acl_b" {
  subnet_id      = aws_subnet.data_subnet_b.id
  network_acl_id = aws_network_acl.data_acl.id
}

# --- Security groups --------------------------------------------------------
resource "aws_security_group" "front_group" {
  description = "Load balancer of the portal"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description = "HTTPS from anywhere"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    description = "To the programs"
    protocol    = "tcp"
    from_port   = 8443
    to_port     = 8443
    cidr_blocks = [local.inside]
  }
}

# Bad: a way in for the vendor (security-group-opens-admin-ports-to-world), and out to everywhere
# (security-group-lets-everything-out).
resource "aws_security_group" "app_group" {
  description = "Programs of the clinic"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description     = "From the load balancer"
    protocol        = "tcp"
    from_port       = 8443
    to_port         = 8443
    security_groups = [aws_security_group.front_group.id]
  }
  ingress {
    description = "Support of the vendor"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_security_group" "data_group" {
  description = "Stores of the clinic"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description     = "From the programs"
    protocol        = "tcp"
    from_port       = 1024
    to_port         = 65535
    security_groups = [aws_security_group.app_group.id]
  }
  egress {
    description = "Inside only"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 65535
    cidr_blocks = [local.inside]
  }
}

resource "aws_security_group" "research_group" {
  description = "Machines of the researchers"
  vpc_id      = aws_vpc.vpc.id
  egress {
    description = "Inside only"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 65535
    cidr_blocks = [local.inside]
  }
}

resource "aws_security_group" "endpoint_group" {
  description = "Doors to services of AWS"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description = "HTTPS from inside"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = [local.inside]
  }
  egress {
    description = "Nowhere"
    protocol    = "icmp"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["127.0.0.1/32"]
  }
}

# --- The way to AWS services ------------------------------------------------
# Bad: any bucket of anybody (vpc-endpoint-without-policy).
resource "aws_vpc_endpoint" "s3_endpoint" {
  vpc_id            = aws_vpc.vpc.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${data.aws_region.here.region}.s3"
  route_table_ids   = [aws_route_table.inner_routes.id]
}

# --- Who talked to whom -----------------------------------------------------
resource "aws_cloudwatch_log_group" "flow_log_group" {
  kms_key_id                  = var.log_key_arn
  retention_in_days           = 2557
  deletion_protection_enabled = true
  tags                        = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

resource "aws_iam_role" "flow_log_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "vpc-flow-logs.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "write_flow_log" {
  name = "write-flow-log"
  role = aws_iam_role.flow_log_role.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"], Resource = aws_cloudwatch_log_group.flow_log_group.arn }]
  })
}

# Bad: sees only what was refused (flow-log-misses-traffic).
resource "aws_flow_log" "flow_log" {
  vpc_id               = aws_vpc.vpc.id
  traffic_type         = "REJECT"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow_log_group.arn
  iam_role_arn         = aws_iam_role.flow_log_role.arn
}

# Bad: nobody knows who worked from home (client-vpn-connections-not-logged).
resource "aws_ec2_client_vpn_endpoint" "home_vpn" {
  vpc_id                 = aws_vpc.vpc.id
  security_group_ids     = [aws_security_group.endpoint_group.id]
  client_cidr_block      = "10.21.0.0/22"
  server_certificate_arn = "arn:aws:acm:ap-northeast-1:111122223333:certificate/7b0d1b5e-0000-4000-8000-000000000001"
  authentication_options {
    type              = "federated-authentication"
    saml_provider_arn = "arn:aws:iam::111122223333:saml-provider/aozora"
  }
  connection_log_options {
    enabled = false
  }
}

output "vpc_id" { value = aws_vpc.vpc.id }
output "public_subnets" { value = [aws_subnet.public_subnet_a.id, aws_subnet.public_subnet_b.id] }
output "app_subnets" { value = [aws_subnet.app_subnet_a.id, aws_subnet.app_subnet_b.id] }
output "data_subnets" { value = [aws_subnet.data_subnet_a.id, aws_subnet.data_subnet_b.id] }
output "front_group" { value = aws_security_group.front_group.id }
output "app_group" { value = aws_security_group.app_group.id }
output "data_group" { value = aws_security_group.data_group.id }
output "research_group" { value = aws_security_group.research_group.id }
