#!/usr/bin/env python3
"""Writes Terraform of N resources to standard output: the same N gives the same bytes.

Each group of five is a bucket with its versioning and encryption, a key, and a security group
with a dynamic block; locals, `merge`, `format`, `jsonencode`, a conditional and references are
evaluated for each.

    bench/generate_hcl.py 10000 > FOLDER/main.tf
"""
import sys,random
n=int(sys.argv[1]); random.seed(1)
out=[]
for i in range(n//5):
    out.append(f'''
resource "aws_s3_bucket" "b{i}" {{
  bucket = "phi-{i}-${{local.env}}"
  tags = merge(local.tags, {{ Name = "bucket-{i}", Index = {i} }})
}}
resource "aws_s3_bucket_versioning" "v{i}" {{
  bucket = aws_s3_bucket.b{i}.id
  versioning_configuration {{
    status = "{random.choice(['Enabled','Suspended'])}"
  }}
}}
resource "aws_s3_bucket_server_side_encryption_configuration" "e{i}" {{
  bucket = aws_s3_bucket.b{i}.bucket
  rule {{
    apply_server_side_encryption_by_default {{
      sse_algorithm     = var.kms == "" ? "AES256" : "aws:kms"
      kms_master_key_id = aws_kms_key.k{i}.arn
    }}
  }}
}}
resource "aws_kms_key" "k{i}" {{
  description         = format("key %d", {i})
  enable_key_rotation = {random.choice(['true','false'])}
  policy = jsonencode({{
    Version = "2012-10-17"
    Statement = [{{ Effect = "Allow", Principal = {{ AWS = "arn:aws:iam::111122223333:root" }}, Action = "kms:*", Resource = "*" }}]
  }})
}}
resource "aws_security_group" "g{i}" {{
  name = "g{i}"
  dynamic "ingress" {{
    for_each = [22, {random.randint(1,9999)}]
    content {{
      from_port   = ingress.value
      to_port     = ingress.value
      protocol    = "tcp"
      cidr_blocks = ["10.{i%256}.0.0/16"]
    }}
  }}
}}
''')
print('variable "kms" {\n  default = "x"\n}\nlocals {\n  env = "dev"\n  tags = { Team = "clinic", Env = local.env }\n}\n'+''.join(out))
