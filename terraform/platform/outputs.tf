output "operator_values" {
  description = "The `settings` of charts/appinstance-operator, complete."
  value       = local.operator_settings
}

output "operator_chart_values" {
  description = "All values of charts/appinstance-operator, for an installation without Terraform: terraform output -json operator_chart_values > values.json."
  value       = local.operator_chart_values
}

output "cluster_name" {
  description = "The cluster's name: aws eks update-kubeconfig --name <it>."
  value       = local.cluster.cluster_name
}

output "cluster_endpoint" {
  description = "Where the Kubernetes API answers."
  value       = local.cluster.cluster_endpoint
}

output "database_address" {
  description = "The database's host name, for the entries in Secrets Manager."
  value       = module.database.address
}

output "database_master_secret_arn" {
  description = "The entry with the database administrator's password, which RDS makes and rotates."
  value       = module.database.master_secret_arn
}

output "database_admin_role_arn" {
  description = "The role to take for work on the database, null without database_admin_role_arns."
  value       = one(module.database_admin[*].role_arn)
}

output "database_admin_launch_template_name" {
  description = "What the host that forwards administrators' sessions is brought from, null without database_admin_role_arns."
  value       = one(module.database_admin[*].launch_template_name)
}

output "media_bucket_name" {
  description = "The bucket for avatars."
  value       = module.media.bucket_name
}

output "media_cloudfront_domain" {
  description = "CloudFront's host name for the media, null without CloudFront."
  value       = module.media.cloudfront_domain
}

output "secret_arns" {
  description = "ARNs of the entries that were made, by name."
  value       = module.secrets.secret_arns
}

output "image_prefix" {
  description = "What the images' repositories begin with: make push TO=<it>."
  value       = module.registry.prefix
}

output "image_push_policy_arn" {
  description = "Rights to push images, for the role of a pipeline."
  value       = module.registry.push_policy_arn
}

output "nat_public_ips" {
  description = "Addresses from which the platform is seen outside."
  value       = local.network.nat_public_ips
}

output "alarm_topic_arn" {
  description = "The SNS topic of all alarms."
  value       = module.alarms.topic_arn
}

output "public_subnets_tagged_for_elb" {
  description = "CIDRs of the subnets in which the load balancer controller places load balancers; always those of operator_values.edge.sources."
  value       = local.network.public_subnets_tagged_for_elb
}

output "internal_route_table_id" {
  description = "The route table of the internal load balancers' subnets, for ways back to peered networks and VPNs; null where none are offered, or the VPC is its owner's."
  value       = local.network.internal_route_table_id
}

output "policies" {
  description = "Every policy document of the platform by module and name, for audits and tests."
  value = merge({
    identity = module.identity.policies
    media    = module.media.policies
    secrets  = module.secrets.policies
    eks      = local.cluster.policies
    database = module.database.policies
    registry = module.registry.policies
    edge     = module.edge.policies

    database-admin = merge(module.database_admin[*].policies...)
  }, { for provisioner in module.provisioner : "provisioner" => provisioner.policies })
}
