output "certificate_arn" {
  description = "The certificate, once ACM has issued it."
  value       = aws_acm_certificate_validation.this.certificate_arn
}

output "web_acl_arn" {
  description = "The web ACL that the operator attaches to every load balancer."
  value       = aws_wafv2_web_acl.this.arn
}

output "web_acl_name" {
  description = "The web ACL's name, which is also its dimension in CloudWatch."
  value       = aws_wafv2_web_acl.this.name
}

output "waf_log_group_name" {
  description = "Where the WAF logs what it blocked and counted."
  value       = aws_cloudwatch_log_group.waf.name
}

output "domain" {
  description = "The domain below which the instances answer."
  value       = var.domain
}

output "access_log_bucket_name" {
  description = "Where load balancers keep their access logs, once the bucket lets them; null without."
  value       = try(aws_s3_bucket_policy.access_logs[0].bucket, null)
}

output "policies" {
  description = "Every policy document of this module as JSON, by name, for tests and reports."
  value       = var.access_logs ? { access-logs = local.access_log_policy } : {}
}
