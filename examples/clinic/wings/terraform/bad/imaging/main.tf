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
# Bad: in clear (efs-not-encrypted-at-rest) and mounted without TLS (efs-accepts-plain-nfs) by
# whoever comes by (efs-policy-allows-anyone, store-content-readable-by-anyone), in one zone
# (efs-in-one-zone), never saved (efs-without-automatic-backups).
resource "aws_efs_file_system" "image_files" {
  encrypted              = false
  availability_zone_name = "ap-northeast-1a"
  tags                   = { Data = "phi" }
  lifecycle { prevent_destroy = true }
}

resource "aws_efs_backup_policy" "image_files" {
  file_system_id = aws_efs_file_system.image_files.id
  backup_policy { status = "DISABLED" }
}

resource "aws_efs_file_system_policy" "image_files" {
  file_system_id = aws_efs_file_system.image_files.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "Anyone", Effect = "Allow", Principal = { AWS = "*" }
        Action   = ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite", "elasticfilesystem:ClientRootAccess"]
        Resource = "*"
      },
    ]
  })
}

# Bad: opens everything (efs-access-point-opens-root-directory) as root
# (efs-access-point-lets-clients-be-root).
resource "aws_efs_access_point" "image_door" {
  file_system_id = aws_efs_file_system.image_files.id
  posix_user {
    uid = 0
    gid = 0
  }
  root_directory { path = "/" }
}

# Bad: a kind of file system that cannot encrypt what is on its way
# (fsx-lustre-cannot-encrypt-in-transit).
resource "aws_fsx_lustre_file_system" "reconstruction_files" {
  storage_capacity   = 1200
  subnet_ids         = [var.app_subnets[0]]
  security_group_ids = [var.data_group]
  deployment_type    = "SCRATCH_1"
  tags               = { Data = "phi" }
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

# Bad: nobody knows who opened a scan (file-share-without-audit-log).
resource "aws_storagegateway_smb_file_share" "scanner_share" {
  gateway_arn    = "arn:aws:storagegateway:ap-northeast-1:111122223333:gateway/sgw-0a1b2c3d"
  location_arn   = var.records_bucket_arn
  role_arn       = aws_iam_role.share_role.arn
  authentication = "ActiveDirectory"
  kms_encrypted  = true
  kms_key_arn    = var.records_key_arn
  tags           = { Data = "none" }
}

# Bad: takes files by FTP, in clear (transfer-server-offers-ftp, phi-moves-in-plain-text).
resource "aws_transfer_server" "referral_door" {
  protocols     = ["FTP"]
  domain        = "S3"
  endpoint_type = "VPC"
  endpoint_details {
    vpc_id             = var.vpc_id
    subnet_ids         = var.app_subnets
    security_group_ids = [var.app_group]
  }
  identity_provider_type = "AWS_LAMBDA"
  tags                   = { Data = "phi" }
}

# Bad: when the zone is gone, so are the keys for signing images (cloudhsm-cluster-in-one-zone).
resource "aws_cloudhsm_v2_cluster" "signing_keys" {
  hsm_type   = "hsm2m.medium"
  mode       = "FIPS"
  subnet_ids = [var.app_subnets[0]]
}

# --- The viewer -------------------------------------------------------------
# Bad: anybody may pull, and push, what the viewer runs (ecr-repository-policy-allows-anyone).
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
      Principal = "*"
      Action    = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:PutImage"]
    }]
  })
}

# Bad: what is typed into a container is not written down (ecs-exec-not-logged).
resource "aws_ecs_cluster" "viewer_cluster" {
  name = "viewer"
  configuration {
    execute_command_configuration {
      kms_key_id = var.log_key_arn
      logging    = "NONE"
    }
  }
}

resource "aws_iam_role" "viewer_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "ecs-tasks.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

# Bad: a password among the variables (ecs-environment-carries-secret), a plain address
# (ecs-environment-names-plain-http-endpoint), files mounted in clear
# (ecs-file-system-mounted-without-tls), a log that stays on the host
# (ecs-container-without-central-log).
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
      { name = "REPORTS", value = "http://reports.aozora.example" },
      { name = "REPORTS_PASSWORD", value = "Umi-no-Sora-2019" },
    ]
    logConfiguration = {
      logDriver = "json-file"
    }
    mountPoints = [{ sourceVolume = "images", containerPath = "/images" }]
  }])
  volume {
    name = "images"
    efs_volume_configuration {
      file_system_id     = aws_efs_file_system.image_files.id
      transit_encryption = "DISABLED"
    }
  }
}

# Bad: on the internet, where doctors in the house need it alone
# (ecs-service-gets-public-address).
resource "aws_ecs_service" "viewer_service" {
  name            = "viewer"
  cluster         = aws_ecs_cluster.viewer_cluster.id
  task_definition = aws_ecs_task_definition.viewer_task.arn
  launch_type     = "FARGATE"
  desired_count   = 2
  network_configuration {
    subnets          = var.app_subnets
    security_groups  = [var.app_group]
    assign_public_ip = true
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

# Bad: the world may knock at the API of the cluster (eks-api-reached-from-internet).
resource "aws_eks_cluster" "model_cluster" {
  name     = "aozora-models"
  role_arn = aws_iam_role.model_role.arn
  vpc_config {
    subnet_ids             = var.app_subnets
    security_group_ids     = [var.app_group]
    endpoint_public_access = true
  }
  encryption_config {
    resources = ["secrets"]
    provider { key_arn = var.records_key_arn }
  }
}
