mock_provider "aws" {
  source = "./tests/mocks"
}

run "encrypted_under_its_own_key" {
  command = apply

  assert {
    condition = (
      one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms"
      && one(aws_s3_bucket_server_side_encryption_configuration.state.rule).apply_server_side_encryption_by_default[0].kms_master_key_id == aws_kms_key.state.arn
    )
    error_message = "States must be encrypted under the root's own key."
  }

  assert {
    condition     = aws_dynamodb_table.lock.server_side_encryption[0].enabled && aws_dynamodb_table.lock.server_side_encryption[0].kms_key_arn == aws_kms_key.state.arn
    error_message = "The lock table, which holds digests of states, must be encrypted under the same key."
  }

  assert {
    condition     = aws_kms_key.state.enable_key_rotation && aws_kms_key.state.deletion_window_in_days == 30
    error_message = "The key must rotate, and stay recoverable for 30 days."
  }
}

run "key_policy" {
  command = plan

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.state.policy).Statement :
      statement.Principal == { AWS = "arn:aws:iam::111122223333:root" } && length(statement.Sid) > 0
    ])
    error_message = "Only this account may appear in the key policy."
  }
}

run "versioned_and_kept" {
  command = plan

  assert {
    condition     = aws_s3_bucket_versioning.state.versioning_configuration[0].status == "Enabled"
    error_message = "The bucket must keep older states."
  }

  assert {
    condition     = !aws_s3_bucket.state.force_destroy && aws_dynamodb_table.lock.deletion_protection_enabled
    error_message = "Neither states nor table may be deleted by a plain destroy."
  }

  assert {
    condition     = aws_dynamodb_table.lock.point_in_time_recovery[0].enabled
    error_message = "The lock table must be recoverable."
  }
}

run "force_destroy_lifts_both_guards" {
  command = plan

  variables {
    force_destroy = true
  }

  assert {
    condition     = aws_s3_bucket.state.force_destroy && aws_s3_bucket.access_logs.force_destroy && !aws_dynamodb_table.lock.deletion_protection_enabled
    error_message = "With force_destroy everything must go with one destroy."
  }
}

run "closed_to_the_public" {
  command = plan

  assert {
    condition = alltrue([
      for block in [aws_s3_bucket_public_access_block.state, aws_s3_bucket_public_access_block.access_logs] :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "Both buckets must block public access in all four ways."
  }

  assert {
    condition = alltrue([
      for controls in [aws_s3_bucket_ownership_controls.state, aws_s3_bucket_ownership_controls.access_logs] :
      controls.rule[0].object_ownership == "BucketOwnerEnforced"
    ])
    error_message = "Neither bucket may have access lists."
  }
}

run "tls_only" {
  command = apply

  assert {
    condition = alltrue([
      for bucket, policy in {
        (aws_s3_bucket.state.bucket)       = aws_s3_bucket_policy.state.policy
        (aws_s3_bucket.access_logs.bucket) = aws_s3_bucket_policy.access_logs.policy
      } :
      anytrue([
        for statement in jsondecode(policy).Statement : (
          statement.Effect == "Deny" && statement.Principal == "*" && statement.Action == "s3:*"
          && toset(flatten([statement.Resource])) == toset(["arn:aws:s3:::${bucket}", "arn:aws:s3:::${bucket}/*"])
          && jsonencode(statement.Condition) == jsonencode({ Bool = { "aws:SecureTransport" = "false" } })
        )
      ])
    ])
    error_message = "Both buckets must refuse every request without TLS, on the bucket and on objects."
  }
}

run "no_other_encryption" {
  command = apply

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.state.policy).Statement : (
        statement.Effect == "Deny" && statement.Action == "s3:PutObject" && jsonencode(statement.Resource) == jsonencode("arn:aws:s3:::${aws_s3_bucket.state.bucket}/*")
        && try(statement.Condition.StringNotEquals["s3:x-amz-server-side-encryption-aws-kms-key-id"], "") == aws_kms_key.state.arn
      )
    ])
    error_message = "The bucket must refuse a state that is encrypted under another key."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.state.policy).Statement : (
        statement.Effect == "Deny" && statement.Action == "s3:PutObject" && jsonencode(statement.Resource) == jsonencode("arn:aws:s3:::${aws_s3_bucket.state.bucket}/*")
        && try(statement.Condition.StringNotEquals["s3:x-amz-server-side-encryption"], "") == "aws:kms"
      )
    ])
    error_message = "The bucket must refuse a state that is not encrypted by KMS."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_s3_bucket_policy.state.policy).Statement : statement.Effect == "Deny"])
    error_message = "The bucket policy may only deny: who reads states is left to IAM."
  }
}

run "accesses_are_logged" {
  command = apply

  assert {
    condition     = aws_s3_bucket_logging.state.target_bucket == aws_s3_bucket.access_logs.id && aws_s3_bucket_logging.state.target_prefix == "state/"
    error_message = "Accesses to the state must be logged to the other bucket."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.access_logs.policy).Statement : (
        statement.Principal == { Service = "logging.s3.amazonaws.com" }
        && statement.Action == "s3:PutObject"
        && try(statement.Condition.StringEquals["aws:SourceAccount"], "") == "111122223333"
        && try(statement.Condition.ArnEquals["aws:SourceArn"], "") == "arn:aws:s3:::appinstance-tfstate-111122223333-eu-central-1"
      )
      if statement.Effect == "Allow"
    ])
    error_message = "Only S3's log delivery for the state bucket may write access logs."
  }
}
