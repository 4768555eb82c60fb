# Aozora clinic, network: three kinds of subnets, the security groups, and the log of
# who talked to whom.

variable "env" { type = string }
variable "office_range" { type = string }
variable "network_log_days" { type = number }

data "aws_availability_zones" "here" {}
data "aws_caller_identity" "me" {}

locals {
  ranges = {
    prod = { vpc = "10.10.0.0/16", public_a = "10.10.0.0/24", public_b = "10.10.1.0/24", app = "10.10.10.0/24", data_a = "10.10.20.0/24", data_b = "10.10.21.0/24" }
    dev  = { vpc = "10.11.0.0/16", public_a = "10.11.0.0/24", public_b = "10.11.1.0/24", app = "10.11.10.0/24", data_a = "10.11.20.0/24", data_b = "10.11.21.0/24" }
  }[var.env]
  # What a new group in CloudFormation lets out; Terraform would take it away.
  everything_out = { protocol = "-1", from_port = 0, to_port = 0, cidr_blocks = ["0.0.0.0/0"] }
}

resource "aws_vpc" "vpc" {
  cidr_block           = local.ranges.vpc
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = "aozora-${var.env}" }
}

resource "aws_internet_gateway" "internet_gateway" {
  vpc_id = aws_vpc.vpc.id
}

# --- Subnets ----------------------------------------------------------------
# What is started here gets a public address without asking for it. That is meant for
# the load balancer only; see the reception machine in app/main.tf.
resource "aws_subnet" "public_subnet_a" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[0]
  cidr_block              = local.ranges.public_a
  map_public_ip_on_launch = true
}

resource "aws_subnet" "public_subnet_b" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[1]
  cidr_block              = local.ranges.public_b
  map_public_ip_on_launch = true
}

# Good: no public addresses for the programs and the databases.
resource "aws_subnet" "app_subnet" {
  vpc_id                  = aws_vpc.vpc.id
  availability_zone       = data.aws_availability_zones.here.names[0]
  cidr_block              = local.ranges.app
  map_public_ip_on_launch = false
}

resource "aws_subnet" "data_subnet_a" {
  vpc_id            = aws_vpc.vpc.id
  availability_zone = data.aws_availability_zones.here.names[0]
  cidr_block        = local.ranges.data_a
}

resource "aws_subnet" "data_subnet_b" {
  vpc_id            = aws_vpc.vpc.id
  availability_zone = data.aws_availability_zones.here.names[1]
  cidr_block        = local.ranges.data_b
}

resource "aws_route_table" "public_routes" {
  vpc_id = aws_vpc.vpc.id
}

resource "aws_route" "route_to_internet" {
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

# --- Security groups --------------------------------------------------------
# Good: the world may come to the load balancer, by HTTPS and nothing else.
resource "aws_security_group" "front_group" {
  description = "Load balancer of the patient portal"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description = "HTTPS from anywhere"
    protocol    = "tcp"
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol    = local.everything_out.protocol
    from_port   = local.everything_out.from_port
    to_port     = local.everything_out.to_port
    cidr_blocks = local.everything_out.cidr_blocks
  }
}

# Good: only the load balancer may come here, and for SSH only the office. The first
# rule stands beside the group, because the two groups name each other.
resource "aws_security_group" "portal_group" {
  description = "Machines of the patient portal"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description = "SSH from the office"
    protocol    = "tcp"
    from_port   = 22
    to_port     = 22
    cidr_blocks = [var.office_range]
  }
  egress {
    protocol    = local.everything_out.protocol
    from_port   = local.everything_out.from_port
    to_port     = local.everything_out.to_port
    cidr_blocks = local.everything_out.cidr_blocks
  }
}

resource "aws_vpc_security_group_ingress_rule" "front_to_portal" {
  security_group_id            = aws_security_group.portal_group.id
  description                  = "From the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = 8443
  to_port                      = 8443
  referenced_security_group_id = aws_security_group.front_group.id
}

# Good: only the portal may ask the records database.
resource "aws_security_group" "records_group" {
  description = "Records database"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description     = "PostgreSQL from the portal"
    protocol        = "tcp"
    from_port       = 5432
    to_port         = 5432
    security_groups = [aws_security_group.portal_group.id]
  }
  egress {
    protocol    = local.everything_out.protocol
    from_port   = local.everything_out.from_port
    to_port     = local.everything_out.to_port
    cidr_blocks = local.everything_out.cidr_blocks
  }
}

# Bad: a survey company was let in from wherever it is
# (security-group-opens-database-ports-to-world).
resource "aws_security_group" "survey_group" {
  description = "Survey database"
  vpc_id      = aws_vpc.vpc.id
  ingress {
    description = "MySQL for the survey company"
    protocol    = "tcp"
    from_port   = 3306
    to_port     = 3306
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol    = local.everything_out.protocol
    from_port   = local.everything_out.from_port
    to_port     = local.everything_out.to_port
    cidr_blocks = local.everything_out.cidr_blocks
  }
}

# Bad: remote desktop of the reception from the whole internet, written as two halves so
# that no rule says 0.0.0.0/0 (security-group-opens-admin-ports-to-world).
resource "aws_security_group" "reception_group" {
  description = "Reception machine"
  vpc_id      = aws_vpc.vpc.id
  dynamic "ingress" {
    for_each = ["0.0.0.0/1", "128.0.0.0/1"]
    content {
      description = "Remote desktop, one half"
      protocol    = "tcp"
      from_port   = 3389
      to_port     = 3389
      cidr_blocks = [ingress.value]
    }
  }
  egress {
    protocol    = local.everything_out.protocol
    from_port   = local.everything_out.from_port
    to_port     = local.everything_out.to_port
    cidr_blocks = local.everything_out.cidr_blocks
  }
}

# Bad: looks empty, but the rule below opens all of it, by IPv6
# (security-group-opens-everything-to-world).
resource "aws_security_group" "vendor_group" {
  description = "Maintenance of the ultrasound device by its vendor"
  vpc_id      = aws_vpc.vpc.id
  egress {
    protocol    = local.everything_out.protocol
    from_port   = local.everything_out.from_port
    to_port     = local.everything_out.to_port
    cidr_blocks = local.everything_out.cidr_blocks
  }
}

resource "aws_vpc_security_group_ingress_rule" "vendor_rule" {
  security_group_id = aws_security_group.vendor_group.id
  description       = "The vendor did not say which ports"
  ip_protocol       = "-1"
  cidr_ipv6         = "::/0"
}

# --- Log of the network -----------------------------------------------------
# Good: every connection is logged, and the log is kept for more than six years. How
# long is decided in ../main.tf.
resource "aws_cloudwatch_log_group" "flow_log_group" {
  retention_in_days = var.network_log_days
  lifecycle { prevent_destroy = true }
}

data "aws_iam_policy_document" "flow_log_trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["vpc-flow-logs.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.me.account_id]
    }
  }
}

resource "aws_iam_role" "flow_log_role" {
  assume_role_policy = data.aws_iam_policy_document.flow_log_trust.json
}

resource "aws_iam_role_policy" "write_flow_log" {
  name = "write-flow-log"
  role = aws_iam_role.flow_log_role.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
      Resource = aws_cloudwatch_log_group.flow_log_group.arn
    }]
  })
}

resource "aws_flow_log" "flow_log" {
  vpc_id               = aws_vpc.vpc.id
  traffic_type         = "ALL"
  log_destination_type = "cloud-watch-logs"
  log_destination      = aws_cloudwatch_log_group.flow_log_group.arn
  iam_role_arn         = aws_iam_role.flow_log_role.arn
}

output "vpc" { value = aws_vpc.vpc.id }
output "public_subnets" { value = [aws_subnet.public_subnet_a.id, aws_subnet.public_subnet_b.id] }
output "data_subnets" { value = [aws_subnet.data_subnet_a.id, aws_subnet.data_subnet_b.id] }
output "app_subnet" { value = aws_subnet.app_subnet.id }
output "front_group" { value = aws_security_group.front_group.id }
output "portal_group" { value = aws_security_group.portal_group.id }
output "records_group" { value = aws_security_group.records_group.id }
output "survey_group" { value = aws_security_group.survey_group.id }
output "reception_group" { value = aws_security_group.reception_group.id }
