# Aozora clinic, all wings: the same as in ../../cloudformation. This module only joins them.

terraform {
  required_providers {
    aws   = { source = "hashicorp/aws", version = "~> 6.0" }
    awscc = { source = "hashicorp/awscc", version = "~> 1.0" }
  }
}

provider "aws" {
  region              = "ap-northeast-1"
  allowed_account_ids = ["111122223333"]
}

provider "awscc" {
  region = "ap-northeast-1"
}

module "foundation" {
  source = "./foundation"
}

module "network" {
  source      = "./network"
  log_key_arn = module.foundation.log_key_arn
}

module "records" {
  source            = "./records"
  records_key_arn   = module.foundation.records_key_arn
  log_key_arn       = module.foundation.log_key_arn
  access_log_bucket = module.foundation.access_log_bucket
  data_subnets      = module.network.data_subnets
  data_group        = module.network.data_group
}

module "imaging" {
  source             = "./imaging"
  records_key_arn    = module.foundation.records_key_arn
  log_key_arn        = module.foundation.log_key_arn
  records_bucket_arn = module.records.records_bucket_arn
  vpc_id             = module.network.vpc_id
  app_subnets        = module.network.app_subnets
  app_group          = module.network.app_group
  data_group         = module.network.data_group
}

module "portal" {
  source                 = "./portal"
  records_key_arn        = module.foundation.records_key_arn
  log_key_arn            = module.foundation.log_key_arn
  access_log_bucket      = module.foundation.access_log_bucket
  records_bucket_domain  = module.records.records_bucket_domain
  prescription_table_arn = module.records.prescription_table_arn
  vpc_id                 = module.network.vpc_id
  public_subnets         = module.network.public_subnets
  front_group            = module.network.front_group
}

module "ward" {
  source             = "./ward"
  records_key_arn    = module.foundation.records_key_arn
  log_key_arn        = module.foundation.log_key_arn
  records_bucket_arn = module.records.records_bucket_arn
  data_subnets       = module.network.data_subnets
  data_group         = module.network.data_group
}

module "research" {
  source             = "./research"
  records_key_arn    = module.foundation.records_key_arn
  records_bucket     = module.records.records_bucket
  records_bucket_arn = module.records.records_bucket_arn
  records_db_address = module.records.records_db_address
  app_subnets        = module.network.app_subnets
  data_subnets       = module.network.data_subnets
  data_group         = module.network.data_group
  research_group     = module.network.research_group
}

module "desks" {
  source                 = "./desks"
  records_key_arn        = module.foundation.records_key_arn
  records_bucket_arn     = module.records.records_bucket_arn
  prescription_table_arn = module.records.prescription_table_arn
}

module "continuity" {
  source          = "./continuity"
  records_key_arn = module.foundation.records_key_arn
  app_subnets     = module.network.app_subnets
  app_group       = module.network.app_group
}
