locals {
  access_log_name = "${var.name}-load-balancer-logs-${var.account_id}"
  access_log_arn  = "arn:${var.partition}:s3:::${local.access_log_name}"

  access_log_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.access_log_arn, "${local.access_log_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # As AWS's page has it (ELB, Enable access logs, step 2), without a condition: a service that did not send the key would be refused,
        # and the controller could set no load balancer up. Logs lie under the number of the account whose load balancer writes them, so
        # nobody else's fit this one.
        Sid       = "LoadBalancersOfThisAccountWrite"
        Effect    = "Allow"
        Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
        Action    = "s3:PutObject"
        Resource  = "${local.access_log_arn}/AWSLogs/${var.account_id}/*"
      },
    ]
  })
}

resource "aws_s3_bucket" "access_logs" {
  #checkov:skip=CKV_AWS_18: logs about the log bucket would log themselves without end
  #checkov:skip=CKV_AWS_144: access logs are not worth a second region
  #checkov:skip=CKV_AWS_145: load balancers write only where the encryption is S3's own (ELB, Enable access logs, step 1)
  #checkov:skip=CKV2_AWS_62: nothing listens to events of this bucket
  count = var.access_logs ? 1 : 0

  bucket        = local.access_log_name
  force_destroy = var.force_destroy
  tags          = local.tags
}

resource "aws_s3_bucket_public_access_block" "access_logs" {
  count = var.access_logs ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "access_logs" {
  count = var.access_logs ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "access_logs" {
  count = var.access_logs ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_versioning" "access_logs" {
  count = var.access_logs ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "access_logs" {
  count = var.access_logs ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id

  rule {
    id     = "old-logs-go"
    status = "Enabled"

    filter {}

    expiration {
      days = var.log_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.access_logs]
}

resource "aws_s3_bucket_policy" "access_logs" {
  count = var.access_logs ? 1 : 0

  bucket = aws_s3_bucket.access_logs[0].id
  policy = local.access_log_policy

  depends_on = [aws_s3_bucket_public_access_block.access_logs]
}
