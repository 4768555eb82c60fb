# Aozora clinic, desks: where people work, and what they may do.

variable "records_key_arn" { type = string }
variable "records_bucket_arn" { type = string }
variable "prescription_table_arn" { type = string }

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}

locals {
  saml = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.me.account_id}:saml-provider/aozora"
}

# Bad: what the receptionist saves lies in clear (workspace-volume-not-encrypted).
resource "aws_workspaces_workspace" "reception_desk" {
  bundle_id                      = "wsb-0a1b2c3d4"
  directory_id                   = "d-0a1b2c3d4e"
  user_name                      = "reception"
  root_volume_encryption_enabled = false
  user_volume_encryption_enabled = false
  tags                           = { Data = "phi" }
}

# Bad: files end up with a third party (appstream-stack-keeps-files-with-third-party).
resource "aws_appstream_stack" "dictation_stack" {
  name = "dictation"
  storage_connectors {
    connector_type = "GOOGLE_DRIVE"
    domains        = ["aozora.example"]
  }
  tags = { Data = "none" }
}

# Bad: administrators by the dozen (iam-identity-has-administrator-access), who hold all of the
# services that read letters (iam-principal-holds-whole-ai-service), and whom a company outside
# may send without a word that only the two know (iam-role-trusts-outsiders-without-external-id).
resource "aws_iam_role" "doctors" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { AWS = "arn:aws:iam::444455556666:root" }, Action = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "doctors" {
  role       = aws_iam_role.doctors.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/AdministratorAccess"
}

# Bad: may give itself any right there is (iam-principal-can-make-itself-administrator).
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
      Action = ["iam:PutRolePolicy", "workspaces:*"]
    }]
  })
}
