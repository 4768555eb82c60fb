# Aozora clinic, research: questions to many records at once.

variable "records_key_arn" { type = string }
variable "records_bucket" { type = string }
variable "records_bucket_arn" { type = string }
variable "records_db_address" { type = string }
variable "app_subnets" { type = list(string) }
variable "data_subnets" { type = list(string) }
variable "data_group" { type = string }
variable "research_group" { type = string }

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}
data "aws_secretsmanager_secret_version" "reader" {
  secret_id = "aozora-reader"
}

# Bad: answers lie in clear (athena-results-not-encrypted), and each doctor may send them elsewhere
# (athena-clients-override-workgroup).
resource "aws_athena_workgroup" "questions" {
  name = "research"
  configuration {
    enforce_workgroup_configuration = false
    result_configuration {
      output_location = "s3://${var.records_bucket}/answers/"
    }
  }
  tags = { Data = "phi" }
}

# Bad: the catalogue in clear (glue-catalog-not-encrypted), passwords too
# (glue-connection-passwords-not-encrypted).
resource "aws_glue_data_catalog_encryption_settings" "catalog_settings" {
  data_catalog_encryption_settings {
    encryption_at_rest {
      catalog_encryption_mode = "DISABLED"
    }
    connection_password_encryption {
      return_connection_password_encrypted = false
    }
  }
}

resource "aws_iam_role" "research_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Action = "sts:AssumeRole"
      Principal = { Service = ["glue.amazonaws.com", "databrew.amazonaws.com", "sagemaker.amazonaws.com", "elasticmapreduce.amazonaws.com"] }
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "read_records" {
  name = "read-records"
  role = aws_iam_role.research_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "${var.records_bucket_arn}/*" },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.records_key_arn },
    ]
  })
}

resource "aws_glue_security_configuration" "job_security" {
  name = "research"
  encryption_configuration {
    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.records_key_arn
    }
    cloudwatch_encryption { cloudwatch_encryption_mode = "DISABLED" }
    job_bookmarks_encryption { job_bookmarks_encryption_mode = "DISABLED" }
  }
}

# Bad: says nothing about how it writes (glue-job-writes-without-encryption-setting).
resource "aws_glue_job" "yearly_counts" {
  name         = "yearly-counts"
  role_arn     = aws_iam_role.research_role.arn
  glue_version = "5.0"
  command {
    name            = "glueetl"
    script_location = "s3://${var.records_bucket}/jobs/yearly.py"
  }
  tags = { Data = "none" }
}

# Bad: writes in clear (databrew-output-not-encrypted).
resource "awscc_databrew_job" "cleaning" {
  name            = "cleaning"
  type            = "PROFILE"
  dataset_name    = "referrals"
  role_arn        = aws_iam_role.research_role.arn
  output_location = { bucket = var.records_bucket, key = "cleaned/" }
  tags            = [{ key = "Data", value = "none" }]
}

resource "aws_iam_instance_profile" "cluster_profile" {
  role = aws_iam_role.research_role.name
}

resource "aws_emr_security_configuration" "cluster_security" {
  name = "research"
  configuration = jsonencode({
    EncryptionConfiguration = {
      EnableAtRestEncryption    = false
      EnableInTransitEncryption = false
    }
  })
}

# Bad: in clear on disk (emr-not-encrypted-at-rest) and between its machines
# (emr-not-encrypted-in-transit).
resource "aws_emr_cluster" "cohorts" {
  name                   = "cohorts"
  release_label          = "emr-7.5.0"
  service_role           = aws_iam_role.research_role.name
  security_configuration = aws_emr_security_configuration.cluster_security.name
  log_uri                = "s3://${var.records_bucket}/emr/"
  ec2_attributes {
    instance_profile                  = aws_iam_instance_profile.cluster_profile.name
    subnet_id                         = var.data_subnets[0]
    emr_managed_master_security_group = var.research_group
    emr_managed_slave_security_group  = var.research_group
  }
  master_instance_group {
    instance_count = 1
    instance_type  = "m6g.xlarge"
  }
  core_instance_group {
    instance_count = 2
    instance_type  = "m6g.xlarge"
  }
  tags = { Data = "phi" }
}

resource "aws_redshift_parameter_group" "warehouse_parameters" {
  name        = "warehouse"
  description = "Who may talk, and what is written about it"
  family      = "redshift-2.0"
  parameter {
    name  = "require_ssl"
    value = "false"
  }
}

resource "aws_redshift_subnet_group" "warehouse_subnet_group" {
  name        = "warehouse"
  description = "Inner subnets"
  subnet_ids  = var.data_subnets
}

# Bad: in clear (redshift-not-encrypted), plain connections (redshift-accepts-plain-connections),
# open to outside (redshift-publicly-accessible), its copies leave the network
# (redshift-traffic-leaves-vpc), never saved (redshift-backups-off), no log
# (redshift-audit-logging-off), gone with the stack (database-deleted-with-its-stack), nothing
# before it but its group (data-store-without-network-acl).
resource "aws_redshift_cluster" "warehouse" {
  cluster_identifier                  = "warehouse"
  cluster_type                        = "multi-node"
  number_of_nodes                     = 2
  node_type                           = "ra3.large"
  database_name                       = "research"
  master_username                     = "research"
  manage_master_password              = true
  cluster_parameter_group_name        = aws_redshift_parameter_group.warehouse_parameters.name
  cluster_subnet_group_name           = aws_redshift_subnet_group.warehouse_subnet_group.name
  vpc_security_group_ids              = [var.data_group]
  encrypted                           = false
  publicly_accessible                 = true
  enhanced_vpc_routing                = false
  automated_snapshot_retention_period = 0
  skip_final_snapshot                 = true
  tags                                = { Data = "phi" }
}

# Where the warehouse takes the records from.
# Bad: encrypted, but with whom is not checked (dms-endpoint-does-not-check-certificate).
resource "aws_dms_endpoint" "records_source" {
  endpoint_id   = "records"
  endpoint_type = "source"
  engine_name   = "postgres"
  server_name   = var.records_db_address
  port          = 5432
  database_name = "records"
  username      = "reader"
  password      = data.aws_secretsmanager_secret_version.reader.secret_string
  kms_key_arn   = var.records_key_arn
  ssl_mode      = "require"
}

resource "aws_neptune_cluster_parameter_group" "family_parameters" {
  name        = "families"
  description = "Who may talk, and what is written about it"
  family      = "neptune1.3"
  parameter {
    name  = "neptune_enable_audit_log"
    value = "0"
  }
}

resource "aws_neptune_subnet_group" "family_subnet_group" {
  name        = "families"
  description = "Inner subnets"
  subnet_ids  = var.data_subnets
}

# Bad: in clear (neptune-not-encrypted), whoever is inside may ask
# (neptune-without-iam-authentication), nobody sees it (neptune-audit-log-off), gone with the stack
# (database-deleted-with-its-stack).
resource "aws_neptune_cluster" "family_trees" {
  engine_version                       = "1.3.2.1"
  neptune_cluster_parameter_group_name = aws_neptune_cluster_parameter_group.family_parameters.name
  neptune_subnet_group_name            = aws_neptune_subnet_group.family_subnet_group.name
  vpc_security_group_ids               = [var.data_group]
  storage_encrypted                    = false
  iam_database_authentication_enabled  = false
  skip_final_snapshot                  = true
  tags                                 = { Data = "phi" }
}

# Bad: the disk of the endpoint is in clear (sagemaker-endpoint-without-kms-key).
resource "aws_sagemaker_endpoint_configuration" "triage_endpoint" {
  name = "triage"
  production_variants {
    variant_name           = "main"
    model_name             = "triage"
    instance_type          = "ml.m5.large"
    initial_instance_count = 1
    initial_variant_weight = 1
  }
  tags = { Data = "none" }
}

# Bad: Comprehend may take this role for any account (comprehend-role-serves-any-account).
resource "aws_iam_role" "letters_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect = "Allow", Principal = { Service = "comprehend.amazonaws.com" }, Action = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy" "read_letters" {
  name = "read-letters"
  role = aws_iam_role.letters_role.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "s3:GetObject", Resource = "${var.records_bucket_arn}/letters/*" }]
  })
}

# Bad: learns from letters outside the clinic's network (comprehend-works-outside-vpc), on a disk
# (comprehend-volume-without-chosen-key) and into a model (comprehend-model-without-chosen-key)
# without the clinic's key.
resource "aws_comprehend_document_classifier" "letter_sorter" {
  name                 = "letters"
  language_code        = "ja"
  data_access_role_arn = aws_iam_role.letters_role.arn
  input_data_config { s3_uri = "s3://${var.records_bucket}/letters/" }
  tags = { Data = "phi" }
}

# Bad: no key is chosen for what it writes (appflow-without-chosen-key).
resource "aws_appflow_flow" "survey_flow" {
  name = "surveys"
  trigger_config { trigger_type = "OnDemand" }
  source_flow_config {
    connector_type         = "Salesforce"
    connector_profile_name = "surveys"
    source_connector_properties {
      salesforce { object = "Survey__c" }
    }
  }
  destination_flow_config {
    connector_type = "S3"
    destination_connector_properties {
      s3 {
        bucket_name   = var.records_bucket
        bucket_prefix = "surveys"
      }
    }
  }
  task {
    task_type     = "Map_all"
    source_fields = []
  }
  tags = { Data = "none" }
}
