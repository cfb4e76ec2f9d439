output "operator_role_arn" {
  description = "Role of the operator: serviceAccount.roleArn of its chart."
  value       = aws_iam_role.this["operator"].arn
}

output "external_secrets_role_arn" {
  description = "Role of the External Secrets controller."
  value       = aws_iam_role.this["external-secrets"].arn
}

output "load_balancer_controller_role_arn" {
  description = "Role of the AWS load balancer controller."
  value       = aws_iam_role.this["load-balancer-controller"].arn
}

output "cloudwatch_agent_role_arn" {
  description = "Role of the CloudWatch agent and Fluent Bit."
  value       = aws_iam_role.this["cloudwatch-agent"].arn
}

output "external_dns_role_arn" {
  description = "Role of external-dns, null without dns_zones."
  value       = try(aws_iam_role.this["external-dns"].arn, null)
}

output "permissions_boundary_arn" {
  description = "The boundary that every role of an instance carries: iam.permissionsBoundaryArn of the settings."
  value       = aws_iam_policy.boundary.arn
}

output "grant_boundary_arns" {
  description = "The boundary of each grant that reaches entries or objects, by the grant's name: permissionsBoundaryArn in tenancy.grants of the settings."
  value       = { for name, boundary in aws_iam_policy.grant_boundary : name => boundary.arn }
}

output "iam_path" {
  description = "Path of the instances' roles: iam.path of the settings."
  value       = var.iam_path
}

output "role_name_prefix" {
  description = "Beginning of the instances' role names: iam.roleNamePrefix of the settings."
  value       = var.role_name_prefix
}

output "service_accounts" {
  description = "Which service account takes which role; the addons module installs under these names."
  value       = local.service_accounts
}

output "policies" {
  description = "Every policy document of this module as JSON, by name, for tests and reports."
  value = merge(
    { boundary = local.boundary_policy },
    { for name, boundary in local.grant_boundary_policies : "boundary-${name}" => boundary },
    local.role_policies,
    { for role, trust in local.trusts : "${role}-trust" => trust },
  )
}
