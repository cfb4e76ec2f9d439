locals {
  identifier = "${var.name}-mysql"
  port       = 3306

  # general is left out: it holds every statement with its values, so emails and password hashes.
  exported_logs = ["audit", "error", "slowquery"]

  # With an exact version AWS must not patch: the next plan would ask for a downgrade.
  patched_by_aws = length(split(".", var.engine_version)) == 2
}

resource "aws_db_subnet_group" "this" {
  name        = local.identifier
  description = "Isolated subnets of ${local.identifier}"
  subnet_ids  = var.subnet_ids
  tags        = var.tags
}

# Made first: RDS would create them itself, without key and end.
resource "aws_cloudwatch_log_group" "this" {
  for_each = toset(local.exported_logs)

  name              = "/aws/rds/instance/${local.identifier}/${each.key}"
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_db_instance" "this" {
  #checkov:skip=CKV_AWS_161: instances sign in with passwords from Secrets Manager; a second way in that nobody uses is only a risk
  # The next four: checkov takes an attribute of the root's object `database` for empty, and sees no default of it.
  #checkov:skip=CKV_AWS_118: monitoring_interval_seconds refuses 0 (tests/refusals.tftest.hcl), and 60 is its default
  #checkov:skip=CKV_AWS_133: backup_retention_days is at least a week (tests/refusals.tftest.hcl)
  #checkov:skip=CKV_AWS_157: multi_az is on by default (tests/defaults.tftest.hcl); off is for trying out
  #checkov:skip=CKV_AWS_211: ca_cert_identifier takes current authorities alone (tests/refusals.tftest.hcl)
  identifier = local.identifier

  engine                      = "mysql"
  engine_version              = var.engine_version
  auto_minor_version_upgrade  = local.patched_by_aws
  allow_major_version_upgrade = false
  instance_class              = var.instance_class
  parameter_group_name        = aws_db_parameter_group.this.name
  option_group_name           = aws_db_option_group.this.name
  ca_cert_identifier          = var.ca_cert_identifier
  apply_immediately           = var.apply_immediately
  maintenance_window          = var.maintenance_window

  storage_type          = "gp3"
  allocated_storage     = var.allocated_storage_gib
  max_allocated_storage = var.max_allocated_storage_gib
  storage_encrypted     = true
  kms_key_id            = aws_kms_key.rds.arn

  db_subnet_group_name   = aws_db_subnet_group.this.name
  vpc_security_group_ids = [var.security_group_id]
  publicly_accessible    = false
  port                   = local.port
  multi_az               = var.multi_az

  # The password is in no variable, plan or state.
  username                      = var.master_username
  manage_master_user_password   = true
  master_user_secret_kms_key_id = aws_kms_key.master_secret.arn

  iam_database_authentication_enabled = false

  backup_retention_period   = var.backup_retention_days
  backup_window             = var.backup_window
  copy_tags_to_snapshot     = true
  delete_automated_backups  = false
  deletion_protection       = var.deletion_protection
  skip_final_snapshot       = var.skip_final_snapshot
  final_snapshot_identifier = "${local.identifier}-${var.final_snapshot_suffix}"

  performance_insights_enabled          = true
  performance_insights_kms_key_id       = aws_kms_key.rds.arn
  performance_insights_retention_period = var.performance_insights_retention_days
  monitoring_interval                   = var.monitoring_interval_seconds
  monitoring_role_arn                   = aws_iam_role.monitoring.arn
  enabled_cloudwatch_logs_exports       = local.exported_logs

  tags = var.tags

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.monitoring]
}

resource "aws_db_instance_automated_backups_replication" "this" {
  count = var.backup_copy_region == null ? 0 : 1

  region                 = var.backup_copy_region
  source_db_instance_arn = aws_db_instance.this.arn
  kms_key_id             = aws_kms_key.rds_copy[0].arn
  retention_period       = var.backup_retention_days
}
