mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name        = "demo"
  account_id  = "123456789012"
  bucket_name = "demo-media"
  cloudfront = {
    aliases         = ["media.example.com"]
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000001"
    public_keys = {
      platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
      acme     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8B\n-----END PUBLIC KEY-----"
      acme-new = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8C\n-----END PUBLIC KEY-----"
      beta     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8D\n-----END PUBLIC KEY-----"
    }
    key_prefixes = {
      acme     = "acme/web/"
      acme-new = "acme/web/"
      beta     = "beta/web/"
    }
  }
}

run "no_public_access" {
  command = plan

  assert {
    condition = alltrue([
      for block in [aws_s3_bucket_public_access_block.media, aws_s3_bucket_public_access_block.access_logs] :
      block.block_public_acls && block.block_public_policy && block.ignore_public_acls && block.restrict_public_buckets
    ])
    error_message = "Public access must be blocked in all four ways, for both buckets."
  }

  assert {
    condition = alltrue([
      for controls in [aws_s3_bucket_ownership_controls.media, aws_s3_bucket_ownership_controls.access_logs] :
      one(controls.rule[*].object_ownership) == "BucketOwnerEnforced"
    ])
    error_message = "ACLs must be off, for both buckets."
  }

  assert {
    condition = alltrue([
      for policy in [aws_s3_bucket_policy.media.policy, aws_s3_bucket_policy.access_logs.policy] : alltrue([
        for statement in [for each in jsondecode(policy).Statement : each if each.Effect != "Deny"] :
        try(keys(statement.Principal) == ["Service"] && length(statement.Condition) > 0, false)
      ])
    ])
    error_message = "Bucket policies may allow services of AWS alone, and each with a condition."
  }
}

run "tls_only" {
  command = plan

  assert {
    condition = alltrue([
      for name, policy in {
        demo-media      = aws_s3_bucket_policy.media.policy
        demo-media-logs = aws_s3_bucket_policy.access_logs.policy
        } : contains(jsondecode(policy).Statement, {
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = ["arn:aws:s3:::${name}", "arn:aws:s3:::${name}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
      })
    ])
    error_message = "Both buckets must deny everything without TLS, for the bucket and its objects."
  }
}

run "encryption" {
  command = plan

  assert {
    condition = alltrue([
      for rule in aws_s3_bucket_server_side_encryption_configuration.media.rule :
      rule.bucket_key_enabled &&
      one(rule.apply_server_side_encryption_by_default[*].sse_algorithm) == "aws:kms" &&
      one(rule.apply_server_side_encryption_by_default[*].kms_master_key_id) == aws_kms_key.media.arn
    ])
    error_message = "A put that asks for nothing must be encrypted under the bucket's key."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_s3_bucket_policy.media.policy).Statement : statement.Sid => jsonencode(statement.Condition)
      if statement.Effect == "Deny" && statement.Action == "s3:PutObject" && statement.Principal == "*" &&
      statement.Resource == "arn:aws:s3:::demo-media/*"
      } == {
      NoOtherEncryption = jsonencode({
        Null            = { "s3:x-amz-server-side-encryption" = "false" }
        StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
      })
      NoOtherKey = jsonencode({
        Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
        StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = aws_kms_key.media.arn }
      })
      NoKeyOfAws = jsonencode({
        Null = {
          "s3:x-amz-server-side-encryption"                = "false"
          "s3:x-amz-server-side-encryption-aws-kms-key-id" = "true"
        }
      })
      NoKeyOfTheUploader = jsonencode({
        Null = { "s3:x-amz-server-side-encryption-customer-algorithm" = "false" }
      })
    }
    error_message = "Puts that ask for another encryption, another key, AWS's key or the uploader's own must be denied."
  }

  assert {
    condition     = aws_kms_key.media.enable_key_rotation && aws_kms_key.media.deletion_window_in_days == 30
    error_message = "The key must rotate, and wait 30 days before it is deleted."
  }

  assert {
    condition = {
      for statement in jsondecode(aws_kms_key.media.policy).Statement : statement.Sid => jsonencode(statement.Principal)
      } == {
      RightsComeFromIamOfThisAccount = jsonencode({ AWS = "arn:aws:iam::123456789012:root" })
      TheDistributionReads           = jsonencode({ Service = "cloudfront.amazonaws.com" })
    }
    error_message = "The key must trust this account's IAM and the distribution, and nobody else."
  }

  assert {
    condition = alltrue([
      for configuration in [
        aws_s3_bucket_server_side_encryption_configuration.access_logs
      ] : one(flatten(configuration.rule[*].apply_server_side_encryption_by_default[*].sse_algorithm)) == "AES256"
    ])
    error_message = "The access logs must be encrypted by S3's own key, or S3 does not deliver them."
  }
}

run "mistakes_can_be_undone" {
  command = plan

  assert {
    condition = alltrue([
      for versioning in [aws_s3_bucket_versioning.media, aws_s3_bucket_versioning.access_logs] :
      one(versioning.versioning_configuration[*].status) == "Enabled"
    ])
    error_message = "Both buckets must keep versions."
  }

  assert {
    condition     = !aws_s3_bucket.media.force_destroy && !aws_s3_bucket.access_logs.force_destroy
    error_message = "A destroy must be refused while there are objects."
  }
}

run "access_is_logged" {
  command = plan

  assert {
    condition     = aws_s3_bucket_logging.media.target_bucket == aws_s3_bucket.access_logs.id && aws_s3_bucket_logging.media.target_prefix == "s3/"
    error_message = "Accesses to the bucket must be logged in the other one."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_s3_bucket_policy.access_logs.policy).Statement : jsonencode(statement)
      if statement.Sid == "LogsOfTheMediaBucket"
      ]) == jsonencode({
      Sid       = "LogsOfTheMediaBucket"
      Effect    = "Allow"
      Principal = { Service = "logging.s3.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::demo-media-logs/s3/*"
      Condition = {
        ArnEquals    = { "aws:SourceArn" = "arn:aws:s3:::demo-media" }
        StringEquals = { "aws:SourceAccount" = "123456789012" }
      }
    })
    error_message = "S3 may write logs of this bucket and account alone, or others could fill it."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_s3_bucket_policy.access_logs.policy).Statement : jsonencode(statement)
      if statement.Sid == "LogsOfTheDistribution"
      ]) == jsonencode({
      Sid       = "LogsOfTheDistribution"
      Effect    = "Allow"
      Principal = { Service = "delivery.logs.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::demo-media-logs/cloudfront/*"
      Condition = {
        ArnEquals = { "aws:SourceArn" = "arn:aws:logs:us-east-1:123456789012:delivery-source:demo-media-cloudfront" }
        StringEquals = {
          "aws:SourceAccount" = "123456789012"
          "s3:x-amz-acl"      = "bucket-owner-full-control"
        }
      }
    })
    error_message = "CloudFront's logs may come from this distribution's delivery alone."
  }

  assert {
    condition = (
      aws_cloudwatch_log_delivery_source.cloudfront[0].resource_arn == aws_cloudfront_distribution.media[0].arn &&
      aws_cloudwatch_log_delivery_source.cloudfront[0].region == "us-east-1" &&
      aws_cloudwatch_log_delivery.cloudfront[0].delivery_source_name == "demo-media-cloudfront" &&
      aws_cloudwatch_log_delivery_destination.cloudfront[0].delivery_destination_configuration[0].destination_resource_arn == "${aws_s3_bucket.access_logs.arn}/cloudfront"
    )
    error_message = "Accesses through the distribution must be logged in the log bucket."
  }

  assert {
    condition = length(setintersection(
      aws_cloudwatch_log_delivery.cloudfront[0].record_fields, ["cs-uri-query", "cs(Cookie)", "cs(Referer)"]
    )) == 0
    error_message = "Logs must not hold the query: who reads the signature there can use it."
  }
}
