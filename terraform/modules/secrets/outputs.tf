output "kms_key_arn" {
  description = "The key of the entries."
  value       = aws_kms_key.secrets.arn
}

output "allowed_prefix" {
  description = "Prefix of the entries that instances may name."
  value       = var.allowed_prefix
}

output "platform_secrets_prefix" {
  description = "Prefix of the platform's own entries."
  value       = var.platform_secrets_prefix
}

output "secret_arns" {
  description = "ARNs of the entries by name."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.arn }
}

output "policies" {
  description = "Policies of this module as JSON, for tests and reviewers."
  value       = merge({ key = local.key_policy }, local.entry_policies)
}
