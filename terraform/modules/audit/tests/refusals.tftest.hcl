mock_provider "aws" {
  mock_resource "aws_kms_key" {
    defaults = {
      arn    = "arn:aws:kms:eu-central-1:111122223333:key/99990000-3333-4444-5555-666677778888"
      key_id = "99990000-3333-4444-5555-666677778888"
    }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = {
      arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/cloudtrail/platform-audit"
    }
  }
  mock_resource "aws_iam_role" {
    defaults = {
      arn = "arn:aws:iam::111122223333:role/platform/platform-trail"
    }
  }
  mock_resource "aws_cloudtrail" {
    defaults = {
      arn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/platform-audit"
    }
  }
}

variables {
  name             = "platform"
  account_id       = "111122223333"
  region           = "eu-central-1"
  logs_kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/11112222-3333-4444-5555-666677778888"
}

run "first_wrong_value_of_each" {
  command = plan

  variables {
    name                     = "Platform"
    account_id               = "1111"
    region                   = "Frankfurt"
    partition                = "amazon"
    logs_kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:alias/logs"
    log_retention_days       = 30
    kms_deletion_window_days = 3
    bucket_retention_days    = 90
    data_event_bucket_arns   = ["arn:aws:s3:::example-media/"]
  }

  expect_failures = [
    var.name,
    var.account_id,
    var.region,
    var.partition,
    var.logs_kms_key_arn,
    var.log_retention_days,
    var.kms_deletion_window_days,
    var.bucket_retention_days,
    var.data_event_bucket_arns,
  ]
}

run "recorder_twice" {
  command = plan

  variables {
    config_recorder_exists = true
  }

  expect_failures = [var.config_recorder_exists]
}

run "security_hub_without_config" {
  command = plan

  variables {
    enable_config       = false
    enable_security_hub = true
  }

  expect_failures = [var.enable_security_hub]
}
