output "kms_key_arn" {
  description = "The key's ARN: the logs_kms_key_arn of every module that has log groups."
  value       = aws_kms_key.logs.arn
}
