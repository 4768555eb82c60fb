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
# Bad: goes with the stack (kms-key-deleted-with-stack) after a week
# (kms-key-deletion-window-short), is never renewed (kms-key-rotation-off), and everybody
# with an AWS account may decrypt with it (kms-key-policy-allows-anyone).
resource "aws_kms_key" "records_key" {
  description             = "Encrypts what patients entrusted to the clinic"
  enable_key_rotation     = false
  deletion_window_in_days = 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.own_account,
      local.log_groups,
      { Sid = "Partners", Effect = "Allow", Principal = { AWS = "*" }, Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = "*" },
    ]
  })
  tags = { Data = "none" }
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
# Bad: logs may be deleted at any time (audit-bucket-not-locked), and a rule does so after three
# months (audit-bucket-expires-logs-early).
resource "aws_s3_bucket" "trail_bucket" {
  tags = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

resource "aws_s3_bucket_lifecycle_configuration" "trail_bucket" {
  bucket = aws_s3_bucket.trail_bucket.id
  rule {
    id     = "tidy"
    status = "Enabled"
    expiration { days = 90 }
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

# Bad: a year (audit-log-group-retention-short), deletable (audit-log-group-deletable), and nobody
# notices what stands in it (trail-log-group-without-metric-filter).
resource "aws_cloudwatch_log_group" "trail_log_group" {
  kms_key_id        = aws_kms_key.log_key.arn
  retention_in_days = 365
  tags              = { Data = "none" }
  lifecycle { prevent_destroy = true }
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

# Bad: one region (cloudtrail-not-multi-region) without the global services
# (cloudtrail-without-global-events), one account (cloudtrail-for-one-account-only), not signed
# (cloudtrail-log-validation-off), no key of the clinic (cloudtrail-not-encrypted-with-kms), only
# calls that write (cloudtrail-leaves-out-management-events), not those of the keys
# (cloudtrail-excludes-kms-events), nothing about data (cloudtrail-without-data-events) and
# nothing unusual (cloudtrail-without-insights).
resource "aws_cloudtrail" "trail" {
  name                          = "aozora"
  enable_logging                = true
  s3_bucket_name                = aws_s3_bucket.trail_bucket.id
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail_log_group.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail_role.arn
  is_multi_region_trail         = false
  is_organization_trail         = false
  include_global_service_events = false
  enable_log_file_validation    = false
  event_selector {
    read_write_type                  = "WriteOnly"
    include_management_events        = true
    exclude_management_event_sources = ["kms.amazonaws.com"]
  }
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

# Bad: records the buckets and nothing else (config-recorder-leaves-out-types).
resource "aws_config_configuration_recorder" "config_recorder" {
  role_arn = aws_iam_role.config_role.arn
  recording_group {
    all_supported  = false
    resource_types = ["AWS::S3::Bucket"]
  }
}

# Bad: switched off during a test and never on again (guardduty-detector-off), so that nothing
# watches (account-without-guardduty).
resource "aws_guardduty_detector" "detector" {
  enable = false
  tags   = { Data = "none" }
}

# Bad: paused (account-without-macie).
resource "aws_macie2_account" "patient_data_search" {
  status = "PAUSED"
}

# Bad: stops the sharing of new snapshots but leaves those that are public
# (ebs-snapshots-may-be-shared-publicly).
resource "aws_ebs_snapshot_block_public_access" "snapshot_block" {
  state = "block-new-sharing"
}

resource "aws_sns_topic" "alarm_topic" {
  kms_master_key_id = aws_kms_key.log_key.id
  tags              = { Data = "none" }
}

# Bad: a bell without a rope (alarm-notifies-nobody).
resource "aws_cloudwatch_metric_alarm" "suspicious_call_alarm" {
  alarm_name          = "suspicious-calls"
  namespace           = "Aozora"
  metric_name         = "SuspiciousCallErrors"
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
}

# --- Settings of the account ------------------------------------------------
# Bad: nobody whom AWS can call about an attack (account-without-security-contact).
# Bad: the standard edition, which encrypts nothing at rest (quicksight-standard-edition).
resource "aws_quicksight_account_subscription" "aozora" {
  account_name          = "aozora"
  authentication_method = "IAM_AND_QUICKSIGHT"
  edition               = "STANDARD"
  notification_email    = "it@aozora.example"
}

output "records_key_arn" { value = aws_kms_key.records_key.arn }
output "log_key_arn" { value = aws_kms_key.log_key.arn }
output "access_log_bucket" { value = aws_s3_bucket.access_log_bucket.id }
