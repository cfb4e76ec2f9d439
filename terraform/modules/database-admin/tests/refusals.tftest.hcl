mock_provider "aws" {
  source = "./tests/mocks"
}

run "refuses_everybody" {
  command = plan
  variables {
    admin_role_arns = ["*"]
  }
  expect_failures = [var.admin_role_arns]
}

run "refuses_another_account" {
  command = plan
  variables {
    admin_role_arns = ["arn:aws:iam::999999999999:role/database-engineers"]
  }
  expect_failures = [var.admin_role_arns]
}

run "refuses_a_network_as_group" {
  command = plan
  variables {
    database_security_group_id = "10.0.0.0/8"
  }
  expect_failures = [var.database_security_group_id]
}

run "refuses_a_network_as_subnet" {
  command = plan
  variables {
    subnet_id = "10.0.0.0/24"
  }
  expect_failures = [var.subnet_id]
}

run "refuses_a_host_for_ever" {
  command = plan
  variables {
    longest_minutes = 100000
  }
  expect_failures = [var.longest_minutes]
}

run "refuses_the_name_of_a_vpc" {
  command = plan
  variables {
    vpc_id = "main"
  }
  expect_failures = [var.vpc_id]
}
