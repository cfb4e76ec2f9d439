mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name        = "demo"
  account_id  = "123456789012"
  bucket_name = "demo-media"
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_s3_bucket.media.bucket == "demo-media" && aws_s3_bucket.access_logs.bucket == "demo-media-logs"
    error_message = "The buckets must have the names asked for."
  }

  assert {
    condition = (
      output.bucket_name == "demo-media" && output.bucket_arn == "arn:aws:s3:::demo-media" &&
      output.access_log_bucket_name == "demo-media-logs"
    )
    error_message = "The outputs must name the buckets."
  }

  assert {
    condition = (
      length(aws_cloudfront_distribution.media) == 0 && length(aws_cloudfront_key_group.media) == 0 &&
      length(aws_cloudwatch_log_delivery.cloudfront) == 0 && output.cloudfront_domain == null &&
      output.cloudfront_key_pair_ids == {}
    )
    error_message = "Without the variable cloudfront nothing of it may be made."
  }

  assert {
    condition = one(flatten([
      for rule in aws_s3_bucket_lifecycle_configuration.media.rule : rule.noncurrent_version_expiration[*].noncurrent_days
    ])) == 30
    error_message = "What people replaced or deleted must be gone after 30 days."
  }

  assert {
    condition = one(flatten([
      for rule in aws_s3_bucket_lifecycle_configuration.media.rule :
      rule.abort_incomplete_multipart_upload[*].days_after_initiation
    ])) == 1
    error_message = "Abandoned uploads must be gone after a day."
  }

  assert {
    condition = one(flatten([
      for rule in aws_s3_bucket_lifecycle_configuration.access_logs.rule : rule.expiration[*].days
    ])) == 365
    error_message = "Access logs must be kept for a year."
  }
}

run "days_and_tags" {
  command = plan

  variables {
    noncurrent_version_days   = 90
    access_log_retention_days = 60
    force_destroy             = true
    tags                      = { owner = "platform" }
  }

  assert {
    condition = one(flatten([
      for rule in aws_s3_bucket_lifecycle_configuration.media.rule : rule.noncurrent_version_expiration[*].noncurrent_days
    ])) == 90
    error_message = "Old versions must be kept as long as asked for."
  }

  assert {
    condition = one(flatten([
      for rule in aws_s3_bucket_lifecycle_configuration.access_logs.rule : rule.expiration[*].days
    ])) == 60
    error_message = "Access logs must be kept as long as asked for."
  }

  assert {
    condition     = aws_s3_bucket.media.force_destroy && aws_s3_bucket.access_logs.force_destroy
    error_message = "force_destroy must hold for both buckets."
  }

  assert {
    condition = alltrue([
      for tags in [aws_s3_bucket.media.tags, aws_s3_bucket.access_logs.tags, aws_kms_key.media.tags] :
      tags == tomap({ owner = "platform" })
    ])
    error_message = "Buckets and key must carry the tags."
  }
}
