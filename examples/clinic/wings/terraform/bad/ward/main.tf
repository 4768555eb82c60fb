# Aozora clinic, ward: what the monitors at the beds measure, on its way.

variable "records_key_arn" { type = string }
variable "log_key_arn" { type = string }
variable "records_bucket_arn" { type = string }
variable "data_subnets" { type = list(string) }
variable "data_group" { type = string }

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}
data "aws_region" "here" {}

resource "aws_cloudwatch_log_group" "ward_log_group" {
  kms_key_id        = var.log_key_arn
  retention_in_days = 2557
  tags              = { Data = "none" }
}

resource "aws_cloudwatch_log_stream" "ward_log_stream" {
  name           = "ward"
  log_group_name = aws_cloudwatch_log_group.ward_log_group.name
}

# Bad: a stolen monitor may do everything that any device may (iot-policy-allows-everything).
resource "aws_iot_policy" "monitor_policy" {
  name = "monitor"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["iot:*"], Resource = "*" },
    ]
  })
}

# Bad: in clear (kinesis-stream-not-encrypted).
resource "aws_kinesis_stream" "vitals" {
  name        = "vitals"
  shard_count = 2
  tags        = { Data = "phi" }
}

resource "aws_iam_role" "archive_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Principal = { Service = "firehose.amazonaws.com" }, Action = "sts:AssumeRole"
      Condition = { StringEquals = { "sts:ExternalId" = data.aws_caller_identity.me.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "archive" {
  name = "archive"
  role = aws_iam_role.archive_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:PutObject", Resource = "${var.records_bucket_arn}/vitals/*" },
      { Effect = "Allow", Action = "kms:GenerateDataKey", Resource = var.records_key_arn },
    ]
  })
}

# Bad: in clear on its way (firehose-not-encrypted), and what gets lost is not noticed
# (firehose-errors-not-logged).
resource "aws_kinesis_firehose_delivery_stream" "archive" {
  name        = "archive"
  destination = "extended_s3"
  extended_s3_configuration {
    bucket_arn  = var.records_bucket_arn
    prefix      = "vitals/"
    role_arn    = aws_iam_role.archive_role.arn
    kms_key_arn = var.records_key_arn
    cloudwatch_logging_options {
      enabled = false
    }
  }
  tags = { Data = "phi" }
}

resource "aws_iam_role" "watch_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Principal = { Service = "kinesisanalytics.amazonaws.com" }, Action = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id } }
    }]
  })
}

# Bad: when it stops, nobody hears of it (flink-application-without-log).
resource "aws_kinesisanalyticsv2_application" "pulse_watch" {
  name                   = "pulse-watch"
  runtime_environment    = "FLINK-1_20"
  service_execution_role = aws_iam_role.watch_role.arn
  tags                   = { Data = "none" }
}

# Bad: on the internet (mq-broker-publicly-accessible), and nobody sees who administers it
# (mq-broker-audit-log-off).
resource "aws_mq_broker" "orders" {
  broker_name                = "orders"
  engine_type                = "ActiveMQ"
  engine_version             = "5.18"
  deployment_mode            = "ACTIVE_STANDBY_MULTI_AZ"
  host_instance_type         = "mq.m5.large"
  auto_minor_version_upgrade = true
  subnet_ids                 = var.data_subnets
  security_groups            = [var.data_group]
  encryption_options {
    use_aws_owned_key = false
    kms_key_id        = var.records_key_arn
  }
  publicly_accessible = true
  logs {
    general = true
    audit   = false
  }
  tags = { Data = "phi" }
}

# Bad: takes what comes in clear (msk-accepts-plain-text-clients) from anyone
# (msk-admits-unauthenticated-clients), repeats it in clear (msk-brokers-talk-in-plain-text), and
# nothing stands before it but its group (data-store-without-network-acl).
resource "aws_msk_cluster" "waveforms" {
  cluster_name           = "waveforms"
  kafka_version          = "3.8.x"
  number_of_broker_nodes = 2
  broker_node_group_info {
    instance_type   = "kafka.m7g.large"
    client_subnets  = var.data_subnets
    security_groups = [var.data_group]
  }
  encryption_info {
    encryption_at_rest_kms_key_arn = var.records_key_arn
    encryption_in_transit {
      client_broker = "TLS_PLAINTEXT"
      in_cluster    = false
    }
  }
  client_authentication {
    unauthenticated = true
  }
  tags = { Data = "phi" }
}
