# Aozora clinic, portal: the page of the patients, its programs, and messages to them.

variable "records_key_arn" { type = string }
variable "log_key_arn" { type = string }
variable "access_log_bucket" { type = string }
variable "records_bucket_domain" { type = string }
variable "prescription_table_arn" { type = string }
variable "vpc_id" { type = string }
variable "public_subnets" { type = list(string) }
variable "front_group" { type = string }
variable "certificate_arn" {
  type    = string
  default = "arn:aws:acm:us-east-1:111122223333:certificate/7b0d1b5e-0000-4000-8000-000000000002"
}

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}
data "aws_region" "here" {}

resource "aws_cloudwatch_log_group" "portal_log_group" {
  kms_key_id        = var.log_key_arn
  retention_in_days = 2557
  tags              = { Data = "none" }
}

# --- At the edge ------------------------------------------------------------
resource "aws_wafv2_web_acl" "portal_filter" {
  name  = "portal"
  scope = "REGIONAL"
  default_action {
    allow {}
  }
  visibility_config {
    sampled_requests_enabled   = false
    cloudwatch_metrics_enabled = true
    metric_name                = "portal"
  }
  rule {
    name     = "known-bad"
    priority = 1
    override_action {
      none {}
    }
    statement {
      managed_rule_group_statement {
        vendor_name = "AWS"
        name        = "AWSManagedRulesKnownBadInputsRuleSet"
      }
    }
    visibility_config {
      sampled_requests_enabled   = false
      cloudwatch_metrics_enabled = true
      metric_name                = "known-bad"
    }
  }
  rule {
    name     = "rate"
    priority = 2
    action {
      block {}
    }
    statement {
      rate_based_statement {
        limit              = 500
        aggregate_key_type = "IP"
      }
    }
    visibility_config {
      sampled_requests_enabled   = false
      cloudwatch_metrics_enabled = true
      metric_name                = "rate"
    }
  }
}

resource "aws_wafv2_web_acl_association" "portal_filter_of_balancer" {
  resource_arn = aws_lb.portal_balancer.arn
  web_acl_arn  = aws_wafv2_web_acl.portal_filter.arn
}

resource "aws_lb" "portal_balancer" {
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.public_subnets
  security_groups            = [var.front_group]
  drop_invalid_header_fields = true
  access_logs {
    bucket  = var.access_log_bucket
    enabled = true
  }
}

resource "aws_lb_target_group" "portal_targets" {
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTPS"
  port        = 8443
}

resource "aws_lb_listener" "portal_listener" {
  load_balancer_arn = aws_lb.portal_balancer.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn
  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.portal_targets.arn
  }
}

resource "aws_globalaccelerator_accelerator" "anycast" {
  name = "aozora-portal"
  tags = { Data = "none" }
}

resource "aws_globalaccelerator_listener" "anycast_listener" {
  accelerator_arn = aws_globalaccelerator_accelerator.anycast.arn
  protocol        = "TCP"
  port_range {
    from_port = 443
    to_port   = 443
  }
}

resource "aws_cloudfront_origin_access_control" "picture_access" {
  name                              = "aozora-pictures"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "portal_pages" {
  enabled    = true
  web_acl_id = "arn:aws:wafv2:us-east-1:111122223333:global/webacl/aozora-pages/7b0d1b5e-0000-4000-8000-000000000003"
  logging_config {
    bucket = "${var.access_log_bucket}.s3.amazonaws.com"
    prefix = "pages/"
  }
  origin {
    origin_id                = "content"
    domain_name              = var.records_bucket_domain
    origin_access_control_id = aws_cloudfront_origin_access_control.picture_access.id
  }
  default_cache_behavior {
    target_origin_id       = "content"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    viewer_protocol_policy = "https-only"
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1.2_2021"
  }
  tags = { Data = "phi" }
}

# --- Who may come in --------------------------------------------------------
resource "aws_cognito_user_pool" "patients" {
  name              = "aozora-patients"
  mfa_configuration = "ON"
  software_token_mfa_configuration { enabled = true }
  password_policy {
    minimum_length    = 14
    require_lowercase = true
    require_numbers   = true
    require_symbols   = true
    require_uppercase = true
  }
  tags = { Data = "phi" }
}

resource "aws_cognito_user_pool_client" "portal_client" {
  name                         = "portal"
  user_pool_id                 = aws_cognito_user_pool.patients.id
  supported_identity_providers = ["COGNITO"]
  read_attributes              = ["email", "custom:clinic"]
  write_attributes             = ["email"]
}

# --- Programs ---------------------------------------------------------------
resource "aws_api_gateway_rest_api" "booking_api" {
  name                         = "aozora-booking"
  disable_execute_api_endpoint = true
  endpoint_configuration { types = ["REGIONAL"] }
  tags = { Data = "none" }
}

resource "aws_api_gateway_resource" "booking_resource" {
  rest_api_id = aws_api_gateway_rest_api.booking_api.id
  parent_id   = aws_api_gateway_rest_api.booking_api.root_resource_id
  path_part   = "bookings"
}

resource "aws_api_gateway_authorizer" "booking_authorizer" {
  name            = "patients"
  rest_api_id     = aws_api_gateway_rest_api.booking_api.id
  type            = "COGNITO_USER_POOLS"
  identity_source = "method.request.header.Authorization"
  provider_arns   = [aws_cognito_user_pool.patients.arn]
}

resource "aws_api_gateway_method" "booking_method" {
  rest_api_id   = aws_api_gateway_rest_api.booking_api.id
  resource_id   = aws_api_gateway_resource.booking_resource.id
  http_method   = "POST"
  authorization = "COGNITO_USER_POOLS"
  authorizer_id = aws_api_gateway_authorizer.booking_authorizer.id
}

resource "aws_api_gateway_integration" "booking_method" {
  rest_api_id             = aws_api_gateway_rest_api.booking_api.id
  resource_id             = aws_api_gateway_resource.booking_resource.id
  http_method             = aws_api_gateway_method.booking_method.http_method
  type                    = "AWS_PROXY"
  integration_http_method = "POST"
  uri                     = aws_lambda_function.booking_function.invoke_arn
}

resource "aws_api_gateway_deployment" "booking_deployment" {
  rest_api_id = aws_api_gateway_rest_api.booking_api.id
  depends_on  = [aws_api_gateway_integration.booking_method]
}

resource "aws_api_gateway_stage" "booking_stage" {
  rest_api_id           = aws_api_gateway_rest_api.booking_api.id
  deployment_id         = aws_api_gateway_deployment.booking_deployment.id
  stage_name            = "live"
  cache_cluster_enabled = true
  cache_cluster_size    = "0.5"
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.portal_log_group.arn
    format          = "$context.requestId $context.status"
  }
  tags = { Data = "none" }
}

resource "aws_api_gateway_method_settings" "booking_stage" {
  rest_api_id = aws_api_gateway_rest_api.booking_api.id
  stage_name  = aws_api_gateway_stage.booking_stage.stage_name
  method_path = "*/*"
  settings {
    logging_level        = "ERROR"
    caching_enabled      = true
    data_trace_enabled   = false
    cache_data_encrypted = true
  }
}

resource "aws_iam_role" "booking_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role_policy" "book" {
  name = "book"
  role = aws_iam_role.booking_role.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:PutItem"], Resource = var.prescription_table_arn },
      { Effect = "Allow", Action = ["kms:Decrypt", "kms:GenerateDataKey"], Resource = var.records_key_arn },
    ]
  })
}

resource "aws_lambda_function" "booking_function" {
  function_name = "booking"
  runtime       = "python3.13"
  handler       = "index.handler"
  role          = aws_iam_role.booking_role.arn
  filename      = "booking.zip"
  kms_key_arn   = var.records_key_arn
  environment {
    variables = {
      CALENDAR = "https://calendar.aozora.example"
    }
  }
  tags = { Data = "phi" }
}

resource "aws_lambda_permission" "booking_permission" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.booking_function.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.booking_api.execution_arn}/*"
}

resource "aws_iam_role" "referral_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "states.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

# Good: passes numbers of charts on; what stands in them stays where it is.
resource "aws_sfn_state_machine" "referral_steps" {
  name       = "referrals"
  role_arn   = aws_iam_role.referral_role.arn
  definition = jsonencode({ StartAt = "Wait", States = { Wait = { Type = "Wait", Seconds = 60, End = true } } })
  tags       = { Data = "none" }
}

# --- Messages ---------------------------------------------------------------
resource "aws_sqs_queue" "reminder_queue" {
  kms_master_key_id = var.records_key_arn
  tags              = { Data = "phi" }
}

resource "aws_sqs_queue_policy" "reminder_queue_policy" {
  queue_url = aws_sqs_queue.reminder_queue.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefusePlainHttp", Effect = "Deny", Principal = "*", Action = "sqs:*", Resource = aws_sqs_queue.reminder_queue.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sns_topic" "result_topic" {
  kms_master_key_id = var.records_key_arn
  tags              = { Data = "phi" }
}

resource "aws_sns_topic_policy" "result_topic_policy" {
  arn = aws_sns_topic.result_topic.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RefusePlainHttp", Effect = "Deny", Principal = "*", Action = "sns:Publish", Resource = aws_sns_topic.result_topic.arn
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
  })
}

resource "aws_sns_topic_subscription" "result_subscription" {
  topic_arn = aws_sns_topic.result_topic.arn
  protocol  = "https"
  endpoint  = "https://inbox.hokuto-kensa.example/aozora"
}

resource "aws_sesv2_configuration_set" "letters" {
  configuration_set_name = "letters"
  delivery_options { tls_policy = "REQUIRE" }
}

# The service has ended; that it is still here is accepted for a while (sekisho.waivers.yaml).
resource "aws_pinpoint_sms_channel" "text_messages" {
  application_id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
  enabled        = true
  short_code     = "26253"
}
