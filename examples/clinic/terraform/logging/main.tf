# Aozora clinic, logs: who did what in the account. There are two trails, one as it
# should be, and an old one that nobody dared to remove.

variable "env" { type = string }
variable "old_trail_log_days" { type = number }

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}
data "aws_region" "here" {}

locals {
  account = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.me.account_id}:root"
}

# Good: the key is renewed every year, and only this account and the services that write
# logs may use it.
resource "aws_kms_key" "log_key" {
  description         = "Encrypts the audit logs"
  enable_key_rotation = true
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "OwnAccount", Effect = "Allow", Principal = { AWS = local.account }, Action = "kms:*", Resource = "*" },
      {
        Sid       = "Trails", Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = ["kms:GenerateDataKey*", "kms:DescribeKey"], Resource = "*"
        Condition = { StringLike = { "kms:EncryptionContext:aws:cloudtrail:arn" = "arn:${data.aws_partition.this.partition}:cloudtrail:*:${data.aws_caller_identity.me.account_id}:trail/*" } }
      },
      {
        Sid       = "LogGroups", Effect = "Allow", Principal = { Service = "logs.${data.aws_region.here.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"], Resource = "*"
        Condition = { ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${data.aws_partition.this.partition}:logs:${data.aws_region.here.region}:${data.aws_caller_identity.me.account_id}:log-group:*" } }
      },
    ]
  })
}

# --- The good trail ---------------------------------------------------------
# Good: versions are kept, accesses are logged, plain HTTP is refused.
resource "aws_s3_bucket" "trail_bucket" {
  tags = { Content = "audit-log" }
  lifecycle { prevent_destroy = true }
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

data "aws_iam_policy_document" "trail_bucket" {
  statement {
    sid       = "RefusePlainHttp"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.trail_bucket.arn, "${aws_s3_bucket.trail_bucket.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
  statement {
    sid       = "TrailAsksForOwner"
    actions   = ["s3:GetBucketAcl"]
    resources = [aws_s3_bucket.trail_bucket.arn]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
  }
  statement {
    sid       = "TrailWrites"
    actions   = ["s3:PutObject"]
    resources = ["${aws_s3_bucket.trail_bucket.arn}/AWSLogs/${data.aws_caller_identity.me.account_id}/*"]
    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "s3:x-amz-acl"
      values   = ["bucket-owner-full-control"]
    }
  }
}

resource "aws_s3_bucket_policy" "trail_bucket_policy" {
  bucket = aws_s3_bucket.trail_bucket.id
  policy = data.aws_iam_policy_document.trail_bucket.json
}

# Where the access logs of the other buckets go. It does not log accesses to itself, or
# it would fill itself (s3-bucket-without-access-log); whether that is accepted is a
# decision to write down.
resource "aws_s3_bucket" "access_log_bucket" {
  tags = { Content = "access-log" }
}

resource "aws_s3_bucket_versioning" "access_log_bucket" {
  bucket = aws_s3_bucket.access_log_bucket.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_policy" "access_log_bucket_policy" {
  bucket = aws_s3_bucket.access_log_bucket.id
  policy = <<-POLICY
    {
      "Version": "2012-10-17",
      "Statement": [
        {
          "Sid": "RefusePlainHttp", "Effect": "Deny", "Principal": "*", "Action": "s3:*",
          "Resource": ["${aws_s3_bucket.access_log_bucket.arn}", "${aws_s3_bucket.access_log_bucket.arn}/*"],
          "Condition": {"Bool": {"aws:SecureTransport": "false"}}
        },
        {
          "Sid": "BucketsWrite", "Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"},
          "Action": "s3:PutObject", "Resource": "${aws_s3_bucket.access_log_bucket.arn}/*",
          "Condition": {"StringEquals": {"aws:SourceAccount": "${data.aws_caller_identity.me.account_id}"}}
        }
      ]
    }
  POLICY
}

# Good: no retention means that the log never expires.
resource "aws_cloudwatch_log_group" "trail_log_group" {
  kms_key_id = aws_kms_key.log_key.arn
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
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = [aws_cloudwatch_log_group.trail_log_group.arn, aws_cloudwatch_log_group.old_trail_log_group.arn]
    }]
  })
}

# Good: all regions, signed, encrypted with the clinic's key, nothing left out.
resource "aws_cloudtrail" "trail" {
  name                          = "aozora-${var.env}"
  enable_logging                = true
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.log_key.arn
  s3_bucket_name                = aws_s3_bucket.trail_bucket.id
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail_log_group.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail_role.arn
  depends_on                    = [aws_s3_bucket_policy.trail_bucket_policy]
}

# --- The old trail ----------------------------------------------------------
# Bad: accesses are not logged (s3-bucket-without-access-log), an overwritten log is lost
# (s3-bucket-versioning-off), and plain HTTP is accepted (s3-bucket-allows-plain-http).
resource "aws_s3_bucket" "old_trail_bucket" {
  tags = { Content = "audit-log" }
}

resource "aws_s3_bucket_policy" "old_trail_bucket_policy" {
  bucket = aws_s3_bucket.old_trail_bucket.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:GetBucketAcl", Resource = aws_s3_bucket.old_trail_bucket.arn },
      {
        Effect    = "Allow", Principal = { Service = "cloudtrail.amazonaws.com" }, Action = "s3:PutObject"
        Resource  = "${aws_s3_bucket.old_trail_bucket.arn}/AWSLogs/${data.aws_caller_identity.me.account_id}/*"
        Condition = { StringEquals = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })
}

# Bad: kept for as long as ../main.tf says, which is a month
# (audit-log-group-retention-short).
resource "aws_cloudwatch_log_group" "old_trail_log_group" {
  retention_in_days = var.old_trail_log_days
}

# Bad, in every respect: it is switched off (cloudtrail-not-logging), sees one region
# (cloudtrail-not-multi-region), is not signed (cloudtrail-log-validation-off), is not
# encrypted with a key of the clinic (cloudtrail-not-encrypted-with-kms), and leaves out
# who used which key (cloudtrail-excludes-kms-events).
resource "aws_cloudtrail" "old_trail" {
  name                       = "aozora-${var.env}-old"
  enable_logging             = false
  is_multi_region_trail      = false
  enable_log_file_validation = false
  s3_bucket_name             = aws_s3_bucket.old_trail_bucket.id
  cloud_watch_logs_group_arn = "${aws_cloudwatch_log_group.old_trail_log_group.arn}:*"
  cloud_watch_logs_role_arn  = aws_iam_role.trail_role.arn
  event_selector {
    read_write_type                  = "All"
    include_management_events        = true
    exclude_management_event_sources = ["kms.amazonaws.com"]
  }
  depends_on = [aws_s3_bucket_policy.old_trail_bucket_policy]
}

output "access_log_bucket" { value = aws_s3_bucket.access_log_bucket.id }
