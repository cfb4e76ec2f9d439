mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name       = "demo"
  account_id = "123456789012"
  region     = "eu-central-1"
}

run "nothing_but_the_key" {
  command = plan

  assert {
    condition     = length(aws_secretsmanager_secret.this) == 0 && length(aws_secretsmanager_secret_rotation.database_master) == 0
    error_message = "Without entries and database only the key may be made."
  }

  assert {
    # checkov:skip=CKV_SECRET_6: prefixes of names
    condition     = output.allowed_prefix == "apps/" && output.platform_secrets_prefix == "platform/" && output.secret_arns == {}
    error_message = "The prefixes given out must be apps/ and platform/."
  }

  assert {
    condition     = aws_kms_alias.secrets.name == "alias/demo-secrets"
    error_message = "The key must be found under the platform's name."
  }
}

run "entries" {
  command = plan

  variables {
    tags                 = { owner = "platform" }
    recovery_window_days = 7
    entries              = { "apps/acme/web/app" = { description = "Keys of acme/web" } }
  }

  assert {
    condition = (
      aws_secretsmanager_secret.this["apps/acme/web/app"].name == "apps/acme/web/app" &&
      aws_secretsmanager_secret.this["apps/acme/web/app"].description == "Keys of acme/web" &&
      aws_secretsmanager_secret.this["apps/acme/web/app"].recovery_window_in_days == 7
    )
    error_message = "The entry must have the name, description and recovery window asked for."
  }

  assert {
    condition     = output.secret_arns["apps/acme/web/app"] == aws_secretsmanager_secret.this["apps/acme/web/app"].arn
    error_message = "secret_arns must give the ARN by the entry's name."
  }

  assert {
    condition = alltrue([
      for tags in [aws_secretsmanager_secret.this["apps/acme/web/app"].tags, aws_kms_key.secrets.tags] :
      tags == tomap({ owner = "platform" })
    ])
    error_message = "Entries and key must carry the tags."
  }
}

run "rotation" {
  command = plan

  variables {
    database_master_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf"
    master_rotation_days       = 3
  }

  assert {
    condition = (
      aws_secretsmanager_secret_rotation.database_master[0].secret_id == var.database_master_secret_arn &&
      one(aws_secretsmanager_secret_rotation.database_master[0].rotation_rules[*].automatically_after_days) == 3
    )
    error_message = "The administrator's password must be rotated as often as asked for."
  }
}
