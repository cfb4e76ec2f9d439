mock_provider "aws" {}

run "groups" {
  command = apply

  assert {
    condition = (
      output.edge_security_group_id == aws_security_group.edge.id
      && output.frontend_security_group_id == aws_security_group.frontend.id
      && output.backend_security_group_id == aws_security_group.backend.id
      && output.database_security_group_id == aws_security_group.database.id
    )
    error_message = "Each output must name its own group."
  }

  assert {
    condition = alltrue([
      for group in [aws_security_group.edge, aws_security_group.frontend, aws_security_group.backend, aws_security_group.database] :
      group.vpc_id == var.vpc_id && startswith(group.name, "appinstance-")
    ])
    error_message = "Every group must be in the VPC and carry the platform's name."
  }
}

run "ports" {
  command = plan

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.backend_from_edge.from_port == 8000
      && aws_vpc_security_group_ingress_rule.frontend_from_edge.from_port == 8080
      && aws_vpc_security_group_ingress_rule.database_from_backend.from_port == 3306
    )
    error_message = "The default ports must be 8000 for the backend, 8080 for the frontend and 3306 for the database."
  }
}

run "other_ports_are_used_at_both_ends" {
  command = plan

  variables {
    backend_port  = 9000
    frontend_port = 9080
    database_port = 3307
  }

  assert {
    condition = alltrue([
      for rule in [
        aws_vpc_security_group_ingress_rule.backend_from_edge,
        aws_vpc_security_group_egress_rule.edge_to_backend,
      ] : rule.from_port == 9000 && rule.to_port == 9000
    ])
    error_message = "Load balancer and backend must agree on backend_port."
  }

  assert {
    condition = alltrue([
      for rule in [
        aws_vpc_security_group_ingress_rule.frontend_from_edge,
        aws_vpc_security_group_egress_rule.edge_to_frontend,
      ] : rule.from_port == 9080 && rule.to_port == 9080
    ])
    error_message = "Load balancer and frontend must agree on frontend_port."
  }

  assert {
    condition = alltrue([
      for rule in [
        aws_vpc_security_group_ingress_rule.database_from_backend,
        aws_vpc_security_group_egress_rule.backend_to_database,
      ] : rule.from_port == 3307 && rule.to_port == 3307
    ])
    error_message = "Backend and database must agree on database_port."
  }
}

run "edge_for_named_ranges" {
  command = plan

  variables {
    edge_ingress_cidrs = ["198.51.100.0/24", "203.0.113.0/24"]
  }

  assert {
    condition = alltrue([
      for rules in [aws_vpc_security_group_ingress_rule.edge_http, aws_vpc_security_group_ingress_rule.edge_https] :
      toset([for rule in rules : rule.cidr_ipv4]) == toset(["198.51.100.0/24", "203.0.113.0/24"])
    ])
    error_message = "The load balancer must admit the named ranges and no others."
  }
}

run "s3_by_interface" {
  command = plan

  assert {
    condition     = length(aws_vpc_security_group_ingress_rule.backend_from_backend) == 0 && length(aws_vpc_security_group_egress_rule.backend_to_backend) == 0
    error_message = "Unless it is asked for, no backend may reach another one."
  }

  assert {
    condition     = length(aws_vpc_security_group_egress_rule.backend_to_s3_gateway) == 0
    error_message = "With an interface endpoint the backend needs no way to S3's public ranges."
  }
}

run "s3_by_gateway" {
  command = plan

  variables {
    s3_endpoint_type  = "gateway"
    s3_prefix_list_id = "pl-6ea54007"
  }

  assert {
    condition = (
      aws_vpc_security_group_egress_rule.backend_to_s3_gateway[0].prefix_list_id == "pl-6ea54007"
      && aws_vpc_security_group_egress_rule.backend_to_s3_gateway[0].from_port == 443
      && aws_vpc_security_group_egress_rule.backend_to_s3_gateway[0].to_port == 443
      && aws_vpc_security_group_egress_rule.backend_to_s3_gateway[0].cidr_ipv4 == null
    )
    error_message = "With a gateway the backend must reach S3's ranges on 443 and nothing wider."
  }
}

run "tags" {
  command = plan

  variables {
    tags = { team = "platform" }
  }

  assert {
    condition     = aws_security_group.database.tags["team"] == "platform" && aws_vpc_security_group_ingress_rule.database_from_backend.tags["team"] == "platform"
    error_message = "The caller's tags must reach groups and rules."
  }
}
