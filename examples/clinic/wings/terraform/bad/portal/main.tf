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
# Bad: lets one machine try passwords as often as it likes (web-acl-without-rate-limit).
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
}

# Bad: no filter in front of it (load-balancer-without-web-acl), no record of who came
# (load-balancer-without-access-log).
resource "aws_lb" "portal_balancer" {
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.public_subnets
  security_groups            = [var.front_group]
  drop_invalid_header_fields = true
  access_logs {
    bucket  = var.access_log_bucket
    enabled = false
  }
}

# Bad: plain on the last stretch (target-group-receives-plain-http).
resource "aws_lb_target_group" "portal_targets" {
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = 8080
}

# Bad: accepts TLS 1.0 (load-balancer-listener-allows-old-tls).
resource "aws_lb_listener" "portal_listener" {
  load_balancer_arn = aws_lb.portal_balancer.arn
  protocol          = "HTTPS"
  port              = 443
  ssl_policy        = "ELBSecurityPolicy-2016-08"
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

# Bad: passes plain HTTP on (global-accelerator-listener-passes-plain-traffic).
resource "aws_globalaccelerator_listener" "anycast_listener" {
  accelerator_arn = aws_globalaccelerator_accelerator.anycast.arn
  protocol        = "TCP"
  port_range {
    from_port = 80
    to_port   = 443
  }
}

resource "aws_cloudfront_origin_access_control" "picture_access" {
  name                              = "aozora-pictures"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Bad: plain HTTP (cloudfront-accepts-plain-http) and old TLS (cloudfront-accepts-old-tls) from the
# patients, plain HTTP to the load balancer (cloudfront-fetches-from-origin-over-plain-http), which
# one may also ask past it (origin-reached-past-cloudfront), no filter (cloudfront-without-web-acl)
# and no log (cloudfront-without-access-log).
resource "aws_cloudfront_distribution" "portal_pages" {
  enabled = true
  origin {
    origin_id   = "content"
    domain_name = aws_lb.portal_balancer.dns_name
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "http-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
  default_cache_behavior {
    target_origin_id       = "content"
    allowed_methods        = ["GET", "HEAD"]
    cached_methods         = ["GET", "HEAD"]
    cache_policy_id        = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    viewer_protocol_policy = "allow-all"
  }
  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    ssl_support_method       = "sni-only"
    minimum_protocol_version = "TLSv1"
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

# Bad: who signs in says himself to which clinic he belongs (cognito-client-writes-tenant).
resource "aws_cognito_user_pool_client" "portal_client" {
  name                         = "portal"
  user_pool_id                 = aws_cognito_user_pool.patients.id
  supported_identity_providers = ["COGNITO"]
  read_attributes              = ["email", "custom:clinic"]
  write_attributes             = ["email", "custom:clinic"]
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

# Bad: anyone may book, and see (api-gateway-method-open-to-anyone).
resource "aws_api_gateway_method" "booking_method" {
  rest_api_id   = aws_api_gateway_rest_api.booking_api.id
  resource_id   = aws_api_gateway_resource.booking_resource.id
  http_method   = "POST"
  authorization = "NONE"
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

# Bad: bookings stand in the log, names and all (api-gateway-logs-whole-requests), answers lie in a
# cache in clear (api-gateway-cache-not-encrypted), and who came is not written
# (api-gateway-stage-without-access-log).
resource "aws_api_gateway_stage" "booking_stage" {
  rest_api_id           = aws_api_gateway_rest_api.booking_api.id
  deployment_id         = aws_api_gateway_deployment.booking_deployment.id
  stage_name            = "live"
  cache_cluster_enabled = true
  cache_cluster_size    = "0.5"
  tags                  = { Data = "none" }
}

resource "aws_api_gateway_method_settings" "booking_stage" {
  rest_api_id = aws_api_gateway_rest_api.booking_api.id
  stage_name  = aws_api_gateway_stage.booking_stage.stage_name
  method_path = "*/*"
  settings {
    logging_level        = "ERROR"
    caching_enabled      = true
    data_trace_enabled   = true
    cache_data_encrypted = false
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

# Bad: a runtime that nobody mends (lambda-runtime-no-longer-patched), a password among the
# variables (lambda-environment-carries-secret) and no key of the clinic for them
# (lambda-environment-without-customer-key), a plain address
# (lambda-environment-names-plain-http-endpoint).
resource "aws_lambda_function" "booking_function" {
  function_name = "booking"
  runtime       = "python3.7"
  handler       = "index.handler"
  role          = aws_iam_role.booking_role.arn
  filename      = "booking.zip"
  environment {
    variables = {
      CALENDAR          = "http://calendar.aozora.example"
      CALENDAR_PASSWORD = "Umi-no-Sora-2019"
    }
  }
  tags = { Data = "phi" }
}

# Bad: any API of any account may call it (lambda-permission-admits-service-for-any-account).
resource "aws_lambda_permission" "booking_permission" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.booking_function.function_name
  principal     = "apigateway.amazonaws.com"
}

resource "aws_iam_role" "referral_role" {
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "states.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

# Bad: is tagged as what it does: it carries letters of patients (state-machine-receives-phi), which
# Step Functions may not do (service-not-eligible-for-phi).
resource "aws_sfn_state_machine" "referral_steps" {
  name       = "referrals"
  role_arn   = aws_iam_role.referral_role.arn
  definition = jsonencode({ StartAt = "Wait", States = { Wait = { Type = "Wait", Seconds = 60, End = true } } })
  tags       = { Data = "phi" }
}

# --- Messages ---------------------------------------------------------------
# Bad: whoever finds it may read it (sqs-queue-policy-allows-anyone,
# store-content-readable-by-anyone), by plain HTTP (sqs-queue-accepts-plain-http), in clear
# (sqs-queue-not-encrypted).
resource "aws_sqs_queue" "reminder_queue" {
  sqs_managed_sse_enabled = false
  tags                    = { Data = "phi" }
}

resource "aws_sqs_queue_policy" "reminder_queue_policy" {
  queue_url = aws_sqs_queue.reminder_queue.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "Anyone", Effect = "Allow", Principal = "*", Action = ["sqs:SendMessage", "sqs:ReceiveMessage"]
      Resource = aws_sqs_queue.reminder_queue.arn
    }]
  })
}

# Bad: no key of the clinic (sns-topic-not-encrypted-with-kms), plain HTTP
# (sns-topic-accepts-plain-http), and on by e-mail (sns-subscription-delivers-in-plain-text).
resource "aws_sns_topic" "result_topic" {
  display_name = "Results"
  tags         = { Data = "phi" }
}

resource "aws_sns_topic_subscription" "result_subscription" {
  topic_arn = aws_sns_topic.result_topic.arn
  protocol  = "email"
  endpoint  = "results@aozora.example"
}

# Bad: hands letters on in clear when the other side wants it so (ses-delivers-in-plain-text).
resource "aws_sesv2_configuration_set" "letters" {
  configuration_set_name = "letters"
  delivery_options { tls_policy = "OPTIONAL" }
}

# The service has ended; that it is still here is accepted for a while (sekisho.waivers.yaml).
# Bad: a number that it shares with others (pinpoint-sms-without-dedicated-short-code).
resource "aws_pinpoint_sms_channel" "text_messages" {
  application_id = "0a1b2c3d4e5f60718293a4b5c6d7e8f9"
  enabled        = true
  sender_id      = "AOZORA"
}
