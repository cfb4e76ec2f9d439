mock_provider "aws" {
  source = "./tests/mocks"
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
