locals {
  tags        = merge(var.tags, { Name = "${var.name}-audit" })
  bucket_name = "${var.name}-audit-${var.account_id}-${var.region}"

  # Built rather than read: the key and the bucket must name the trail before it exists.
  trail_name = "${var.name}-audit"
  trail_arn  = "arn:${var.partition}:cloudtrail:${var.region}:${var.account_id}:trail/${local.trail_name}"
  bucket_arn = "arn:${var.partition}:s3:::${local.bucket_name}"
}

locals {
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "AccountDecidesByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*" # in a key policy: this key
      },
      {
        Sid       = "TrailEncrypts"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:GenerateDataKey*"
        Resource  = "*" # in a key policy: this key
        Condition = {
          StringEquals = {
            "aws:SourceArn"                            = local.trail_arn
            "kms:EncryptionContext:aws:cloudtrail:arn" = local.trail_arn
          }
        }
      },
      {
        # The bucket has an S3 bucket key, and then CreateTrail and UpdateTrail are refused without it ("Configure AWS KMS key
        # policies for CloudTrail", docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html).
        # Under a bucket key the encryption context is the bucket's, so the trail is named by the source alone.
        Sid       = "TrailDecryptsTheBucketKey"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:Decrypt"
        Resource  = "*" # in a key policy: this key
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      {
        Sid       = "TrailLooksAtTheKey"
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "kms:DescribeKey"
        Resource  = "*" # in a key policy: this key
        Condition = { StringEquals = { "aws:SourceArn" = local.trail_arn } }
      },
      ], var.enable_config ? [{
        Sid       = "ConfigEncrypts"
        Effect    = "Allow"
        Principal = { Service = "config.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*" # in a key policy: this key
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }] : [])
  })
}

resource "aws_kms_key" "audit" {
  description             = "Audit records of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = var.kms_deletion_window_days
  policy                  = local.key_policy
  tags                    = local.tags
}

resource "aws_kms_alias" "audit" {
  name          = "alias/${var.name}-audit"
  target_key_id = aws_kms_key.audit.key_id
}
