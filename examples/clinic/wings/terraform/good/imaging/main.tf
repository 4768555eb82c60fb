# Aozora clinic, imaging: pictures from the scanners, and the viewer for the doctors.

variable "records_key_arn" { type = string }
variable "log_key_arn" { type = string }
variable "records_bucket_arn" { type = string }
variable "vpc_id" { type = string }
variable "app_subnets" { type = list(string) }
variable "app_group" { type = string }
variable "data_group" { type = string }

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}
data "aws_region" "here" {}

resource "aws_cloudwatch_log_group" "imaging_log_group" {
  kms_key_id        = var.log_key_arn
  retention_in_days = 2557
  tags              = { Data = "none" }
}

# --- Files ------------------------------------------------------------------
resource "aws_efs_file_system" "image_files" {
  encrypted  = true
  kms_key_id = var.records_key_arn
  tags       = { Data = "phi" }
  lifecycle { prevent_destroy = true }
}

resource "aws_efs_backup_policy" "image_files" {
  file_system_id = aws_efs_file_system.image_files.id
  backup_policy { status = "ENABLED" }
}

resource "aws_efs_file_system_policy" "image_files" {
  file_system_id = aws_efs_file_system.image_files.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RefusePlainNfs", Effect = "Deny", Principal = { AWS = "*" }, Action = "*", Resource = "*"
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid      = "Viewer", Effect = "Allow", Principal = { AWS = aws_iam_role.viewer_role.arn }
        Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"]
        Resource = "*"
      },
    ]
  })
}

resource "aws_efs_access_point" "image_door" {
  file_system_id = aws_efs_file_system.image_files.id
  posix_user {
    uid = 1000
    gid = 1000
  }
  root_directory { path = "/dicom" }
}

resource "aws_fsx_lustre_file_system" "reconstruction_files" {
  storage_capacity            = 1200
  subnet_ids                  = [var.app_subnets[0]]
  security_group_ids          = [var.data_group]
  kms_key_id                  = var.records_key_arn
  deployment_type             = "PERSISTENT_2"
  per_unit_storage_throughput = 250
  tags                        = { Data = "phi" }
}

resource "aws_iam_role" "share_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow", Principal = { Service = "storagegateway.amazonaws.com" }, Action = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "keep_scans" {
  name = "keep-scans"
  role = aws_iam_role.share_role.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "s3:PutObject"], Resource = "${var.records_bucket_arn}/*" }]
  })
}

resource "aws_storagegateway_smb_file_share" "scanner_share" {
  gateway_arn           = "arn:aws:storagegateway:ap-northeast-1:111122223333:gateway/sgw-0a1b2c3d"
  location_arn          = var.records_bucket_arn
  role_arn              = aws_iam_role.share_role.arn
  authentication        = "ActiveDirectory"
  kms_encrypted         = true
  kms_key_arn           = var.records_key_arn
  audit_destination_arn = aws_cloudwatch_log_group.imaging_log_group.arn
  tags                  = { Data = "none" }
}

resource "aws_transfer_server" "referral_door" {
  protocols     = ["SFTP"]
  domain        = "S3"
  endpoint_type = "VPC"
  endpoint_details {
    vpc_id             = var.vpc_id
    subnet_ids         = var.app_subnets
    security_group_ids = [var.app_group]
  }
  identity_provider_type = "SERVICE_MANAGED"
  tags                   = { Data = "phi" }
}

resource "aws_cloudhsm_v2_cluster" "signing_keys" {
  hsm_type   = "hsm2m.medium"
  mode       = "FIPS"
  subnet_ids = var.app_subnets
}

# --- The viewer -------------------------------------------------------------
resource "aws_ecr_repository" "viewer_images" {
  name                 = "viewer"
  image_tag_mutability = "IMMUTABLE"
  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.records_key_arn
  }
  tags = { Data = "none" }
}

resource "aws_ecr_repository_policy" "viewer_images" {
  repository = aws_ecr_repository.viewer_images.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Pull", Effect = "Allow"
      Principal = { AWS = "arn:${data.aws_partition.this.partition}:iam::${data.aws_caller_identity.me.account_id}:root" }
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    }]
  })
}

resource "aws_ecs_cluster" "viewer_cluster" {
  name = "viewer"
  configuration {
    execute_command_configuration {
      kms_key_id = var.log_key_arn
      logging    = "OVERRIDE"
      log_configuration {
        cloud_watch_log_group_name     = aws_cloudwatch_log_group.imaging_log_group.name
        cloud_watch_encryption_enabled = true
      }
    }
  }
}

resource "aws_iam_role" "viewer_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_ecs_task_definition" "viewer_task" {
  family                   = "viewer"
  network_mode             = "awsvpc"
  requires_compatibilities = ["FARGATE"]
  cpu                      = "1024"
  memory                   = "2048"
  task_role_arn            = aws_iam_role.viewer_role.arn
  execution_role_arn       = aws_iam_role.viewer_role.arn
  container_definitions = jsonencode([{
    name  = "viewer"
    image = "${aws_ecr_repository.viewer_images.repository_url}:7"
    environment = [
      { name = "REPORTS", value = "https://reports.aozora.example" },
    ]
    logConfiguration = {
      logDriver = "awslogs"
      options   = { "awslogs-group" = aws_cloudwatch_log_group.imaging_log_group.name, "awslogs-region" = data.aws_region.here.region, "awslogs-stream-prefix" = "viewer" }
    }
    mountPoints = [{ sourceVolume = "images", containerPath = "/images" }]
  }])
  volume {
    name = "images"
    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.image_files.id
      transit_encryption = "ENABLED"
      authorization_config {
        access_point_id = aws_efs_access_point.image_door.id
        iam             = "ENABLED"
      }
    }
  }
}

resource "aws_ecs_service" "viewer_service" {
  name            = "viewer"
  cluster         = aws_ecs_cluster.viewer_cluster.id
  task_definition = aws_ecs_task_definition.viewer_task.arn
  launch_type     = "FARGATE"
  desired_count   = 2
  network_configuration {
    subnets          = var.app_subnets
    security_groups  = [var.app_group]
    assign_public_ip = false
  }
}

resource "aws_iam_role" "model_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "eks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy_attachment" "model_role" {
  role       = aws_iam_role.model_role.name
  policy_arn = "arn:${data.aws_partition.this.partition}:iam::aws:policy/AmazonEKSClusterPolicy"
}

resource "aws_eks_cluster" "model_cluster" {
  name     = "aozora-models"
  role_arn = aws_iam_role.model_role.arn
  vpc_config {
    subnet_ids              = var.app_subnets
    security_group_ids      = [var.app_group]
    endpoint_private_access = true
    endpoint_public_access  = false
  }
  encryption_config {
    resources = ["secrets"]
    provider { key_arn = var.records_key_arn }
  }
}
