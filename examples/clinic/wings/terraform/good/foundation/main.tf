# Aozora clinic, foundation: keys, the record of who did what, and what watches the account.

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}
data "aws_region" "here" {}

locals {
  me      = data.aws_caller_identity.me.account_id
  account = "arn:${data.aws_partition.this.partition}:iam::${local.me}:root"
  own_account = {
    Sid = "OwnAccount", Effect = "Allow", Principal = { AWS = local.account }, Action = "kms:*", Resource = "*"
  }
  log_groups = {
    Sid       = "LogGroups", Effect = "Allow", Principal = { Service = "logs.${data.aws_region.here.region}.amazonaws.com" }
    Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"], Resource = "*"
    Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.this.partition}:logs:${data.aws_region.here.region}:${local.me}:log-group:*" } }
  }
}

# --- Keys -------------------------------------------------------------------
# Good: renewed every year, stays when the stack goes, usable by this account alone.
resource "aws_kms_key" "records_key" {
  description         = "Encrypts what patients entrusted to the clinic"
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.own_account,
      local.log_groups,
    ]
  })
  tags = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

resource "aws_kms_key" "log_key" {
  description         = "Encrypts the logs of the account"
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.own_account,
      {
        Sid       = "Trails", Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:GenerateDataKey*", "kms:DescribeKey"], Resource = "*"
        Condition = { StringLike = { "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:${data.aws_partition.this.partition}:cloudtrail:*:${local.me}:trail/*" } }
      },
      local.log_groups,
      {
        Sid       = "Alarms", Effect = "Allow", Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"], Resource = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.me } }
      },
    ]
  })
  tags = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

# --- Logs of accesses -------------------------------------------------------
# Where the other buckets and the load balancers write who was there.
resource "aws_s3_bucket" "access_log_bucket" {
  tags = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

resource "aws_s3_bucket_ownership_controls" "access_log_bucket" {
  bucket = aws_s3_bucket.access_log_bucket.id
  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_versioning" "access_log_bucket" {
  bucket = aws_s3_bucket.access_log_bucket.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "access_log_bucket" {
  bucket = aws_s3_bucket.access_log_bucket.id
  rule {
    apply_server_side_encryption_by_default { sse_algorithm = "AES256" }
  }
}

resource "aws_s3_bucket_public_access_block" "access_log_bucket" {
  bucket                  = aws_s3_bucket.access_log_bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "access_log_bucket_policy" {
  bucket = aws_s3_bucket.access_log_bucket.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RefusePlainHttp", Effect = "Deny", Principal = "*", Action = "s3:*"
        Resource  = [aws_s3_bucket.access_log_bucket.arn, "${aws_s3_bucket.access_log_bucket.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "LogsArrive", Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.access_log_bucket.arn}/*"
        Principal = { Service = ["logging.s3.amazonaws.com", "logdelivery.elasticloadbalancing.amazonaws.com"] }
        Condition = { StringEquals = { "aws:SourceAccount" = local.me } }
      },
    ]
  })
}

# --- The trail --------------------------------------------------------------
# Good: nobody deletes a log for seven years, not even the clinic.
resource "aws_s3_bucket" "trail_bucket" {
  object_lock_enabled = true
  tags                = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

resource "aws_s3_bucket_object_lock_configuration" "trail_bucket" {
  bucket = aws_s3_bucket.trail_bucket.id
  rule {
    default_retention {
      mode  = "GOVERNANCE"
      years = 7
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "trail_bucket" {
  bucket = aws_s3_bucket.trail_bucket.id
  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_versioning" "trail_bucket" {
  bucket = aws_s3_bucket.trail_bucket.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "trail_bucket" {
  bucket = aws_s3_bucket.trail_bucket.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.log_key.arn
    }
  }
}

resource "aws_s3_bucket_public_access_block" "trail_bucket" {
  bucket                  = aws_s3_bucket.trail_bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_logging" "trail_bucket" {
  bucket        = aws_s3_bucket.trail_bucket.id
  target_bucket = aws_s3_bucket.access_log_bucket.id
  target_prefix = "trail/"
}

resource "aws_s3_bucket_policy" "trail_bucket_policy" {
  bucket = aws_s3_bucket.trail_bucket.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RefusePlainHttp", Effect = "Deny", Principal = "*", Action = "s3:*"
        Resource  = [aws_s3_bucket.trail_bucket.arn, "${aws_s3_bucket.trail_bucket.arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "ServicesAskForOwner", Effect = "Allow", Action = ["s3:GetBucketAcl", "s3:ListBucket"], Resource = aws_s3_bucket.trail_bucket.arn
        Principal = { Service = ["cloudtrail.amazonaws.com", "config.amazonaws.com"] }
        Condition = { StringEquals = { "aws:SourceAccount" = local.me } }
      },
      {
        Sid       = "ServicesWrite", Effect = "Allow", Action = "s3:PutObject", Resource = "${aws_s3_bucket.trail_bucket.arn}/*"
        Principal = { Service = ["cloudtrail.amazonaws.com", "config.amazonaws.com"] }
        Condition = { StringEquals = { "aws:SourceAccount" = local.me } }
      },
    ]
  })
}

# Good: kept for seven years, and nobody deletes the group by mistake.
resource "aws_cloudwatch_log_group" "trail_log_group" {
  kms_key_id                  = aws_kms_key.log_key.arn
  retention_in_days           = 2557
  deletion_protection_enabled = true
  tags                        = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

resource "aws_cloudwatch_log_metric_filter" "trail_metric_filter" {
  name           = "suspicious"
  log_group_name = aws_cloudwatch_log_group.trail_log_group.name
  pattern        = "{ $.userIdentity.type = \"Root\" || $.errorCode = \"AccessDenied\" }"
  metric_transformation {
    namespace = "Aozora"
    name      = "SuspiciousCallErrors"
    value     = "1"
  }
}

resource "aws_iam_role" "trail_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "write_trail" {
  name = "write-trail"
  role = aws_iam_role.trail_role.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = aws_cloudwatch_log_group.trail_log_group.arn }]
  })
}

# Good: all regions, the whole organization, signed, encrypted, reads and writes of data too.
resource "aws_cloudtrail" "trail" {
  name                          = "aozora"
  enable_logging                = true
  s3_bucket_name                = aws_s3_bucket.trail_bucket.id
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail_log_group.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail_role.arn
  is_multi_region_trail         = true
  is_organization_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.log_key.arn
  event_selector {
    read_write_type           = "All"
    include_management_events = true
    data_resource {
      type   = "AWS::S3::Object"
      values = ["arn:aws:s3"]
    }
  }
  insight_selector { insight_type = "ApiCallRateInsight" }
  depends_on = [aws_s3_bucket_policy.trail_bucket_policy]
}

# --- Watching ---------------------------------------------------------------
resource "aws_iam_role" "config_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "config.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "config_role" {
  role       = aws_iam_role.config_role.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AWS_ConfigRole"
}

resource "aws_config_configuration_recorder" "config_recorder" {
  role_arn = aws_iam_role.config_role.arn
  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }
}

resource "aws_guardduty_detector" "detector" {
  enable = true
  tags   = { Data = "none" }
}

resource "aws_macie2_account" "patient_data_search" {
  status = "ENABLED"
}

resource "aws_ebs_snapshot_block_public_access" "snapshot_block" {
  state = "block-all-sharing"
}

resource "aws_sns_topic" "alarm_topic" {
  kms_master_key_id = aws_kms_key.log_key.id
  tags              = { Data = "none" }
}

resource "aws_cloudwatch_metric_alarm" "suspicious_call_alarm" {
  alarm_name          = "suspicious-calls"
  namespace           = "Aozora"
  metric_name         = "SuspiciousCallErrors"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  alarm_actions       = [aws_sns_topic.alarm_topic.arn]
}

# --- Settings of the account ------------------------------------------------
resource "aws_account_alternate_contact" "security" {
  alternate_contact_type = "SECURITY"
  name                   = "Security desk"
  title                  = "Security desk"
  email_address          = "security@aozora.example"
  phone_number           = "+81-3-0000-0000"
}

resource "aws_quicksight_account_subscription" "aozora" {
  account_name          = "aozora"
  authentication_method = "IAM_AND_QUICKSIGHT"
  edition               = "ENTERPRISE"
  notification_email    = "it@aozora.example"
}

output "records_key_arn" { value = aws_kms_key.records_key.arn }
output "log_key_arn" { value = aws_kms_key.log_key.arn }
output "access_log_bucket" { value = aws_s3_bucket.access_log_bucket.id }
