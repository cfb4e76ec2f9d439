output "address" {
  description = "Host name of the database; the one that its certificate carries."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Port of the database."
  value       = local.port
}

output "identifier" {
  description = "Identifier of the instance, as in alarms."
  value       = aws_db_instance.this.identifier
}

output "arn" {
  description = "ARN of the instance."
  value       = aws_db_instance.this.arn
}

output "kms_key_arn" {
  description = "The key of storage, backups and Performance Insights."
  value       = aws_kms_key.rds.arn
}

output "master_secret_kms_key_arn" {
  description = "The key of the administrator's password."
  value       = aws_kms_key.master_secret.arn
}

output "backup_copy_kms_key_arn" {
  description = "The key of the copies in the second region; null without them."
  value       = one(aws_kms_key.rds_copy[*].arn)
}

output "master_secret_arn" {
  description = "Secrets Manager entry with the administrator's password, made and rotated by RDS."
  # join is known never to be null, even before the first apply: others may count on it.
  value = join("", aws_db_instance.this.master_user_secret[*].secret_arn)
}

output "parameter_group_name" {
  description = "Name of the parameter group."
  value       = aws_db_parameter_group.this.name
}

output "log_group_names" {
  description = "Log groups by kind of log."
  value       = { for kind, group in aws_cloudwatch_log_group.this : kind => group.name }
}

output "policies" {
  description = "Policies of this module as JSON, for tests and reviewers."
  value = {
    key              = local.key_policy
    monitoring       = local.monitoring_policy
    monitoring_trust = local.monitoring_trust
  }
}
