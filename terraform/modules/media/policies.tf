locals {
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          # A key policy's "*" is the key itself. Rights are given by IAM, and by nothing outside the account.
          Sid       = "RightsComeFromIamOfThisAccount"
          Effect    = "Allow"
          Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
          Action    = "kms:*"
          Resource  = "*"
        },
      ],
      [
        for distribution in aws_cloudfront_distribution.media : {
          Sid       = "TheDistributionReads"
          Effect    = "Allow"
          Principal = { Service = "cloudfront.amazonaws.com" }
          Action    = "kms:Decrypt"
          Resource  = "*"
          Condition = { StringEquals = { "aws:SourceArn" = distribution.arn } }
        }
      ],
    )
  })

  bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
        # A put that asks for nothing gets the bucket's default, this key. The four below are about
        # puts that ask for something else. Null: a negated condition also matches where the header is absent.
        {
          Sid       = "NoOtherEncryption"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:PutObject"
          Resource  = "${local.bucket_arn}/*"
          Condition = {
            Null            = { "s3:x-amz-server-side-encryption" = "false" }
            StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
          }
        },
        {
          Sid       = "NoOtherKey"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:PutObject"
          Resource  = "${local.bucket_arn}/*"
          Condition = {
            Null = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
            StringNotEquals = {
              "s3:x-amz-server-side-encryption-aws-kms-key-id" = aws_kms_key.media.arn
            }
          }
        },
        {
          # "aws:kms" without a key means AWS's own key, not the bucket's.
          Sid       = "NoKeyOfAws"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:PutObject"
          Resource  = "${local.bucket_arn}/*"
          Condition = {
            Null = {
              "s3:x-amz-server-side-encryption"                = "false"
              "s3:x-amz-server-side-encryption-aws-kms-key-id" = "true"
            }
          }
        },
        {
          # Objects under a key that only the uploader knows could be held to ransom.
          Sid       = "NoKeyOfTheUploader"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:PutObject"
          Resource  = "${local.bucket_arn}/*"
          Condition = { Null = { "s3:x-amz-server-side-encryption-customer-algorithm" = "false" } }
        },
      ],
      [
        for distribution in aws_cloudfront_distribution.media : {
          Sid       = "TheDistributionReads"
          Effect    = "Allow"
          Principal = { Service = "cloudfront.amazonaws.com" }
          Action    = "s3:GetObject"
          Resource  = "${local.bucket_arn}/*"
          Condition = { StringEquals = { "aws:SourceArn" = distribution.arn } }
        }
      ],
    )
  })

  access_log_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "TlsOnly"
          Effect    = "Deny"
          Principal = "*"
          Action    = "s3:*"
          Resource  = [local.access_log_arn, "${local.access_log_arn}/*"]
          Condition = { Bool = { "aws:SecureTransport" = "false" } }
        },
        {
          Sid       = "LogsOfTheMediaBucket"
          Effect    = "Allow"
          Principal = { Service = "logging.s3.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "${local.access_log_arn}/s3/*"
          Condition = {
            ArnEquals    = { "aws:SourceArn" = local.bucket_arn }
            StringEquals = { "aws:SourceAccount" = var.account_id }
          }
        },
      ],
      [
        for distribution in aws_cloudfront_distribution.media : {
          Sid       = "LogsOfTheDistribution"
          Effect    = "Allow"
          Principal = { Service = "delivery.logs.amazonaws.com" }
          Action    = "s3:PutObject"
          Resource  = "${local.access_log_arn}/cloudfront/*"
          Condition = {
            ArnEquals = {
              "aws:SourceArn" = "arn:${var.partition}:logs:us-east-1:${var.account_id}:delivery-source:${local.log_delivery_name}"
            }
            StringEquals = {
              "aws:SourceAccount" = var.account_id
              "s3:x-amz-acl"      = "bucket-owner-full-control"
            }
          }
        }
      ],
    )
  })
}
