# Aozora clinic, desks: where people work, and what they may do.

variable "records_key_arn" { type = string }
variable "records_bucket_arn" { type = string }
variable "prescription_table_arn" { type = string }

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}

locals {
  saml = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.me.account_id}:saml-provider/aozora"
}

resource "aws_workspaces_workspace" "reception_desk" {
  bundle_id                      = "wsb-0a1b2c3d4"
  directory_id                   = "d-0a1b2c3d4e"
  user_name                      = "reception"
  root_volume_encryption_enabled = true
  user_volume_encryption_enabled = true
  volume_encryption_key          = var.records_key_arn
  tags                           = { Data = "phi" }
}

resource "aws_appstream_stack" "dictation_stack" {
  name = "dictation"
  storage_connectors {
    connector_type = "HOMEFOLDERS"
  }
  tags = { Data = "none" }
}

resource "aws_iam_role" "doctors" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Principal = { Federated = local.saml }, Action = "sts:AssumeRoleWithSAML"
      Condition = { StringEquals = { "SAML:aud" = "https://signin.aws.amazon.com/saml" } }
    }]
  })
}

resource "aws_iam_role_policy" "read_records" {
  name = "read-records"
  role = aws_iam_role.doctors.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = "s3:GetObject", Resource = "${var.records_bucket_arn}/*" },
      { Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query"], Resource = var.prescription_table_arn },
      { Effect = "Allow", Action = "kms:Decrypt", Resource = var.records_key_arn },
    ]
  })
}

resource "aws_iam_role" "helpdesk" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Principal = { Federated = local.saml }, Action = "sts:AssumeRoleWithSAML"
      Condition = { StringEquals = { "SAML:aud" = "https://signin.aws.amazon.com/saml" } }
    }]
  })
}

resource "aws_iam_role_policy" "help" {
  name = "help"
  role = aws_iam_role.helpdesk.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Resource = "*"
      Action = ["workspaces:DescribeWorkspaces", "workspaces:RebootWorkspaces"]
    }]
  })
}
