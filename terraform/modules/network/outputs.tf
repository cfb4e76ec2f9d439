locals {
  subnets = {
    private  = [for zone in var.availability_zones : aws_subnet.private[zone]]
    public   = [for zone in var.availability_zones : aws_subnet.public[zone]]
    nat      = [for zone in var.availability_zones : aws_subnet.nat[zone]]
    database = [for zone in var.availability_zones : aws_subnet.database[zone]]
    endpoint = [for zone in var.availability_zones : aws_subnet.endpoint[zone]]
    internal = [for zone in var.availability_zones : aws_subnet.internal[zone] if var.internal_load_balancers]
  }
}

output "vpc_id" {
  description = "The VPC's id."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "The VPC's range."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "Ids of the subnets of nodes and pods, in the order of availability_zones."
  value       = local.subnets.private[*].id
}

output "private_subnet_cidrs" {
  description = "Ranges of the subnets of nodes and pods."
  value       = local.subnets.private[*].cidr_block
}

output "public_subnet_ids" {
  description = "Ids of the load balancer's subnets."
  value       = local.subnets.public[*].id
}

output "public_subnet_cidrs" {
  description = "Ranges of the load balancer's subnets: what the instances' NetworkPolicies admit as the edge."
  value       = local.subnets.public[*].cidr_block
}

output "public_subnets_tagged_for_elb" {
  description = "Ranges of all subnets, whatever their kind, in which the load balancer controller may place an internet-facing load balancer."
  value = [
    for subnet in concat(values(local.subnets)...) : subnet.cidr_block
    if lookup(subnet.tags, local.elb_tag, "") == "1"
  ]
}

output "internal_subnet_cidrs" {
  description = "Ranges of the internal load balancers' subnets: what NetworkPolicies of instances with one admit as the edge. Empty where none are offered."
  value       = local.subnets.internal[*].cidr_block
}

output "internal_subnets_tagged_for_elb" {
  description = "Ranges of all subnets, whatever their kind, in which the load balancer controller may place an internal load balancer."
  value = [
    for subnet in concat(values(local.subnets)...) : subnet.cidr_block
    if lookup(subnet.tags, local.internal_elb_tag, "") == "1"
  ]
}

output "internal_route_table_id" {
  description = "Id of the internal load balancers' route table, for ways back to peered networks and VPNs; null where none are offered."
  value       = one(aws_route_table.internal[*].id)
}

output "nat_subnet_ids" {
  description = "Ids of the NAT gateways' subnets."
  value       = local.subnets.nat[*].id
}

output "nat_subnet_cidrs" {
  description = "Ranges of the NAT gateways' subnets."
  value       = local.subnets.nat[*].cidr_block
}

output "nat_public_ips" {
  description = "Addresses from which nodes and pods are seen on the internet."
  value       = [for zone in var.availability_zones : aws_eip.nat[zone].public_ip if contains(local.nat_zones, zone)]
}

output "database_subnet_ids" {
  description = "Ids of the database's subnets."
  value       = local.subnets.database[*].id
}

output "database_subnet_cidrs" {
  description = "Ranges of the database's subnets: what the backend's NetworkPolicy lets through to the database port."
  value       = local.subnets.database[*].cidr_block
}

output "endpoint_subnet_ids" {
  description = "Ids of the interface endpoints' subnets."
  value       = local.subnets.endpoint[*].id
}

output "endpoint_subnet_cidrs" {
  description = "Ranges of the interface endpoints' subnets: what the backend's NetworkPolicy lets through to AWS."
  value       = local.subnets.endpoint[*].cidr_block
}

output "endpoint_security_group_id" {
  description = "Id of the interface endpoints' security group."
  value       = aws_security_group.endpoint.id
}

output "s3_prefix_list_id" {
  description = "Id of the list of S3's public ranges when s3_endpoint_type is \"gateway\", else null."
  value       = one(aws_vpc_endpoint.s3_gateway[*].prefix_list_id)
}

output "s3_prefix_list_cidrs" {
  description = "S3's public ranges when s3_endpoint_type is \"gateway\", else an empty list."
  value       = flatten(aws_vpc_endpoint.s3_gateway[*].cidr_blocks)
}

output "flow_log_group_name" {
  description = "Name of the log group of the flow logs."
  value       = aws_cloudwatch_log_group.flow_logs.name
}
