# Aozora clinic, the whole environment: the same one as in ../cloudformation. This
# module only joins the parts and decides what they are given.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "~> 6.0" }
  }
}

variable "env" {
  type        = string
  default     = "prod"
  description = "The clinic runs the same modules twice, for patients and for trying things out"
  validation {
    condition     = contains(["prod", "dev"], var.env)
    error_message = "Either prod or dev."
  }
}

variable "office_range" {
  type        = string
  default     = "203.0.113.0/24"
  description = "The addresses of the clinic's own office"
}

variable "fax_password" {
  type        = string
  sensitive   = true
  description = "Password of the fax service that sends referrals"
}

variable "certificate_arn" {
  type        = string
  default     = ""
  description = "Certificate of the portal; without one there is no listener"
}

module "network" {
  source       = "./network"
  env          = var.env
  office_range = var.office_range
  # Good: network logs are kept for seven years, and that is said once, here.
  network_log_days = 2557
}

module "logging" {
  source = "./logging"
  env    = var.env
  # Bad: the old trail's log is thrown away after a month
  # (audit-log-group-retention-short). The number stands here, and the log group
  # in logging/main.tf.
  old_trail_log_days = 30
}

module "data" {
  source            = "./data"
  env               = var.env
  data_subnets      = module.network.data_subnets
  public_subnets    = module.network.public_subnets
  records_group     = module.network.records_group
  survey_group      = module.network.survey_group
  access_log_bucket = module.logging.access_log_bucket
}

module "app" {
  source             = "./app"
  env                = var.env
  fax_password       = var.fax_password
  certificate_arn    = var.certificate_arn
  network            = module.network.vpc
  app_subnet         = module.network.app_subnet
  public_subnets     = module.network.public_subnets
  front_group        = module.network.front_group
  portal_group       = module.network.portal_group
  reception_group    = module.network.reception_group
  records_key_arn    = module.data.records_key_arn
  records_bucket_arn = module.data.records_bucket_arn
}

module "reports" {
  source            = "./reports"
  access_log_bucket = module.logging.access_log_bucket
  records_key_arn   = module.data.records_key_arn
  app_subnet        = module.network.app_subnet
  portal_group      = module.network.portal_group
}
