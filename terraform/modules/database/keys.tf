locals {
  # A key policy's "*" is the key itself. Rights are given by IAM, and by nothing outside the account.
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RightsComeFromIamOfThisAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
    ]
  })
}

# Storage, backups, snapshots and Performance Insights of this database, and nothing else.
resource "aws_kms_key" "rds" {
  description             = "${local.identifier}: storage, backups, Performance Insights"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
  tags                    = var.tags
}

resource "aws_kms_alias" "rds" {
  name          = "alias/${local.identifier}"
  target_key_id = aws_kms_key.rds.key_id
}

# A key of its own: who may read the administrator's password needs no right on the data's key.
resource "aws_kms_key" "master_secret" {
  description             = "${local.identifier}: the administrator's password"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
  tags                    = var.tags
}

resource "aws_kms_alias" "master_secret" {
  name          = "alias/${local.identifier}-master-secret"
  target_key_id = aws_kms_key.master_secret.key_id
}

# Not a replica of the first key: the copy must stay readable when that one is gone.
resource "aws_kms_key" "rds_copy" {
  count = var.backup_copy_region == null ? 0 : 1

  region                  = var.backup_copy_region
  description             = "${local.identifier}: copies of the backups of ${var.region}"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
  tags                    = var.tags
}

resource "aws_kms_alias" "rds_copy" {
  count = var.backup_copy_region == null ? 0 : 1

  region        = var.backup_copy_region
  name          = "alias/${local.identifier}-copy"
  target_key_id = aws_kms_key.rds_copy[0].key_id
}
