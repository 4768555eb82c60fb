# Aozora clinic, records: what the clinic knows of its patients, in buckets, tables and databases.

variable "records_key_arn" { type = string }
variable "log_key_arn" { type = string }
variable "access_log_bucket" { type = string }
variable "data_subnets" { type = list(string) }
variable "data_group" { type = string }

# --- Buckets ----------------------------------------------------------------
# Bad: anybody may read (s3-bucket-policy-allows-anyone, store-content-readable-by-anyone),
# because nothing blocks it (s3-bucket-public-access-not-blocked), by plain HTTP too
# (s3-bucket-allows-plain-http); what is overwritten is lost (s3-bucket-versioning-off), nobody
# sees who was here (s3-bucket-without-access-log).
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
  versioning_configuration { status = "Suspended" }
}

resource "aws_s3_bucket_public_access_block" "records_bucket" {
  bucket                  = aws_s3_bucket.records_bucket.id
  block_public_acls       = false
  block_public_policy     = false
  ignore_public_acls      = false
  restrict_public_buckets = false
}

resource "aws_s3_bucket_policy" "records_bucket_policy" {
  bucket = aws_s3_bucket.records_bucket.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Laboratories", Effect = "Allow", Principal = "*", Action = "s3:GetObject"
      Resource = "${aws_s3_bucket.records_bucket.arn}/*"
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
    value = "0"
  }
  parameter {
    name  = "ssl_min_protocol_version"
    value = "TLSv1"
  }
}

# Bad: reachable from outside (rds-instance-publicly-accessible), in clear
# (rds-storage-not-encrypted), plain connections (rds-accepts-plain-connections) and old TLS
# (rds-accepts-old-tls), never saved (rds-backups-off), gone with the stack
# (rds-deleted-without-snapshot), one zone (rds-instance-in-one-zone), no log of its own
# (rds-audit-log-not-exported), nothing before it but its group, as before
# all stores here (data-store-without-network-acl).
resource "aws_db_instance" "records_db" {
  engine                        = "postgres"
  engine_version                = "16.10"
  instance_class                = "db.r6g.large"
  allocated_storage             = 200
  parameter_group_name          = aws_db_parameter_group.records_parameters.name
  db_subnet_group_name          = aws_db_subnet_group.data_subnet_group.name
  vpc_security_group_ids        = [var.data_group]
  username                      = "records"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.records_key_arn
  storage_encrypted             = false
  publicly_accessible           = true
  backup_retention_period       = 0
  multi_az                      = false
  skip_final_snapshot           = true
  tags                          = { Data = "phi" }
}

# Bad: patients are found by their birthday (dynamodb-key-named-like-phi), a key of AWS alone
# (dynamodb-key-owned-by-aws), no way back (dynamodb-point-in-time-recovery-off), gone with the
# stack (database-deleted-with-its-stack).
resource "aws_dynamodb_table" "prescription_table" {
  name         = "aozora-prescriptions"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "birth_date"
  attribute {
    name = "birth_date"
    type = "S"
  }
  point_in_time_recovery { enabled = false }
  server_side_encryption { enabled = false }
  tags = { Data = "phi" }
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

# Bad: in clear on its disks (dax-not-encrypted-at-rest) and on the way
# (dax-accepts-plain-connections).
resource "aws_dax_cluster" "prescription_cache" {
  cluster_name                     = "prescriptions"
  node_type                        = "dax.r5.large"
  replication_factor               = 2
  iam_role_arn                     = aws_iam_role.dax_role.arn
  subnet_group_name                = aws_dax_subnet_group.dax_subnet_group.name
  security_group_ids               = [var.data_group]
  cluster_endpoint_encryption_type = "NONE"
  server_side_encryption { enabled = false }
  tags = { Data = "phi" }
}

resource "aws_docdb_cluster_parameter_group" "notes_parameters" {
  description = "Who may talk, and how"
  family      = "docdb5.0"
  parameter {
    name  = "tls"
    value = "disabled"
  }
  parameter {
    name  = "audit_logs"
    value = "disabled"
  }
}

# Bad: plain connections (documentdb-accepts-plain-connections), no record of who asked
# (documentdb-audit-log-off), in clear (documentdb-not-encrypted), gone with the stack
# (database-deleted-with-its-stack).
resource "aws_docdb_cluster" "notes_cluster" {
  engine_version                  = "5.0.0"
  db_cluster_parameter_group_name = aws_docdb_cluster_parameter_group.notes_parameters.name
  db_subnet_group_name            = aws_docdb_subnet_group.notes_subnet_group.name
  vpc_security_group_ids          = [var.data_group]
  master_username                 = "notes"
  manage_master_user_password     = true
  storage_encrypted               = false
  deletion_protection             = false
  skip_final_snapshot             = true
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

# Bad: no password (elasticache-user-without-password).
resource "aws_elasticache_user" "session_user" {
  user_id       = "sessions"
  user_name     = "default"
  engine        = "valkey"
  access_string = "on ~* +@all"
  authentication_mode { type = "no-password-required" }
}

resource "aws_elasticache_user_group" "session_users" {
  user_group_id = "sessions"
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.session_user.user_id]
}

# Bad: plain connections (elasticache-accepts-plain-connections) from anyone
# (elasticache-without-authentication), in clear (elasticache-not-encrypted-at-rest).
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
  transit_encryption_enabled = false
  at_rest_encryption_enabled = false
  tags                       = { Data = "phi" }
}

resource "aws_memorydb_subnet_group" "bed_subnet_group" {
  name       = "aozora-beds"
  subnet_ids = var.data_subnets
}

# Bad: plain connections (memorydb-accepts-plain-connections) from anyone inside
# (memorydb-open-access).
resource "aws_memorydb_cluster" "bed_board" {
  name               = "beds"
  node_type          = "db.r7g.large"
  subnet_group_name  = aws_memorydb_subnet_group.bed_subnet_group.name
  security_group_ids = [var.data_group]
  acl_name           = "open-access"
  tls_enabled        = false
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

# Bad: plain HTTP (opensearch-accepts-plain-http) and old TLS (opensearch-accepts-old-tls), in
# clear on disk (opensearch-not-encrypted-at-rest) and between its nodes
# (opensearch-node-to-node-plain), one zone (opensearch-domain-in-one-zone), no record of who
# asked (opensearch-audit-logs-off).
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
    instance_count         = 1
    zone_awareness_enabled = false
  }
  encrypt_at_rest { enabled = false }
  node_to_node_encryption { enabled = false }
  domain_endpoint_options {
    enforce_https       = false
    tls_security_policy = "Policy-Min-TLS-1-0-2019-07"
  }
  tags = { Data = "phi" }
}

# --- Secrets ----------------------------------------------------------------
# Bad: written where everybody who reads the code reads it (secret-written-in-template), with the
# key that every account has (secret-encrypted-with-account-key).
resource "aws_secretsmanager_secret" "fax_secret" {
  tags = { Data = "none" }
}

resource "aws_secretsmanager_secret_version" "fax_secret" {
  secret_id     = aws_secretsmanager_secret.fax_secret.id
  secret_string = jsonencode({ user = "aozora", password = "Umi-no-Sora-2019" })
}

output "records_bucket" { value = aws_s3_bucket.records_bucket.id }
output "records_bucket_arn" { value = aws_s3_bucket.records_bucket.arn }
output "records_bucket_domain" { value = aws_s3_bucket.records_bucket.bucket_regional_domain_name }
output "records_db_address" { value = aws_db_instance.records_db.address }
output "prescription_table_arn" { value = aws_dynamodb_table.prescription_table.arn }
