output "provisioner_role_arn" {
  description = "The role that writes entries and keeps dumps: provisioner.roleArn of the operator's chart."
  value       = aws_iam_role.this["provisioner"].arn
}

output "administrator_role_arn" {
  description = "The role that reads the administrator's login: provisioner.administrator.roleArn of the chart."
  value       = aws_iam_role.this["provisioner-administrator"].arn
}

output "security_group_id" {
  description = "The group of its pods: provisioner.securityGroupIds of the chart."
  value       = aws_security_group.this.id
}

output "bucket_name" {
  description = "The bucket of dumps: database.provisioning.backupBucket of the settings."
  value       = aws_s3_bucket.dumps.bucket
}

output "policies" {
  description = "Every policy document of this module as JSON, by name, for tests and reports."
  value = merge(
    local.role_policies,
    { for role, trust in local.trusts : "${role}-trust" => trust },
    { dumps = local.bucket_policy },
  )
}
