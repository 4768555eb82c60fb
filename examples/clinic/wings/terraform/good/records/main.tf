# Aozora clinic, records: what the clinic knows of its patients, in buckets, tables and databases.

variable "records_key_arn" { type = string }
variable "log_key_arn" { type = string }
variable "access_log_bucket" { type = string }
variable "data_subnets" { type = list(string) }
variable "data_group" { type = string }

# --- Buckets ----------------------------------------------------------------
# Good: the clinic's key, versions, no public access, accesses logged, plain HTTP refused.
resource "aws_s3_bucket" "records_bucket" {
  tags = { Data = "phi" }
  lifecycle { prevent_destroy = true }
}

resource "aws_s3_bucket_ownership_controls" "records_bucket" {
  bucket = aws_s3_bucket.records_bucket.id
  rule { object_ownership = "BucketOwnerEnforced" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "records_bucket" {
  bucket = aws_s3_bucket.records_bucket.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.records_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "records_bucket" {
  bucket = aws_s3_bucket.records_bucket.id
  versioning_configuration { status = "Enabled" }
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

# --- Databases --------------------------------------------------------------
resource "aws_db_subnet_group" "data_subnet_group" {
  description = "Inner subnets"
  subnet_ids  = var.data_subnets
}

resource "aws_db_parameter_group" "records_parameters" {
  description = "Who may talk, and how"
  family      = "postgres16"
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }
  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1.2"
  }
}

resource "aws_db_instance" "records_db" {
  engine                          = "postgres"
  engine_version                  = "16.10"
  instance_class                  = "db.r6g.large"
  allocated_storage               = 200
  parameter_group_name            = aws_db_parameter_group.records_parameters.name
  db_subnet_group_name            = aws_db_subnet_group.data_subnet_group.name
  vpc_security_group_ids          = [var.data_group]
  username                        = "records"
  manage_master_user_password     = true
  master_user_secret_kms_key_id   = var.records_key_arn
  storage_encrypted               = true
  kms_key_id                      = var.records_key_arn
  publicly_accessible             = false
  backup_retention_period         = 35
  deletion_protection             = true
  multi_az                        = true
  enabled_cloudwatch_logs_exports = ["postgresql"]
  final_snapshot_identifier       = "records-last"
  tags                            = { Data = "phi" }
}

resource "aws_dynamodb_table" "prescription_table" {
  name         = "aozora-prescriptions"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "chart"
  attribute {
    name = "chart"
    type = "S"
  }
  point_in_time_recovery { enabled = true }
  server_side_encryption {
    enabled     = true
    kms_key_arn = var.records_key_arn
  }
  tags = { Data = "phi" }
  lifecycle { prevent_destroy = true }
}

resource "aws_iam_role" "dax_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "dax.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "read_prescriptions" {
  name = "read-prescriptions"
  role = aws_iam_role.dax_role.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query"], Resource = aws_dynamodb_table.prescription_table.arn }]
  })
}

resource "aws_dax_subnet_group" "dax_subnet_group" {
  name       = "aozora-dax"
  subnet_ids = var.data_subnets
}

resource "aws_dax_cluster" "prescription_cache" {
  cluster_name                     = "prescriptions"
  node_type                        = "dax.r5.large"
  replication_factor               = 2
  iam_role_arn                     = aws_iam_role.dax_role.arn
  subnet_group_name                = aws_dax_subnet_group.dax_subnet_group.name
  security_group_ids               = [var.data_group]
  cluster_endpoint_encryption_type = "TLS"
  server_side_encryption { enabled = true }
  tags = { Data = "phi" }
}

resource "aws_docdb_cluster_parameter_group" "notes_parameters" {
  description = "Who may talk, and how"
  family      = "docdb5.0"
  parameter {
    name  = "tls"
    value = "enabled"
  }
  parameter {
    name  = "audit_logs"
    value = "enabled"
  }
}

resource "aws_docdb_cluster" "notes_cluster" {
  engine_version                  = "5.0.0"
  db_cluster_parameter_group_name = aws_docdb_cluster_parameter_group.notes_parameters.name
  db_subnet_group_name            = aws_docdb_subnet_group.notes_subnet_group.name
  vpc_security_group_ids          = [var.data_group]
  master_username                 = "notes"
  manage_master_user_password     = true
  storage_encrypted               = true
  kms_key_id                      = var.records_key_arn
  enabled_cloudwatch_logs_exports = ["audit"]
  deletion_protection             = true
  final_snapshot_identifier       = "notes-last"
  tags                            = { Data = "phi" }
}

resource "aws_docdb_subnet_group" "notes_subnet_group" {
  description = "Inner subnets"
  subnet_ids  = var.data_subnets
}

# --- Memory -----------------------------------------------------------------
resource "aws_elasticache_subnet_group" "session_subnet_group" {
  name        = "aozora-sessions"
  description = "Inner subnets"
  subnet_ids  = var.data_subnets
}

resource "aws_elasticache_user" "session_user" {
  user_id       = "sessions"
  user_name     = "default"
  engine        = "valkey"
  access_string = "on ~* +@all"
  authentication_mode { type = "iam" }
}

resource "aws_elasticache_user_group" "session_users" {
  user_group_id = "sessions"
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.session_user.user_id]
}

resource "aws_elasticache_replication_group" "session_cache" {
  replication_group_id       = "sessions"
  description                = "Who is signed in to the portal"
  engine                     = "valkey"
  engine_version             = "8.0"
  node_type                  = "cache.r7g.large"
  num_cache_clusters         = 2
  automatic_failover_enabled = true
  subnet_group_name          = aws_elasticache_subnet_group.session_subnet_group.name
  security_group_ids         = [var.data_group]
  transit_encryption_enabled = true
  at_rest_encryption_enabled = true
  kms_key_id                 = var.records_key_arn
  user_group_ids             = [aws_elasticache_user_group.session_users.user_group_id]
  tags                       = { Data = "phi" }
}

resource "aws_memorydb_subnet_group" "bed_subnet_group" {
  name       = "aozora-beds"
  subnet_ids = var.data_subnets
}

resource "aws_memorydb_cluster" "bed_board" {
  name               = "beds"
  node_type          = "db.r7g.large"
  subnet_group_name  = aws_memorydb_subnet_group.bed_subnet_group.name
  security_group_ids = [var.data_group]
  acl_name           = "aozora-ward"
  tls_enabled        = true
  kms_key_arn        = var.records_key_arn
  tags               = { Data = "phi" }
}

# --- Search -----------------------------------------------------------------
resource "aws_cloudwatch_log_group" "search_log_group" {
  kms_key_id        = var.log_key_arn
  retention_in_days = 2557
  tags              = { Data = "none" }
  lifecycle { prevent_destroy = true }
}

resource "aws_opensearch_domain" "records_search" {
  domain_name    = "aozora-records"
  engine_version = "OpenSearch_2.19"
  ebs_options {
    ebs_enabled = true
    volume_type = "gp3"
    volume_size = 40
  }
  vpc_options {
    subnet_ids         = var.data_subnets
    security_group_ids = [var.data_group]
  }
  cluster_config {
    instance_type          = "r6g.large.search"
    instance_count         = 2
    zone_awareness_enabled = true
  }
  encrypt_at_rest {
    enabled    = true
    kms_key_id = var.records_key_arn
  }
  node_to_node_encryption { enabled = true }
  domain_endpoint_options {
    enforce_https       = true
    tls_security_policy = "Policy-Min-TLS-1-2-PFS-2023-10"
  }
  advanced_security_options { enabled = true }
  log_publishing_options {
    log_type                 = "AUDIT_LOGS"
    cloudwatch_log_group_arn = aws_cloudwatch_log_group.search_log_group.arn
  }
  tags = { Data = "phi" }
}

# --- Secrets ----------------------------------------------------------------
resource "aws_secretsmanager_secret" "fax_secret" {
  kms_key_id = var.records_key_arn
  tags       = { Data = "none" }
}

output "records_bucket" { value = aws_s3_bucket.records_bucket.id }
output "records_bucket_arn" { value = aws_s3_bucket.records_bucket.arn }
output "records_bucket_domain" { value = aws_s3_bucket.records_bucket.bucket_regional_domain_name }
output "records_db_address" { value = aws_db_instance.records_db.address }
output "prescription_table_arn" { value = aws_dynamodb_table.prescription_table.arn }
