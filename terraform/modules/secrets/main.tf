locals {
  reader_patterns = coalesce(
    var.reader_role_path_arn_patterns,
    ["arn:${var.partition}:iam::${var.account_id}:role/appinstances/appi-*"],
  )
  readers = {
    for name in keys(var.entries) : name => distinct(concat(
      startswith(name, var.allowed_prefix) ? local.reader_patterns : var.platform_reader_role_arns,
      var.admin_role_arns,
    ))
  }
}

resource "aws_kms_key" "secrets" {
  description             = "${var.name}: entries in Secrets Manager"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = local.key_policy
  tags                    = var.tags
}

resource "aws_kms_alias" "secrets" {
  name          = "alias/${var.name}-secrets"
  target_key_id = aws_kms_key.secrets.key_id
}

# No aws_secretsmanager_secret_version anywhere: its value would be in the state.
resource "aws_secretsmanager_secret" "this" {
  #checkov:skip=CKV2_AWS_57: the values are people's (signing keys, legacy keys); what RDS manages rotates below
  for_each = var.entries

  name                    = each.key
  description             = each.value.description
  kms_key_id              = aws_kms_key.secrets.arn
  recovery_window_in_days = var.recovery_window_days
  tags                    = var.tags
}

resource "aws_secretsmanager_secret_policy" "this" {
  for_each = var.entries

  secret_arn          = aws_secretsmanager_secret.this[each.key].arn
  policy              = local.entry_policies[each.key]
  block_public_policy = true
}

# No Lambda function: RDS rotates what it manages, every 7 days by itself; this only says how often otherwise. A destroy then calls
# CancelRotateSecret, which RDS may refuse for an entry of its own: none is made for RDS's own seven days.
resource "aws_secretsmanager_secret_rotation" "database_master" {
  #checkov:skip=CKV_AWS_304: master_rotation_days refuses more than 90; checkov sees its default, which makes no rotation here
  count = var.master_rotation_days == null || var.database_master_secret_arn == null ? 0 : 1

  secret_id = var.database_master_secret_arn
  # The first rotation waits for its day, so that an apply changes no password.
  rotate_immediately = false

  rotation_rules {
    automatically_after_days = var.master_rotation_days
  }
}
