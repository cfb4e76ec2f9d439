mock_provider "aws" {
  source = "./tests/mocks"
}

run "refuses_a_wildcard_for_the_administrators_entry" {
  command = plan
  variables {
    master_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!*"
  }
  expect_failures = [var.master_secret_arn]
}

run "refuses_everybody_as_dump_admin" {
  command = plan
  variables {
    dump_admin_role_arns = ["arn:aws:iam::123456789012:role/*"]
  }
  expect_failures = [var.dump_admin_role_arns]
}

run "refuses_dumps_of_a_day" {
  command = plan
  variables {
    dump_retention_days = 1
  }
  expect_failures = [var.dump_retention_days]
}

run "refuses_a_prefix_of_everything" {
  command = plan
  variables {
    secrets_prefix = "/"
  }
  expect_failures = [var.secrets_prefix]
}

run "refuses_a_bucket_with_dots" {
  command = plan
  variables {
    bucket_name = "demo.dumps"
  }
  expect_failures = [var.bucket_name]
}

run "refuses_another_kind_of_endpoint" {
  command = plan
  variables {
    s3_endpoint_type = "none"
  }
  expect_failures = [var.s3_endpoint_type]
}

run "refuses_a_name_with_capitals" {
  command = plan
  variables {
    name = "Demo"
  }
  expect_failures = [var.name]
}

run "refuses_an_account_with_hyphens" {
  command = plan
  variables {
    account_id = "1234-5678-9012"
  }
  expect_failures = [var.account_id]
}

run "refuses_an_unsupported_partition" {
  command = plan
  variables {
    partition = "aws-iso"
  }
  expect_failures = [var.partition]
}
