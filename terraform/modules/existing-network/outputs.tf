# By the names of modules/network, so that the platform reads either.

locals {
  subnets = { for kind, ids in local.kinds : kind => [for id in ids : data.aws_subnet.this[id]] }
}

output "vpc_id" {
  description = "The VPC's id."
  value       = var.vpc_id
}

output "private_subnet_ids" {
  description = "Ids of the subnets of nodes and pods."
  value       = var.private_subnet_ids
}

output "private_subnet_cidrs" {
  description = "Ranges of the subnets of nodes and pods."
  value       = local.subnets.private[*].cidr_block
}

output "public_subnet_cidrs" {
  description = "Ranges of the load balancer's subnets: what the instances' NetworkPolicies admit as the edge."
  value       = local.subnets.public[*].cidr_block

  precondition {
    condition     = length(distinct(local.subnets.public[*].availability_zone)) >= 2
    error_message = "public_subnet_ids must lie in two zones at least: a load balancer is refused in one."
  }
}

output "public_subnets_tagged_for_elb" {
  description = "Ranges of all subnets in which the load balancer controller may place an internet-facing load balancer."
  value       = [for id in data.aws_subnets.tagged_for_elb.ids : data.aws_subnet.this[id].cidr_block]
}

output "internal_subnet_cidrs" {
  description = "Ranges of the internal load balancers' subnets: what NetworkPolicies of instances with one admit as the edge. Empty where none are offered."
  value       = local.subnets.internal[*].cidr_block

  precondition {
    condition     = length(var.internal_subnet_ids) == 0 || length(distinct(local.subnets.internal[*].availability_zone)) >= 2
    error_message = "internal_subnet_ids must lie in two zones at least: a load balancer is refused in one."
  }
}

output "internal_subnets_tagged_for_elb" {
  description = "Ranges of all subnets in which the load balancer controller may place an internal load balancer, where they are offered."
  value       = [for id in flatten(data.aws_subnets.tagged_for_internal_elb[*].ids) : data.aws_subnet.this[id].cidr_block]
}

output "internal_route_table_id" {
  description = "The internal load balancers' route table: the VPC's owner knows it, so none here."
  value       = null
}

output "nat_public_ips" {
  description = "Addresses from which nodes and pods are seen on the internet: the VPC's owner knows them, so none here."
  value       = []
}

output "database_subnet_ids" {
  description = "Ids of the database's subnets."
  value       = var.database_subnet_ids

  precondition {
    condition     = length(distinct(local.subnets.database[*].availability_zone)) >= 2
    error_message = "database_subnet_ids must lie in two zones at least: RDS refuses a subnet group of one."
  }
}

output "database_subnet_cidrs" {
  description = "Ranges of the database's subnets: what the backend's NetworkPolicy lets through to the database port."
  value       = local.subnets.database[*].cidr_block
}

output "endpoint_subnet_cidrs" {
  description = "Ranges of the interface endpoints' subnets: what the backend's NetworkPolicy lets through to AWS."
  value       = local.subnets.endpoint[*].cidr_block
}

output "endpoint_security_group_id" {
  description = "Id of the interface endpoints' security group."
  value       = var.endpoint_security_group_id
}

output "s3_prefix_list_id" {
  description = "Id of the list of S3's public ranges when s3_endpoint_type is \"gateway\", else null."
  value       = one(data.aws_prefix_list.s3[*].id)
}

output "s3_prefix_list_cidrs" {
  description = "S3's public ranges when s3_endpoint_type is \"gateway\", else an empty list."
  value       = flatten(data.aws_prefix_list.s3[*].cidr_blocks)
}
