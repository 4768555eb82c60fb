# Aozora clinic, sandbox: a separate account in which two developers try things out. There
# is no trail in it, so nobody will know who did what.
#
# Good: sandbox_bucket is private and encrypted by S3's defaults, and says nothing about it.
# sandbox_disk is encrypted.
# Bad: sandbox_instance asks for a public address and carries a password in its start
# script. sandbox_group opens every TCP port. sandbox_bucket accepts plain HTTP.

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}

resource "aws_vpc" "sandbox_vpc" {
  cidr_block = "10.99.0.0/16"
}

resource "aws_subnet" "sandbox_subnet" {
  vpc_id     = aws_vpc.sandbox_vpc.id
  cidr_block = cidrsubnet(aws_vpc.sandbox_vpc.cidr_block, 8, 0)
}

resource "aws_security_group" "sandbox_group" {
  description = "Whatever is being tried out"
  vpc_id      = aws_vpc.sandbox_vpc.id
  ingress {
    description = "Every port"
    protocol    = "tcp"
    from_port   = 0
    to_port     = 65535
    cidr_blocks = ["0.0.0.0/0"]
  }
  egress {
    protocol    = "-1"
    from_port   = 0
    to_port     = 0
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_instance" "sandbox_instance" {
  ami                         = data.aws_ssm_parameter.image.value
  instance_type               = "t3.micro"
  subnet_id                   = aws_subnet.sandbox_subnet.id
  vpc_security_group_ids      = [aws_security_group.sandbox_group.id]
  associate_public_ip_address = true
  user_data = join("\n", [
    "#!/bin/bash",
    "export PGUSER=tryout",
    "export PGPASSWORD='kumo-sora-4217'",
    "dnf install -y postgresql16",
  ])
}

resource "aws_ebs_volume" "sandbox_disk" {
  availability_zone = aws_subnet.sandbox_subnet.availability_zone
  size              = 20
  encrypted         = true
}

resource "aws_s3_bucket" "sandbox_bucket" {
  tags = { Data = "none" }
}

resource "aws_s3_bucket_versioning" "sandbox_bucket" {
  bucket = aws_s3_bucket.sandbox_bucket.id
  versioning_configuration { status = "Enabled" }
}
