# Aozora clinic, reports for the departments. The buckets are written once and made three
# times.

variable "access_log_bucket" { type = string }
variable "records_key_arn" { type = string }
variable "app_subnet" { type = string }
variable "portal_group" { type = string }

data "aws_partition" "this" {}

# Good: one bucket for each department, encrypted with the clinic's key, with versions and
# an access log.
resource "aws_s3_bucket" "reports" {
  for_each = toset(["Billing", "Nursing", "Pharmacy"])
  tags     = { Data = "phi", Department = each.key }
  lifecycle { prevent_destroy = true }
}

resource "aws_s3_bucket_versioning" "reports" {
  for_each = aws_s3_bucket.reports
  bucket   = each.value.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "reports" {
  for_each = aws_s3_bucket.reports
  bucket   = each.value.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.records_key_arn
    }
  }
}

resource "aws_s3_bucket_logging" "reports" {
  for_each      = aws_s3_bucket.reports
  bucket        = each.value.id
  target_bucket = var.access_log_bucket
  target_prefix = "reports/"
}

# Bad: the pharmacy was forgotten, so its bucket accepts plain HTTP
# (s3-bucket-allows-plain-http).
resource "aws_s3_bucket_policy" "reports" {
  for_each = toset(["Billing", "Nursing"])
  bucket   = aws_s3_bucket.reports[each.key].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefusePlainHttp", Effect = "Deny", Principal = "*", Action = "s3:*"
      Resource  = [aws_s3_bucket.reports[each.key].arn, "${aws_s3_bucket.reports[each.key].arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_iam_role" "report_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "report_role" {
  role       = aws_iam_role.report_role.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole"
}

resource "aws_iam_role_policy" "write_reports" {
  name = "write-reports"
  role = aws_iam_role.report_role.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:PutObject", Resource = [for bucket in aws_s3_bucket.reports : "${bucket.arn}/*"] },
      { Effect = "Allow", Action = "kms:GenerateDataKey", Resource = var.records_key_arn },
    ]
  })
}

resource "aws_lambda_function" "report_function" {
  function_name = "aozora-reports"
  runtime       = "python3.12"
  handler       = "index.handler"
  timeout       = 300
  role          = aws_iam_role.report_role.arn
  filename      = "reports.zip"
  vpc_config {
    subnet_ids         = [var.app_subnet]
    security_group_ids = [var.portal_group]
  }
}
