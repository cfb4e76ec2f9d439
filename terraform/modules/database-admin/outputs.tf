output "role_arn" {
  description = "The role to take for work on the database."
  value       = aws_iam_role.admin.arn
}

output "launch_template_name" {
  description = "What a host is brought from: aws ec2 run-instances --launch-template LaunchTemplateName=<it>."
  value       = aws_launch_template.host.name
}

output "security_group_id" {
  description = "The host's security group."
  value       = aws_security_group.host.id
}

output "policies" {
  description = "Every policy document of this module as JSON, by name, for tests and reports."
  value       = { admin = local.admin_policy, admin-trust = local.admin_trust, host = local.host_policy, host-trust = local.host_trust }
}
