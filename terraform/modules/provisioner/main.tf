# The provisioner of databases (docs/adr/0034): two roles, the bucket of its dumps, and the group of its pods. What it may do in
# the database, the administrator's login says; nothing here does.

locals {
  iam        = "arn:${var.partition}:iam::${var.account_id}"
  bucket_arn = "arn:${var.partition}:s3:::${var.bucket_name}"
  # Under the tenants' prefix, each namespace's and each instance's: the name that the operator gives it, and the six characters
  # that Secrets Manager adds.
  entries         = "${local.missing_entries}-*"
  missing_entries = "arn:${var.partition}:secretsmanager:${var.region}:${var.account_id}:secret:${var.secrets_prefix}*/database"
  # From the name, not from the resource: policies stay readable in a plan.
  role_arns = { for role in keys(local.accounts) : role => "${local.iam}:role/platform/${var.name}-${role}" }
  accounts = {
    provisioner               = "appinstance-database"
    provisioner-administrator = "appinstance-database-administrator"
  }
}

resource "aws_iam_role" "this" {
  for_each = local.accounts

  name                 = "${var.name}-${each.key}"
  path                 = "/platform/"
  description          = "${each.key} of ${var.name}, taken by its service account alone"
  assume_role_policy   = local.trusts[each.key]
  max_session_duration = 3600
  tags                 = var.tags
}

resource "aws_iam_role_policy" "this" {
  for_each = local.role_policies

  name   = each.key
  role   = aws_iam_role.this[each.key].name
  policy = each.value
}

# Dumps ---------------------------------------------------------------------------------------------

resource "aws_s3_bucket" "dumps" {
  #checkov:skip=CKV_AWS_18: who read a dump is in CloudTrail's data events, where the platform's audit has them turned on
  #checkov:skip=CKV_AWS_144: a dump is a last copy beside RDS's own backups, which can be kept in a second region
  #checkov:skip=CKV2_AWS_62: nothing listens to events of this bucket
  bucket        = var.bucket_name
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_public_access_block" "dumps" {
  bucket = aws_s3_bucket.dumps.id

  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "dumps" {
  bucket = aws_s3_bucket.dumps.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

# The database's own key: what was encrypted by it there is so here.
resource "aws_s3_bucket_server_side_encryption_configuration" "dumps" {
  bucket = aws_s3_bucket.dumps.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = var.database_kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "dumps" {
  bucket = aws_s3_bucket.dumps.id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "dumps" {
  bucket = aws_s3_bucket.dumps.id

  rule {
    id     = "old-dumps-go"
    status = "Enabled"

    filter {}

    expiration {
      days = var.dump_retention_days
    }

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
  }

  depends_on = [aws_s3_bucket_versioning.dumps]
}

resource "aws_s3_bucket_policy" "dumps" {
  bucket = aws_s3_bucket.dumps.id
  policy = local.bucket_policy

  depends_on = [aws_s3_bucket_public_access_block.dumps]
}
