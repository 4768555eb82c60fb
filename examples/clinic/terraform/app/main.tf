# Aozora clinic, programs: the patient portal, the machine at the reception, the fax
# gateway, and what runs between them.

variable "env" { type = string }
variable "fax_password" {
  type      = string
  sensitive = true
}
variable "network" { type = string }
variable "app_subnet" { type = string }
variable "public_subnets" { type = list(string) }
variable "front_group" { type = string }
variable "portal_group" { type = string }
variable "reception_group" { type = string }
variable "records_key_arn" { type = string }
variable "records_bucket_arn" { type = string }
variable "certificate_arn" { type = string }

data "aws_partition" "this" {}
data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

# --- Portal -----------------------------------------------------------------
# Good: reads patients' documents, and no more than that.
resource "aws_iam_role" "portal_role" {
  name = "aozora-${var.env}-portal"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ec2.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "read_records" {
  name = "read-records"
  role = aws_iam_role.portal_role.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "${var.records_bucket_arn}/*" },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = var.records_key_arn },
    ]
  })
}

resource "aws_iam_instance_profile" "portal_profile" {
  role = aws_iam_role.portal_role.name
}

# Good: inside the network, no public address, and the start script holds names but no
# secrets.
resource "aws_instance" "portal_instance" {
  ami                         = data.aws_ssm_parameter.image.value
  instance_type               = "t3.medium"
  iam_instance_profile        = aws_iam_instance_profile.portal_profile.name
  subnet_id                   = var.app_subnet
  vpc_security_group_ids      = [var.portal_group]
  associate_public_ip_address = false
  root_block_device {
    volume_size = 30
    volume_type = "gp3"
    encrypted   = true
  }
  user_data = <<-EOT
    #!/bin/bash
    set -eu
    dnf install -y nginx
    echo 'CLINIC_ENV=${var.env}' > /etc/sysconfig/portal
    systemctl enable --now nginx
  EOT
  tags      = { Name = "aozora-${var.env}-portal" }
}

resource "aws_lb" "portal_balancer" {
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.public_subnets
  security_groups            = [var.front_group]
  drop_invalid_header_fields = true
}

resource "aws_lb_target_group" "portal_targets" {
  vpc_id   = var.network
  protocol = "HTTPS"
  port     = 8443
}

resource "aws_lb_target_group_attachment" "portal" {
  target_group_arn = aws_lb_target_group.portal_targets.arn
  target_id        = aws_instance.portal_instance.id
  port             = 8443
}

resource "aws_lb_listener" "portal_listener" {
  count             = var.certificate_arn == "" ? 0 : 1
  load_balancer_arn = aws_lb.portal_balancer.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.portal_targets.arn
  }
}

# --- Reception and fax ------------------------------------------------------
# Bad: says nothing about addresses, but its subnet gives it a public one
# (ec2-instance-gets-public-address), and its group lets remote desktop in.
resource "aws_instance" "reception_instance" {
  ami                    = data.aws_ssm_parameter.image.value
  instance_type          = "t3.medium"
  subnet_id              = var.public_subnets[0]
  vpc_security_group_ids = [var.reception_group]
  root_block_device {
    volume_size = 30
    volume_type = "gp3"
    encrypted   = true
  }
  tags = { Name = "aozora-${var.env}-reception" }
}

# Bad: the start script carries the password of the fax service
# (ec2-user-data-carries-secret). That the variable is sensitive hides it from Terraform's
# output, not from whoever may describe the instance.
resource "aws_instance" "fax_instance" {
  ami                    = data.aws_ssm_parameter.image.value
  instance_type          = "t3.micro"
  subnet_id              = var.app_subnet
  vpc_security_group_ids = [var.portal_group]
  root_block_device {
    volume_size = 20
    volume_type = "gp3"
    encrypted   = true
  }
  user_data = <<-EOT
    #!/bin/bash
    set -eu
    cat > /etc/fax-gateway.conf <<CONF
    server = fax.example
    user = aozora-${var.env}
    password = ${var.fax_password}
    CONF
    systemctl enable --now fax-gateway
  EOT
}

# Exists in dev only, where somebody wanted to reach it from home
# (ec2-instance-gets-public-address, when env=dev).
resource "aws_instance" "tryout_instance" {
  count                       = var.env == "dev" ? 1 : 0
  ami                         = data.aws_ssm_parameter.image.value
  instance_type               = "t3.micro"
  subnet_id                   = var.public_subnets[1]
  vpc_security_group_ids      = [var.portal_group]
  associate_public_ip_address = true
}

# --- Reminders --------------------------------------------------------------
resource "aws_sqs_queue" "reminder_queue" {
  kms_master_key_id         = var.records_key_arn
  message_retention_seconds = 345600
  redrive_policy            = jsonencode({ deadLetterTargetArn = aws_sqs_queue.undelivered_queue.arn, maxReceiveCount = 5 })
}

resource "aws_sqs_queue" "undelivered_queue" {
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 1209600
}

resource "aws_iam_role" "reminder_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "reminder_role" {
  role       = aws_iam_role.reminder_role.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole"
}

resource "aws_iam_role_policy" "read_encrypted_queue" {
  name = "read-encrypted-queue"
  role = aws_iam_role.reminder_role.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "kms:Decrypt", Resource = var.records_key_arn }]
  })
}

resource "aws_lambda_function" "reminder_function" {
  function_name = "aozora-${var.env}-reminder"
  runtime       = "python3.12"
  handler       = "index.handler"
  timeout       = 30
  role          = aws_iam_role.reminder_role.arn
  kms_key_arn   = var.records_key_arn
  filename      = "reminder.zip"
  environment {
    variables = { CLINIC_ENV = var.env }
  }
}

resource "aws_lambda_event_source_mapping" "reminder_source" {
  event_source_arn = aws_sqs_queue.reminder_queue.arn
  function_name    = aws_lambda_function.reminder_function.function_name
  batch_size       = 10
}

# An ordinary log: how long it is kept is nobody's demand here, because no trail and no
# flow log writes to it.
resource "aws_cloudwatch_log_group" "reminder_log_group" {
  name              = "/aws/lambda/${aws_lambda_function.reminder_function.function_name}"
  retention_in_days = 14
}
