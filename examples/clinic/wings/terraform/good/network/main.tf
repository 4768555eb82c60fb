# Aozora clinic, network: subnets, the firewall at the door, and the way to AWS services.

variable "log_key_arn" { type = string }

data "aws_availability_zones" "here" {}
data "aws_caller_identity" "me" {}
data "aws_region" "here" {}

locals {
  # The clinic's own, and no others.
  own_account = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Principal = "*", Action = "*", Resource = "*"
      Condition = { StringEquals = { "aws:ResourceAccount" = data.aws_caller_identity.me.account_id } }
    }]
  })
  inside = "10.20.0.0/16"
}

resource "aws_vpc" "vpc" {
  cidr_block           = local.inside
  enable_dns_hostnames = true
  enable_dns_support   = true
}

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

# --- Subnets ----------------------------------------------------------------
resource "aws_subnet" "public_subnet_a" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[0]
  cidr_block              = "10.20.0.0/24"
  map_public_ip_on_launch = false
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

resource "aws_networkfirewall_firewall" "firewall" {
  name                = "aozora"
  firewall_policy_arn = aws_networkfirewall_firewall_policy.firewall_policy.arn
  vpc_id              = aws_vpc.vpc.id
  subnet_mapping { subnet_id = aws_subnet.firewall_subnet.id }
}

locals {
  firewall_door = tolist(aws_networkfirewall_firewall.firewall.firewall_status[0].sync_states)[0].attachment[0].endpoint_id
}

resource "aws_route_table" "public_routes" {
  vpc_id = aws_vpc.vpc.id
}

# Good: out through the firewall, and in as well (edge_routes).
resource "aws_route" "public_way_out" {
  route_table_id         = aws_route_table.public_routes.id
  destination_cidr_block = "0.0.0.0/0"
  vpc_endpoint_id        = local.firewall_door
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

resource "aws_route_table" "edge_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "edge_way_in_a" {
  route_table_id         = aws_route_table.edge_routes.id
  destination_cidr_block = "10.20.0.0/24"
  vpc_endpoint_id        = local.firewall_door
}

resource "aws_route" "edge_way_in_b" {
  route_table_id         = aws_route_table.edge_routes.id
  destination_cidr_block = "10.20.1.0/24"
  vpc_endpoint_id        = local.firewall_door
}

resource "aws_route_table_association" "edge_routes_of_gateway" {
  gateway_id     = aws_internet_gateway.internet_gateway.id
  route_table_id = aws_route_table.edge_routes.id
}

# --- Inside -----------------------------------------------------------------
resource "aws_route_table" "inner_routes" {
  vpc_id = aws_vpc.vpc.id
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

# Good: the data subnets talk to the programs and to nobody else.
resource "aws_network_acl" "data_acl" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_network_acl_rule" "data_acl_in" {
  network_acl_id = aws_network_acl.data_acl.id
  rule_number    = 100
  rule_action    = "allow"
  protocol       = "tcp"
  cidr_block     = local.inside
  from_port      = 443
  to_port        = 65535
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
  egress {
    description = "Inside only"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 65535
    cidr_blocks = [local.inside]
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
resource "aws_vpc_endpoint" "s3_endpoint" {
  vpc_id            = aws_vpc.vpc.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${data.aws_region.here.region}.s3"
  route_table_ids   = [aws_route_table.inner_routes.id]
  policy            = local.own_account
}

resource "aws_vpc_endpoint" "dynamo_db_endpoint" {
  vpc_id            = aws_vpc.vpc.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${data.aws_region.here.region}.dynamodb"
  route_table_ids   = [aws_route_table.inner_routes.id]
  policy            = local.own_account
}

resource "aws_vpc_endpoint" "kms_endpoint" {
  vpc_id              = aws_vpc.vpc.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${data.aws_region.here.region}.kms"
  subnet_ids          = [aws_subnet.app_subnet_a.id, aws_subnet.app_subnet_b.id]
  security_group_ids  = [aws_security_group.endpoint_group.id]
  private_dns_enabled = true
  policy              = local.own_account
}

resource "aws_vpc_endpoint" "secrets_manager_endpoint" {
  vpc_id              = aws_vpc.vpc.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${data.aws_region.here.region}.secretsmanager"
  subnet_ids          = [aws_subnet.app_subnet_a.id, aws_subnet.app_subnet_b.id]
  security_group_ids  = [aws_security_group.endpoint_group.id]
  private_dns_enabled = true
  policy              = local.own_account
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

resource "aws_flow_log" "flow_log" {
  vpc_id               = aws_vpc.vpc.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow_log_group.arn
  iam_role_arn         = aws_iam_role.flow_log_role.arn
}

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
    enabled              = true
    cloudwatch_log_group = aws_cloudwatch_log_group.flow_log_group.name
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
