# Aozora clinic, data: keys, buckets, databases, disks and search. The part in which
# patients' data rests.

variable "env" { type = string }
variable "data_subnets" { type = list(string) }
variable "public_subnets" { type = list(string) }
variable "records_group" { type = string }
variable "survey_group" { type = string }
variable "access_log_bucket" { type = string }

data "aws_availability_zones" "here" {}
data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}

locals {
  stage = {
    prod = { database_class = "db.r6g.large", backup_days = 35, disk_size = 200 }
    dev  = { database_class = "db.t4g.medium", backup_days = 0, disk_size = 20 }
  }[var.env]
  is_prod = var.env == "prod"
  account = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.me.account_id}:root"
}

# --- Keys -------------------------------------------------------------------
# Good: renewed every year, and nobody outside the account may use it.
resource "aws_kms_key" "records_key" {
  description         = "Encrypts patients' records"
  enable_key_rotation = true
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Sid = "OwnAccount", Effect = "Allow", Principal = { AWS = local.account }, Action = "kms:*", Resource = "*" }]
  })
  tags = { Data = "phi" }
  lifecycle { prevent_destroy = true }
}

# Bad: never renewed (kms-key-rotation-off), and everybody with an AWS account may
# decrypt with it (kms-key-policy-allows-anyone).
resource "aws_kms_key" "survey_key" {
  description         = "Encrypts what the survey company sends"
  enable_key_rotation = false
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Sid = "OwnAccount", Effect = "Allow", Principal = { AWS = local.account }, Action = "kms:*", Resource = "*" },
      { Sid = "SurveyCompany", Effect = "Allow", Principal = { AWS = "*" }, Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = "*" },
    ]
  })
}

# --- Buckets ----------------------------------------------------------------
# Good: encrypted with the clinic's key, versions kept, accesses logged, plain HTTP
# refused, nothing public.
resource "aws_s3_bucket" "records_bucket" {
  tags = { Data = "phi" }
  lifecycle { prevent_destroy = true }
}

resource "aws_s3_bucket_acl" "records_bucket" {
  bucket = aws_s3_bucket.records_bucket.id
  acl    = "private"
}

resource "aws_s3_bucket_versioning" "records_bucket" {
  bucket = aws_s3_bucket.records_bucket.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "records_bucket" {
  bucket = aws_s3_bucket.records_bucket.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.records_key.id
    }
  }
}

resource "aws_s3_bucket_public_access_block" "records_bucket" {
  bucket                  = aws_s3_bucket.records_bucket.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_logging" "records_bucket" {
  bucket        = aws_s3_bucket.records_bucket.id
  target_bucket = var.access_log_bucket
  target_prefix = "records/"
}

resource "aws_s3_bucket_policy" "records_bucket_policy" {
  bucket = aws_s3_bucket.records_bucket.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefusePlainHttp", Effect = "Deny", Principal = "*", Action = "s3:*"
      Resource  = [aws_s3_bucket.records_bucket.arn, "${aws_s3_bucket.records_bucket.arn}/*"]
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

# Bad: laboratories bring results here. The block against public access is off
# (s3-bucket-public-access-not-blocked), so that the policy below may let anybody read and
# write (s3-bucket-policy-allows-anyone), by plain HTTP too (s3-bucket-allows-plain-http).
# Old versions are not kept (s3-bucket-versioning-off) and nobody sees who was here
# (s3-bucket-without-access-log).
resource "aws_s3_bucket" "intake_bucket" {
  tags = { Data = "phi" }
}

resource "aws_s3_bucket_versioning" "intake_bucket" {
  bucket = aws_s3_bucket.intake_bucket.id
  versioning_configuration { status = "Suspended" }
}

resource "aws_s3_bucket_public_access_block" "intake_bucket" {
  bucket             = aws_s3_bucket.intake_bucket.id
  block_public_acls  = true
  ignore_public_acls = true
}

resource "aws_s3_bucket_policy" "intake_bucket_policy" {
  bucket = aws_s3_bucket.intake_bucket.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Laboratories", Effect = "Allow", Principal = "*", Action = ["s3:GetObject", "s3:PutObject"]
      Resource = "${aws_s3_bucket.intake_bucket.arn}/*"
    }]
  })
}

# Bad as a habit, though it holds no patient's data: a bucket that anybody may read by an
# access list (s3-bucket-acl-public), for which the block is off
# (s3-bucket-public-access-not-blocked), and that serves web pages, which S3 does by plain
# HTTP only (s3-bucket-serves-plain-http-website).
resource "aws_s3_bucket" "leaflet_bucket" {
  tags = { Data = "public" }
}

resource "aws_s3_bucket_ownership_controls" "leaflet_bucket" {
  bucket = aws_s3_bucket.leaflet_bucket.id
  rule { object_ownership = "ObjectWriter" }
}

resource "aws_s3_bucket_acl" "leaflet_bucket" {
  bucket     = aws_s3_bucket.leaflet_bucket.id
  acl        = "public-read"
  depends_on = [aws_s3_bucket_ownership_controls.leaflet_bucket]
}

resource "aws_s3_bucket_public_access_block" "leaflet_bucket" {
  bucket                  = aws_s3_bucket.leaflet_bucket.id
  block_public_acls       = false
  block_public_policy     = true
  ignore_public_acls      = false
  restrict_public_buckets = true
}

resource "aws_s3_bucket_website_configuration" "leaflet_bucket" {
  bucket = aws_s3_bucket.leaflet_bucket.id
  index_document { suffix = "index.html" }
  error_document { key = "error.html" }
}

resource "aws_s3_bucket_versioning" "leaflet_bucket" {
  bucket = aws_s3_bucket.leaflet_bucket.id
  versioning_configuration { status = "Enabled" }
}

# --- Databases --------------------------------------------------------------
resource "aws_db_subnet_group" "data_subnet_group" {
  description = "Inner subnets"
  subnet_ids  = var.data_subnets
}

resource "aws_db_subnet_group" "public_subnet_group" {
  description = "Subnets with a way to the internet"
  subnet_ids  = var.public_subnets
}

# Good: PostgreSQL refuses connections without TLS.
resource "aws_db_parameter_group" "records_parameters" {
  description = "TLS only"
  family      = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "log_connections"
    value = "1"
  }
}

# Good: encrypted, inside, TLS only, backed up, in both environments.
resource "aws_db_instance" "records_db" {
  engine                      = "postgres"
  engine_version              = "16.10"
  instance_class              = local.stage.database_class
  allocated_storage           = local.stage.disk_size
  parameter_group_name        = aws_db_parameter_group.records_parameters.name
  db_subnet_group_name        = aws_db_subnet_group.data_subnet_group.name
  vpc_security_group_ids      = [var.records_group]
  username                    = "records"
  manage_master_user_password = true
  storage_encrypted           = true
  kms_key_id                  = aws_kms_key.records_key.arn
  publicly_accessible         = false
  backup_retention_period     = 35
  deletion_protection         = true
  multi_az                    = local.is_prod
  final_snapshot_identifier   = "records-last"
  tags                        = { Data = "phi" }
}

resource "random_password" "appointments" {
  length           = 40
  override_special = "!#$%"
}

resource "aws_secretsmanager_secret" "appointments_secret" {
  kms_key_id = aws_kms_key.records_key.id
}

resource "aws_secretsmanager_secret_version" "appointments_secret" {
  secret_id     = aws_secretsmanager_secret.appointments_secret.id
  secret_string = jsonencode({ username = "appointments", password = random_password.appointments.result })
}

# Good in prod, bad in dev: there nothing is backed up (rds-backups-off, when env=dev), and
# testers like to load real appointments.
resource "aws_db_instance" "appointments_db" {
  engine                    = "postgres"
  engine_version            = "16.10"
  instance_class            = local.stage.database_class
  allocated_storage         = 20
  parameter_group_name      = aws_db_parameter_group.records_parameters.name
  db_subnet_group_name      = aws_db_subnet_group.data_subnet_group.name
  vpc_security_group_ids    = [var.records_group]
  username                  = "appointments"
  password                  = random_password.appointments.result
  storage_encrypted         = true
  publicly_accessible       = false
  backup_retention_period   = local.stage.backup_days
  final_snapshot_identifier = "appointments-last"
  tags                      = { Data = "phi" }
}

# Bad: answers without TLS.
resource "aws_db_parameter_group" "survey_parameters" {
  description = "For an old client"
  family      = "mysql8.4"
  parameter {
    name  = "require_secure_transport"
    value = "0"
  }
}

# Bad: on the internet (rds-instance-publicly-accessible), not encrypted
# (rds-storage-not-encrypted), takes passwords in clear (rds-accepts-plain-connections),
# and is never backed up (rds-backups-off).
resource "aws_db_instance" "survey_db" {
  engine                      = "mysql"
  engine_version              = "8.4.7"
  instance_class              = "db.t3.micro"
  allocated_storage           = 20
  parameter_group_name        = aws_db_parameter_group.survey_parameters.name
  db_subnet_group_name        = aws_db_subnet_group.public_subnet_group.name
  vpc_security_group_ids      = [var.survey_group]
  username                    = "survey"
  manage_master_user_password = true
  storage_encrypted           = false
  publicly_accessible         = true
  backup_retention_period     = 0
  skip_final_snapshot         = true
  tags                        = { Data = "phi" }
}

resource "aws_dynamodb_table" "prescription_table" {
  name         = "aozora-${var.env}-prescriptions"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "patient"
  range_key    = "issued"
  attribute {
    name = "patient"
    type = "S"
  }
  attribute {
    name = "issued"
    type = "S"
  }
  point_in_time_recovery { enabled = local.is_prod }
  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.records_key.arn
  }
  tags = { Data = "phi" }
}

# --- Disks ------------------------------------------------------------------
# Good: encrypted with the clinic's key.
resource "aws_ebs_volume" "imaging_disk" {
  availability_zone = data.aws_availability_zones.here.names[0]
  size              = local.stage.disk_size
  type              = "gp3"
  encrypted         = true
  kms_key_id        = aws_kms_key.records_key.arn
  final_snapshot    = true
  tags              = { Data = "phi" }
}

# Bad: scanned referrals on a disk in clear (ebs-volume-not-encrypted).
resource "aws_ebs_volume" "scanner_disk" {
  availability_zone = data.aws_availability_zones.here.names[0]
  size              = 50
  type              = "gp3"
  encrypted         = false
  tags              = { Data = "phi" }
}

# --- Search -----------------------------------------------------------------
# Good: inside the network, one role may ask, everything is encrypted.
resource "aws_opensearch_domain" "records_search" {
  domain_name    = "aozora-${var.env}-records"
  engine_version = "OpenSearch_2.11"
  cluster_config {
    instance_type          = "r6g.large.search"
    instance_count         = 2
    zone_awareness_enabled = true
  }
  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = 40
  }
  vpc_options {
    subnet_ids         = var.data_subnets
    security_group_ids = [var.records_group]
  }
  encrypt_at_rest {
    enabled    = true
    kms_key_id = aws_kms_key.records_key.id
  }
  node_to_node_encryption { enabled = true }
  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-2019-07"
  }
  access_policies = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { AWS = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.me.account_id}:role/aozora-${var.env}-portal" }
      Action    = "es:ESHttp*", Resource = "*"
    }]
  })
  tags = { Data = "phi" }
}

# Bad: anybody may ask (opensearch-domain-policy-allows-anyone), by plain HTTP
# (opensearch-accepts-plain-http); the disks are in clear (opensearch-not-encrypted-at-rest)
# and so is the talk between the nodes (opensearch-node-to-node-plain).
resource "aws_elasticsearch_domain" "old_search" {
  domain_name           = "aozora-${var.env}-old"
  elasticsearch_version = "7.10"
  cluster_config {
    instance_type  = "r5.large.elasticsearch"
    instance_count = 1
  }
  ebs_options {
    ebs_enabled = true
    volume_type = "gp2"
    volume_size = 40
  }
  encrypt_at_rest { enabled = false }
  node_to_node_encryption { enabled = false }
  domain_endpoint_options { enforce_https = false }
  access_policies = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = "*", Action = "es:*", Resource = "*" }]
  })
}

output "records_key_arn" { value = aws_kms_key.records_key.arn }
output "records_bucket_arn" { value = aws_s3_bucket.records_bucket.arn }
