mock_provider "aws" {
  mock_resource "aws_acm_certificate" {
    defaults = {
      arn = "arn:aws:acm:eu-central-1:111122223333:certificate/11112222-3333-4444-5555-666677778888"
      domain_validation_options = [
        {
          domain_name           = "apps.example.com"
          resource_record_name  = "_a1b2.apps.example.com."
          resource_record_type  = "CNAME"
          resource_record_value = "_c3d4.acm-validations.aws."
        },
        {
          domain_name           = "*.apps.example.com"
          resource_record_name  = "_a1b2.apps.example.com."
          resource_record_type  = "CNAME"
          resource_record_value = "_c3d4.acm-validations.aws."
        },
      ]
    }
  }
  mock_resource "aws_wafv2_web_acl" {
    defaults = {
      arn = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/platform/11112222-3333-4444-5555-666677778888"
    }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:eu-central-1:111122223333:log-group:aws-waf-logs-platform"
    }
  }
}

variables {
  name             = "platform"
  account_id       = "111122223333"
  region           = "eu-central-1"
  domain           = "apps.example.com"
  zone_id          = "Z0123456789ABCDEFGHIJ"
  logs_kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/11112222-3333-4444-5555-666677778888"
}

run "first_wrong_value_of_each" {
  command = plan

  variables {
    name                     = "Platform"
    account_id               = "1111"
    region                   = "Frankfurt"
    partition                = "amazon"
    domain                   = "*.example.com"
    zone_id                  = "/hostedzone/Z0123456789"
    logs_kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:alias/logs"
    log_retention_days       = 30
    rate_limit_per_5_minutes = 50
    sign_in_paths            = []
  }

  expect_failures = [
    var.name,
    var.account_id,
    var.region,
    var.partition,
    var.domain,
    var.zone_id,
    var.logs_kms_key_arn,
    var.log_retention_days,
    var.rate_limit_per_5_minutes,
    var.sign_in_paths,
  ]
}

run "second_wrong_value_of_each" {
  command = plan

  variables {
    name                     = "p"
    domain                   = "apps.example.com."
    rate_limit_per_5_minutes = 200.5
    sign_in_paths            = ["/api/(.*)"]
  }

  expect_failures = [
    var.name,
    var.domain,
    var.rate_limit_per_5_minutes,
    var.sign_in_paths,
  ]
}

# The validation of these two reads another variable, which has to be right then.
run "third_wrong_value_of_each" {
  command = plan

  variables {
    domain                           = "Apps.example.com"
    sign_in_rate_limit_per_5_minutes = 5
    upload_path                      = "/api/*"
  }

  expect_failures = [
    var.domain,
    var.sign_in_rate_limit_per_5_minutes,
    var.upload_path,
  ]
}

run "fourth_wrong_value_of_each" {
  command = plan

  variables {
    domain                           = "localhost"
    sign_in_rate_limit_per_5_minutes = 2000 # not below the site's
    upload_path                      = "/api/v1/auth/sign-in"
  }

  expect_failures = [
    var.domain,
    var.sign_in_rate_limit_per_5_minutes,
    var.upload_path,
  ]
}
