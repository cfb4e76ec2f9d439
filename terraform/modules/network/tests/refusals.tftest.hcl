mock_provider "aws" {
  source = "./tests/mocks"
}

run "refuses_a_name_that_starts_with_a_digit" {
  command = plan
  variables {
    name = "1platform"
  }
  expect_failures = [var.name]
}

run "refuses_a_short_account" {
  command = plan
  variables {
    account_id = "11112222333"
  }
  expect_failures = [var.account_id]
}

run "refuses_a_region_that_is_none" {
  command = plan
  variables {
    region             = "Frankfurt"
    availability_zones = ["Frankfurta", "Frankfurtb", "Frankfurtc"]
  }
  expect_failures = [var.region]
}

run "refuses_an_unsupported_partition" {
  command = plan
  variables {
    partition = "aws-cn"
  }
  expect_failures = [var.partition]
}

run "refuses_a_cluster_name_with_a_slash" {
  command = plan
  variables {
    cluster_name = "team/cluster"
  }
  expect_failures = [var.cluster_name]
}

run "refuses_host_bits" {
  command = plan
  variables {
    cidr = "10.20.1.0/16"
  }
  expect_failures = [var.cidr]
}

run "refuses_another_size" {
  command = plan
  variables {
    cidr = "10.20.0.0/20"
  }
  expect_failures = [var.cidr]
}

run "refuses_a_public_range" {
  command = plan
  variables {
    cidr = "52.20.0.0/16"
  }
  expect_failures = [var.cidr]
}

run "refuses_two_zones" {
  command = plan
  variables {
    availability_zones = ["eu-central-1a", "eu-central-1b"]
  }
  expect_failures = [var.availability_zones]
}

run "refuses_the_same_zone_twice" {
  command = plan
  variables {
    availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1b"]
  }
  expect_failures = [var.availability_zones]
}

run "refuses_zones_of_another_region" {
  command = plan
  variables {
    availability_zones = ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
  }
  expect_failures = [var.availability_zones]
}

run "refuses_full_service_names" {
  command = plan
  variables {
    interface_endpoints = ["sts", "com.amazonaws.eu-central-1.logs"]
  }
  expect_failures = [var.interface_endpoints]
}

run "refuses_s3_among_interface_endpoints" {
  command = plan
  variables {
    interface_endpoints = ["sts", "s3"]
  }
  expect_failures = [var.interface_endpoints]
}

run "refuses_to_leave_out_sts" {
  command = plan
  variables {
    interface_endpoints = ["secretsmanager"]
  }
  expect_failures = [var.interface_endpoints]
}

run "refuses_another_endpoint_type" {
  command = plan
  variables {
    s3_endpoint_type = "none"
  }
  expect_failures = [var.s3_endpoint_type]
}

run "refuses_an_alias_as_key" {
  command = plan
  variables {
    logs_kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:alias/appinstance-logs"
  }
  expect_failures = [var.logs_kms_key_arn]
}

run "refuses_to_keep_logs_for_ever" {
  command = plan
  variables {
    log_retention_days = 0
  }
  expect_failures = [var.log_retention_days]
}
