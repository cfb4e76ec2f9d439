mock_provider "aws" {
  source = "./tests/mocks"
}

run "nothing_gets_a_public_address_by_itself" {
  command = plan

  assert {
    condition = alltrue([
      for subnet in concat(
        values(aws_subnet.private), values(aws_subnet.public), values(aws_subnet.nat),
        values(aws_subnet.database), values(aws_subnet.endpoint),
      ) : !subnet.map_public_ip_on_launch
    ])
    error_message = "No subnet may give public addresses to what is started in it."
  }
}

run "the_load_balancer_goes_only_where_policies_admit_it" {
  command = plan

  assert {
    condition     = toset(output.public_subnets_tagged_for_elb) == toset(output.public_subnet_cidrs)
    error_message = "Exactly the public subnets, whose ranges the NetworkPolicies admit, may be tagged for load balancers."
  }

  assert {
    condition = alltrue([
      for subnet in concat(
        values(aws_subnet.private), values(aws_subnet.public), values(aws_subnet.nat),
        values(aws_subnet.database), values(aws_subnet.endpoint),
      ) : !contains(keys(subnet.tags), "kubernetes.io/role/internal-elb")
    ])
    error_message = "No subnet may be tagged for internal load balancers: their addresses could not be told from pods'."
  }

  assert {
    condition     = length(aws_subnet.internal) == 0 && length(output.internal_subnets_tagged_for_elb) == 0 && output.internal_route_table_id == null
    error_message = "Without being asked for, nothing may be there for internal load balancers."
  }
}

run "an_internal_load_balancer_goes_only_where_policies_admit_it" {
  command = plan

  variables {
    internal_load_balancers = true
  }

  assert {
    condition     = toset(output.internal_subnets_tagged_for_elb) == toset(output.internal_subnet_cidrs) && length(output.internal_subnet_cidrs) == 3
    error_message = "Exactly the internal subnets, whose ranges the NetworkPolicies admit, may be tagged for internal load balancers."
  }

  assert {
    condition     = toset(output.public_subnets_tagged_for_elb) == toset(output.public_subnet_cidrs)
    error_message = "An internet-facing load balancer may not be placed among the internal ones."
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.internal : !subnet.map_public_ip_on_launch])
    error_message = "No subnet may give public addresses to what is started in it."
  }
}

run "internal_subnets_lead_to_the_vpc_alone" {
  command = apply

  variables {
    internal_load_balancers = true
  }

  assert {
    condition     = alltrue([for zone, association in aws_route_table_association.internal : association.route_table_id == aws_route_table.internal[0].id && association.subnet_id == aws_subnet.internal[zone].id])
    error_message = "The internal subnets must have the route table of their own, or they would get the default one."
  }

  assert {
    condition     = !contains(concat([aws_route.public.route_table_id], [for route in aws_route.private : route.route_table_id]), aws_route_table.internal[0].id)
    error_message = "No route may lead from the internal load balancers to the internet."
  }
}

run "kinds_of_subnets_do_not_share_ranges" {
  command = plan

  # A /20 block (the third octet's upper half) belongs to one kind alone, and no range occurs twice.
  assert {
    condition = alltrue([
      for pair in setproduct(keys(local.cidrs), keys(local.cidrs)) :
      length(setintersection(
        toset([for cidr in values(local.cidrs[pair[0]]) : floor(tonumber(split(".", cidr)[2]) / 16)]),
        toset([for cidr in values(local.cidrs[pair[1]]) : floor(tonumber(split(".", cidr)[2]) / 16)]),
      )) == 0
      if pair[0] != pair[1]
    ])
    error_message = "Two kinds of subnets may not share a /20 of the VPC."
  }

  assert {
    condition     = length(distinct(flatten([for ranges in values(local.cidrs) : values(ranges)]))) == 18
    error_message = "All 18 subnets must have ranges of their own."
  }
}

run "routes" {
  command = apply

  assert {
    condition = alltrue([
      for association in concat(values(aws_route_table_association.database), values(aws_route_table_association.endpoint)) :
      association.route_table_id == aws_route_table.isolated.id
    ])
    error_message = "Database and endpoints must use the table without routes."
  }

  assert {
    condition = !contains(
      concat([aws_route.public.route_table_id], [for route in aws_route.private : route.route_table_id]),
      aws_route_table.isolated.id,
    ) && try(length(aws_route_table.isolated.route), 0) == 0
    error_message = "The isolated table may have no route out."
  }

  assert {
    condition = alltrue([
      for zone, association in aws_route_table_association.private :
      association.route_table_id == aws_route_table.private[zone].id && association.subnet_id == aws_subnet.private[zone].id
    ])
    error_message = "Private subnets must use their own zone's table."
  }

  assert {
    condition     = alltrue([for zone, gateway in aws_nat_gateway.this : gateway.subnet_id == aws_subnet.nat[zone].id])
    error_message = "NAT gateways must stand in the NAT subnets: policies would take them for the load balancer in its own."
  }

  assert {
    condition     = alltrue([for route in aws_route.private : route.gateway_id == null])
    error_message = "Private subnets may not reach the internet gateway, only NAT."
  }
}

run "defaults_of_the_vpc_are_emptied" {
  command = apply

  assert {
    condition     = length(aws_default_security_group.this.ingress) == 0 && length(aws_default_security_group.this.egress) == 0
    error_message = "The default security group may have no rule."
  }

  assert {
    condition     = length(aws_default_route_table.this.route) == 0
    error_message = "The default route table may have no route."
  }
}

run "endpoint_security_group" {
  command = apply

  assert {
    condition = toset([for rule in aws_vpc_security_group_ingress_rule.endpoint : rule.cidr_ipv4]) == toset([
      for subnet in aws_subnet.private : subnet.cidr_block
    ])
    error_message = "The endpoints may admit the private subnets and nobody else."
  }

  assert {
    condition = alltrue([
      for rule in aws_vpc_security_group_ingress_rule.endpoint :
      rule.ip_protocol == "tcp" && rule.from_port == 443 && rule.to_port == 443
    ])
    error_message = "The endpoints may admit HTTPS alone."
  }

  assert {
    condition = alltrue([
      for endpoint in aws_vpc_endpoint.interface :
      toset(endpoint.security_group_ids) == toset([aws_security_group.endpoint.id])
      && toset(endpoint.subnet_ids) == toset([for subnet in aws_subnet.endpoint : subnet.id])
    ])
    error_message = "Every interface endpoint must stand in the endpoints' subnets behind their security group."
  }
}

run "endpoint_policies" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for endpoint in aws_vpc_endpoint.interface : [
        for statement in jsondecode(endpoint.policy).Statement :
        try(statement.Condition.StringEquals["aws:PrincipalAccount"], "") == "111122223333"
        if statement.Action == "*"
      ]
    ]))
    error_message = "An endpoint may let only principals of this account through."
  }

  assert {
    condition = alltrue([
      for service, endpoint in aws_vpc_endpoint.interface : length(jsondecode(endpoint.policy).Statement) == 1
      if !contains(["sts", "s3"], service)
    ])
    error_message = "Only STS and S3 need a second statement."
  }

  assert {
    condition = alltrue([
      for endpoint in aws_vpc_endpoint.interface : jsondecode(endpoint.policy).Statement[0].Action == "*"
    ])
    error_message = "Each endpoint policy must begin with the statement for this account's principals."
  }

  assert {
    condition = (
      jsondecode(aws_vpc_endpoint.interface["sts"].policy).Statement[1].Action == "sts:AssumeRoleWithWebIdentity"
      && jsondecode(aws_vpc_endpoint.interface["sts"].policy).Statement[1].Resource == "arn:aws:iam::111122223333:role/*"
      && length(jsondecode(aws_vpc_endpoint.interface["sts"].policy).Statement) == 2
    )
    error_message = "Unsigned requests to STS may ask only for roles of this account, by web identity."
  }

  assert {
    condition     = try(jsondecode(aws_vpc_endpoint.interface["s3"].policy).Statement[0].Condition.StringEquals["aws:ResourceAccount"], "") == "111122223333"
    error_message = "S3's endpoint may lead only to buckets of this account."
  }

  assert {
    condition = (
      jsondecode(aws_vpc_endpoint.interface["s3"].policy).Statement[1].Action == "s3:GetObject"
      && jsondecode(aws_vpc_endpoint.interface["s3"].policy).Statement[1].Resource == "arn:aws:s3:::prod-eu-central-1-starport-layer-bucket/*"
      && jsondecode(aws_vpc_endpoint.interface["s3"].policy).Statement[2].Action == "s3:GetObject"
      && jsondecode(aws_vpc_endpoint.interface["s3"].policy).Statement[2].Resource == "arn:aws:s3:::al2023-repos-eu-central-1-de612dc2/*"
      && length(jsondecode(aws_vpc_endpoint.interface["s3"].policy).Statement) == 3
    )
    error_message = "Beside this account's buckets S3's endpoint may lead only to reading ECR's image layers and the nodes' packages."
  }
}

run "the_gateway_has_the_same_policy" {
  command = plan

  variables {
    s3_endpoint_type = "gateway"
  }

  assert {
    condition     = try(jsondecode(aws_vpc_endpoint.s3_gateway[0].policy).Statement[0].Condition.StringEquals["aws:ResourceAccount"], "") == "111122223333"
    error_message = "The gateway may lead only to buckets of this account."
  }
}

run "flow_logs" {
  command = apply

  assert {
    condition     = aws_flow_log.this.traffic_type == "ALL" && aws_flow_log.this.vpc_id == aws_vpc.this.id
    error_message = "Flow logs must record all traffic of the VPC, refused and admitted."
  }

  assert {
    condition     = aws_flow_log.this.log_destination == aws_cloudwatch_log_group.flow_logs.arn && aws_flow_log.this.iam_role_arn == aws_iam_role.flow_logs.arn
    error_message = "Flow logs must go to their log group by their role."
  }

  assert {
    condition     = aws_cloudwatch_log_group.flow_logs.kms_key_id == var.logs_kms_key_arn && aws_cloudwatch_log_group.flow_logs.retention_in_days == 365
    error_message = "The log group must be encrypted under the platform's key and keep a year."
  }

  assert {
    condition     = output.flow_log_group_name == "/aws/vpc/appinstance/flow-logs"
    error_message = "flow_log_group_name must be the name of the log group."
  }

  assert {
    condition = (
      jsondecode(aws_iam_role.flow_logs.assume_role_policy).Statement[0].Principal == { Service = "vpc-flow-logs.amazonaws.com" }
      && try(jsondecode(aws_iam_role.flow_logs.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"], "") == "111122223333"
      && try(jsondecode(aws_iam_role.flow_logs.assume_role_policy).Statement[0].Condition.ArnLike["aws:SourceArn"], "") == "arn:aws:ec2:eu-central-1:111122223333:vpc-flow-log/*"
    )
    error_message = "Only this account's flow logs may take the role."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_iam_role_policy.flow_logs.policy).Statement :
      alltrue([
        for resource in flatten([statement.Resource]) :
        startswith(resource, "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/vpc/appinstance/flow-logs")
      ])
      if statement.Action != "logs:DescribeLogGroups"
    ])
    error_message = "The role may write to the flow logs' group alone."
  }

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_iam_role_policy.flow_logs.policy).Statement : statement.Action
    ])) == toset(["logs:CreateLogStream", "logs:DescribeLogGroups", "logs:DescribeLogStreams", "logs:PutLogEvents"])
    error_message = "The role may write flow logs and nothing more."
  }
}
