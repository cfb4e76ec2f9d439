output "trail_arn" {
  description = "The trail of all regions."
  value       = aws_cloudtrail.this.arn
}

output "trail_log_group_name" {
  description = "Where the trail's events arrive within minutes; the alarms read it."
  value       = aws_cloudwatch_log_group.trail.name
}

output "bucket_name" {
  description = "Where the records of CloudTrail and Config are kept."
  value       = aws_s3_bucket.audit.id
}

output "kms_key_arn" {
  description = "The key of the audit bucket."
  value       = aws_kms_key.audit.arn
}

output "config_rule_names" {
  description = "The Config rules that watch the platform's promises."
  value       = sort([for rule in aws_config_config_rule.this : rule.name])
}

output "guardduty_detector_id" {
  description = "The detector, or null where GuardDuty is not enabled here."
  value       = one(aws_guardduty_detector.this[*].id)
}
