mock_provider "aws" {
  source = "./tests/mocks"
}

run "refuses_an_image_with_capitals" {
  command = plan
  variables {
    images = ["Backend"]
  }
  expect_failures = [var.images]
}

run "refuses_no_image" {
  command = plan
  variables {
    images = []
  }
  expect_failures = [var.images]
}

run "refuses_half_a_day" {
  command = plan
  variables {
    untagged_days = 0.5
  }
  expect_failures = [var.untagged_days]
}

run "refuses_a_zone_as_region" {
  command = plan
  variables {
    region = "eu-central-1a"
  }
  expect_failures = [var.region]
}
