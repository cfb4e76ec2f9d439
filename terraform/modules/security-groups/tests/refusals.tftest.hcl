mock_provider "aws" {}

run "refuses_a_name_with_an_underscore" {
  command = plan
  variables {
    name = "app_instance"
  }
  expect_failures = [var.name]
}

run "refuses_a_subnet_as_vpc" {
  command = plan
  variables {
    vpc_id = "subnet-0123456789abcdef0"
  }
  expect_failures = [var.vpc_id]
}

run "refuses_an_edge_that_admits_nobody" {
  command = plan
  variables {
    edge_ingress_cidrs = []
  }
  expect_failures = [var.edge_ingress_cidrs]
}

run "refuses_host_bits_at_the_edge" {
  command = plan
  variables {
    edge_ingress_cidrs = ["203.0.113.7/24"]
  }
  expect_failures = [var.edge_ingress_cidrs]
}

run "refuses_ipv6_at_the_edge" {
  command = plan
  variables {
    edge_ingress_cidrs = ["::/0"]
  }
  expect_failures = [var.edge_ingress_cidrs]
}

run "refuses_a_privileged_backend_port" {
  command = plan
  variables {
    backend_port = 80
  }
  expect_failures = [var.backend_port]
}

run "refuses_a_frontend_port_out_of_range" {
  command = plan
  variables {
    frontend_port = 70000
  }
  expect_failures = [var.frontend_port]
}

run "refuses_a_database_port_that_rds_refuses" {
  command = plan
  variables {
    database_port = 1100
  }
  expect_failures = [var.database_port]
}

run "refuses_a_cluster_group_that_is_none" {
  command = plan
  variables {
    cluster_security_group_id = "appinstance"
  }
  expect_failures = [var.cluster_security_group_id]
}

run "refuses_an_endpoint_group_that_is_none" {
  command = plan
  variables {
    endpoint_security_group_id = "vpce-0123456789abcdef0"
  }
  expect_failures = [var.endpoint_security_group_id]
}

run "refuses_another_endpoint_type" {
  command = plan
  variables {
    s3_endpoint_type = "both"
  }
  expect_failures = [var.s3_endpoint_type]
}

run "refuses_a_gateway_without_its_prefix_list" {
  command = plan
  variables {
    s3_endpoint_type = "gateway"
  }
  expect_failures = [var.s3_prefix_list_id]
}

run "refuses_health_on_a_port_that_serves" {
  command = plan
  variables {
    health_port = 8000
  }
  expect_failures = [var.health_port]
}

run "refuses_the_internet_for_backends" {
  command = plan
  variables {
    backend_egress_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.backend_egress_cidrs]
}

run "refuses_every_pod_as_administrator" {
  command = plan
  variables {
    database_admin_security_group_ids = [var.cluster_security_group_id]
  }
  expect_failures = [var.database_admin_security_group_ids]
}

run "internal_load_balancers_for_everybody" {
  command = plan

  variables {
    internal_ingress_cidrs = ["0.0.0.0/0"]
  }

  expect_failures = [var.internal_ingress_cidrs]
}

run "internal_load_balancers_for_a_range_with_host_bits" {
  command = plan

  variables {
    internal_ingress_cidrs = ["10.200.0.1/20"]
  }

  expect_failures = [var.internal_ingress_cidrs]
}
