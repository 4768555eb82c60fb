# Aozora clinic, continuity: copies, the second site, and how programs are made.

variable "records_key_arn" { type = string }
variable "app_subnets" { type = list(string) }
variable "app_group" { type = string }

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}

resource "aws_backup_vault" "copies" {
  name        = "aozora"
  kms_key_arn = var.records_key_arn
  tags        = { Data = "phi" }
  lifecycle { prevent_destroy = true }
}

resource "aws_backup_vault_lock_configuration" "copies" {
  backup_vault_name  = aws_backup_vault.copies.name
  min_retention_days = 35
}

resource "aws_backup_plan" "nightly" {
  name = "nightly"
  rule {
    rule_name         = "nightly"
    target_vault_name = aws_backup_vault.copies.name
    schedule          = "cron(0 17 * * ? *)"
    lifecycle { delete_after = 90 }
    copy_action {
      destination_vault_arn = "arn:${data.aws_partition.this.partition}:backup:ap-northeast-3:${data.aws_caller_identity.me.account_id}:backup-vault:aozora"
      lifecycle { delete_after = 90 }
    }
  }
}

resource "aws_iam_role" "backup_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "backup.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "backup_role" {
  role       = aws_iam_role.backup_role.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}

resource "aws_backup_selection" "nightly_selection" {
  name         = "patients"
  plan_id      = aws_backup_plan.nightly.id
  iam_role_arn = aws_iam_role.backup_role.arn
  selection_tag {
    type  = "STRINGEQUALS"
    key   = "Data"
    value = "phi"
  }
}

resource "aws_drs_replication_configuration_template" "second_site" {
  associate_default_security_group        = false
  bandwidth_throttling                    = 0
  create_public_ip                        = false
  data_plane_routing                      = "PRIVATE_IP"
  default_large_staging_disk_type         = "GP3"
  replication_server_instance_type        = "t3.small"
  replication_servers_security_groups_ids = [var.app_group]
  staging_area_subnet_id                  = var.app_subnets[0]
  staging_area_tags                       = { Data = "phi" }
  use_dedicated_replication_server        = false
  ebs_encryption                          = "CUSTOM"
  ebs_encryption_key_arn                  = var.records_key_arn
  pit_policy {
    enabled            = true
    interval           = 10
    retention_duration = 60
    units              = "MINUTE"
    rule_id            = 1
  }
  pit_policy {
    enabled            = true
    interval           = 1
    retention_duration = 7
    units              = "DAY"
    rule_id            = 3
  }
  tags = { Data = "none" }
}

resource "aws_iam_role" "build_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "codebuild.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_codebuild_project" "builds" {
  name           = "portal"
  service_role   = aws_iam_role.build_role.arn
  encryption_key = var.records_key_arn
  source { type = "CODEPIPELINE" }
  environment {
    type         = "LINUX_CONTAINER"
    compute_type = "BUILD_GENERAL1_SMALL"
    image        = "aws/codebuild/standard:7.0"
  }
  artifacts {
    type                = "CODEPIPELINE"
    encryption_disabled = false
  }
  tags = { Data = "none" }
}
