# Who read the state, and when: the state holds whatever resources hold, so each reading is worth a line.

locals {
  access_logs_bucket_name = "${local.bucket_name}-logs"
  access_logs_bucket_arn  = "arn:${local.partition}:s3:::${local.access_logs_bucket_name}"
}

resource "aws_s3_bucket" "access_logs" {
  #checkov:skip=CKV_AWS_18: a bucket of access logs that logs its own accesses never comes to rest
  #checkov:skip=CKV_AWS_144: access logs are not worth a copy in another region
  #checkov:skip=CKV_AWS_145: S3 delivers access logs only to buckets whose default encryption is SSE-S3
  #checkov:skip=CKV2_AWS_62: nothing acts on a new access log
  bucket        = local.access_logs_bucket_name
  force_destroy = var.force_destroy

  tags = { Name = local.access_logs_bucket_name }
}

resource "aws_s3_bucket_versioning" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  rule {
    id     = "expire"
    status = "Enabled"

    filter {}

    expiration {
      days = var.access_log_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.access_logs]
}

resource "aws_s3_bucket_policy" "access_logs" {
  bucket = aws_s3_bucket.access_logs.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.access_logs_bucket_arn, "${local.access_logs_bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "AccessLogsOfStateBucket"
        Effect    = "Allow"
        Principal = { Service = "logging.s3.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.access_logs_bucket_arn}/state/*"
        Condition = {
          # The service delivers for every account: only the logs of this account's state bucket are taken.
          StringEquals = { "aws:SourceAccount" = local.account_id }
          ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
        }
      },
    ]
  })

  depends_on = [aws_s3_bucket_public_access_block.access_logs]
}
