mock_provider "aws" {
  source = "./tests/mocks"
}

run "names" {
  command = apply

  assert {
    condition     = output.bucket == "appinstance-tfstate-111122223333-eu-central-1"
    error_message = "The bucket's default name must be made of name, account and region."
  }

  assert {
    condition     = output.table == "appinstance-tfstate-lock" && output.kms_key_arn == aws_kms_key.state.arn
    error_message = "The outputs must name the lock table and the key."
  }

  assert {
    condition     = aws_kms_alias.state.name == "alias/appinstance-tfstate" && aws_kms_alias.state.target_key_id == aws_kms_key.state.key_id
    error_message = "The key's alias must carry the platform's name."
  }

  assert {
    condition     = aws_s3_bucket.access_logs.bucket == "appinstance-tfstate-111122223333-eu-central-1-logs"
    error_message = "The access logs' bucket must be named after the state bucket."
  }
}

run "backend_config" {
  command = apply

  assert {
    condition     = output.backend_config == <<-EOT
      bucket         = "appinstance-tfstate-111122223333-eu-central-1"
      region         = "eu-central-1"
      encrypt        = true
      kms_key_id     = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"
      use_lockfile   = true
      dynamodb_table = "appinstance-tfstate-lock"
    EOT
    error_message = "backend_config must name bucket, region, key and both locks."
  }
}

run "another_bucket_name" {
  command = plan

  variables {
    state_bucket_name = "acme-terraform"
  }

  assert {
    condition     = output.bucket == "acme-terraform" && aws_s3_bucket.access_logs.bucket == "acme-terraform-logs"
    error_message = "A given bucket name must be taken as it is."
  }
}

run "lock_table" {
  command = plan

  assert {
    condition     = aws_dynamodb_table.lock.hash_key == "LockID" && one(aws_dynamodb_table.lock.attribute).type == "S"
    error_message = "Terraform's lock needs a table with the key LockID of type string."
  }

  assert {
    condition     = aws_dynamodb_table.lock.billing_mode == "PAY_PER_REQUEST"
    error_message = "The lock table must cost nothing while nobody locks."
  }
}

run "lifecycle_keeps_a_way_back" {
  command = plan

  variables {
    noncurrent_version_days = 180
  }

  assert {
    condition = (
      one(aws_s3_bucket_lifecycle_configuration.state.rule[0].noncurrent_version_expiration).noncurrent_days == 180
      && one(aws_s3_bucket_lifecycle_configuration.state.rule[0].noncurrent_version_expiration).newer_noncurrent_versions == 20
    )
    error_message = "Older versions must stay for noncurrent_version_days, the newest 20 for longer."
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.state.rule[0].expiration).expired_object_delete_marker
    error_message = "Markers of deleted lock files must be removed."
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.access_logs.rule[0].expiration).days == 365
    error_message = "Access logs must be kept for a year."
  }
}
