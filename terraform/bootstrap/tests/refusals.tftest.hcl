mock_provider "aws" {
  source = "./tests/mocks"
}

run "refuses_a_name_with_a_dot" {
  command = plan
  variables {
    name = "app.instance"
  }
  expect_failures = [var.name]
}

run "refuses_a_region_that_is_none" {
  command = plan
  variables {
    region = "Frankfurt"
  }
  expect_failures = [var.region]
}

run "refuses_a_bucket_name_with_dots" {
  command = plan
  variables {
    state_bucket_name = "terraform.acme.example"
  }
  expect_failures = [var.state_bucket_name]
}

run "refuses_a_bucket_name_that_leaves_no_room_for_logs" {
  command = plan
  variables {
    state_bucket_name = "a-name-of-59-characters-0123456789-0123456789-0123456789-01"
  }
  expect_failures = [var.state_bucket_name]
}

run "refuses_to_drop_old_states_soon" {
  command = plan
  variables {
    noncurrent_version_days = 7
  }
  expect_failures = [var.noncurrent_version_days]
}

run "refuses_to_keep_no_access_logs" {
  command = plan
  variables {
    access_log_retention_days = 0
  }
  expect_failures = [var.access_log_retention_days]
}
