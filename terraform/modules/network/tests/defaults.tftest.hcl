mock_provider "aws" {
  source = "./tests/mocks"
}

run "ranges" {
  command = plan

  assert {
    condition     = output.vpc_cidr == "10.20.0.0/16"
    error_message = "The VPC's default range must be 10.20.0.0/16."
  }

  assert {
    condition     = output.private_subnet_cidrs == ["10.20.0.0/20", "10.20.16.0/20", "10.20.32.0/20"]
    error_message = "Nodes and pods must have a /20 per zone."
  }

  assert {
    condition     = output.public_subnet_cidrs == ["10.20.64.0/24", "10.20.65.0/24", "10.20.66.0/24"]
    error_message = "The load balancer must have a /24 per zone."
  }

  assert {
    condition     = output.database_subnet_cidrs == ["10.20.80.0/24", "10.20.81.0/24", "10.20.82.0/24"]
    error_message = "The database must have a /24 per zone."
  }

  assert {
    condition     = output.endpoint_subnet_cidrs == ["10.20.96.0/26", "10.20.96.64/26", "10.20.96.128/26"]
    error_message = "The endpoints must have a /26 per zone."
  }

  assert {
    condition     = output.nat_subnet_cidrs == ["10.20.112.0/28", "10.20.112.16/28", "10.20.112.32/28"]
    error_message = "NAT gateways must have a /28 per zone."
  }
}

run "ranges_follow_the_vpc" {
  command = plan

  variables {
    cidr = "172.18.0.0/16"
  }

  assert {
    condition = alltrue([
      for cidr in concat(
        output.private_subnet_cidrs, output.public_subnet_cidrs, output.database_subnet_cidrs,
        output.endpoint_subnet_cidrs, output.nat_subnet_cidrs,
      ) : startswith(cidr, "172.18.") && cidrsubnet(cidr, 0, 0) == cidr
    ])
    error_message = "Every subnet must lie in the VPC's range and carry no host bits."
  }
}

run "zones" {
  command = plan

  assert {
    condition     = tolist([for zone in var.availability_zones : aws_subnet.private[zone].availability_zone]) == var.availability_zones
    error_message = "There must be a private subnet in each zone."
  }

  assert {
    condition     = toset(keys(aws_nat_gateway.this)) == toset(var.availability_zones)
    error_message = "By default each zone must have its own NAT gateway."
  }
}

run "one_nat_gateway" {
  command = apply

  variables {
    single_nat_gateway = true
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-central-1a"] && length(output.nat_public_ips) == 1
    error_message = "With single_nat_gateway there must be one NAT gateway, in the first zone."
  }

  assert {
    condition     = alltrue([for route in aws_route.private : route.nat_gateway_id == aws_nat_gateway.this["eu-central-1a"].id])
    error_message = "With single_nat_gateway all zones must go out by the one gateway."
  }
}

run "each_zone_goes_out_by_its_own_gateway" {
  command = apply

  assert {
    condition     = alltrue([for zone, route in aws_route.private : route.nat_gateway_id == aws_nat_gateway.this[zone].id])
    error_message = "A zone's traffic must leave by the zone's own NAT gateway."
  }

  assert {
    condition     = length(output.nat_public_ips) == 3 && length(output.private_subnet_ids) == 3 && length(output.nat_subnet_ids) == 3
    error_message = "There must be one NAT address, private subnet and NAT subnet per zone."
  }

  assert {
    condition = (
      output.private_subnet_ids == [for zone in var.availability_zones : aws_subnet.private[zone].id]
      && output.public_subnet_ids == [for zone in var.availability_zones : aws_subnet.public[zone].id]
      && output.database_subnet_ids == [for zone in var.availability_zones : aws_subnet.database[zone].id]
      && output.endpoint_subnet_ids == [for zone in var.availability_zones : aws_subnet.endpoint[zone].id]
    )
    error_message = "The outputs must list subnets in the order of availability_zones."
  }

  assert {
    condition     = output.endpoint_security_group_id == aws_security_group.endpoint.id && output.vpc_id == aws_vpc.this.id
    error_message = "The outputs must name the endpoints' security group and the VPC."
  }
}

run "endpoints" {
  command = plan

  assert {
    condition = toset(keys(aws_vpc_endpoint.interface)) == toset([
      "ec2", "ecr.api", "ecr.dkr", "eks-auth", "elasticloadbalancing", "kms", "logs", "monitoring", "s3", "secretsmanager", "sts",
    ])
    error_message = "Each service, S3 too, must have an interface endpoint by default."
  }

  assert {
    condition     = aws_vpc_endpoint.interface["ecr.api"].service_name == "com.amazonaws.eu-central-1.ecr.api"
    error_message = "The service name must be that of the region."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled])
    error_message = "The services' own names must lead to the endpoints, or programs go past them."
  }

  assert {
    condition     = !aws_vpc_endpoint.interface["s3"].dns_options[0].private_dns_only_for_inbound_resolver_endpoint
    error_message = "S3's name must lead to the interface endpoint from inside the VPC."
  }

  assert {
    condition     = length(aws_vpc_endpoint.s3_gateway) == 0 && output.s3_prefix_list_id == null && length(output.s3_prefix_list_cidrs) == 0
    error_message = "Beside the interface endpoint no gateway to S3 may be made."
  }
}

run "gateway_to_s3" {
  command = apply

  variables {
    s3_endpoint_type = "gateway"
  }

  assert {
    condition     = !contains(keys(aws_vpc_endpoint.interface), "s3") && length(aws_vpc_endpoint.s3_gateway) == 1
    error_message = "With s3_endpoint_type gateway, S3 must have a gateway instead of an interface endpoint."
  }

  assert {
    condition = toset(aws_vpc_endpoint.s3_gateway[0].route_table_ids) == toset([
      for table in aws_route_table.private : table.id
    ])
    error_message = "The gateway must stand in the routes of the private subnets and of no others."
  }

  assert {
    condition     = output.s3_prefix_list_id == aws_vpc_endpoint.s3_gateway[0].prefix_list_id
    error_message = "s3_prefix_list_id must name the gateway's list of ranges."
  }
}

run "tags" {
  command = plan

  variables {
    tags = { team = "platform" }
  }

  assert {
    condition = alltrue([
      for resource in concat(values(aws_subnet.private), values(aws_vpc_endpoint.interface), [aws_vpc.this, aws_flow_log.this]) :
      resource.tags["team"] == "platform"
    ])
    error_message = "The caller's tags must reach subnets, endpoints, VPC and flow log."
  }

  assert {
    condition = alltrue([
      for subnet in concat(values(aws_subnet.private), values(aws_subnet.public)) :
      subnet.tags["kubernetes.io/cluster/appinstance"] == "shared"
    ])
    error_message = "The subnets of pods and of the load balancer must carry the cluster's tag."
  }
}
