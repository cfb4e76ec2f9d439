mock_provider "aws" {
  source = "./tests/mocks"
}

run "refuses_a_name_with_capitals" {
  command = plan
  variables {
    name = "AppInstance"
  }
  expect_failures = [var.name]
}

run "refuses_a_long_name" {
  command = plan
  variables {
    name = "a-name-of-21-letters-"
  }
  expect_failures = [var.name]
}

run "refuses_an_account_with_hyphens" {
  command = plan
  variables {
    account_id = "1111-2222-3333"
  }
  expect_failures = [var.account_id]
}

run "refuses_a_zone_as_region" {
  command = plan
  variables {
    region = "eu-central-1a"
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
