mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name       = "demo"
  account_id = "123456789012"
  region     = "eu-central-1"
}

run "name" {
  command = plan

  variables {
    name = "Demo"
  }

  expect_failures = [var.name]
}

run "account_id" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}

run "region" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "partition" {
  command = plan

  variables {
    partition = "azure"
  }

  expect_failures = [var.partition]
}

run "empty_prefix" {
  command = plan

  variables {
    allowed_prefix = ""
  }

  expect_failures = [var.allowed_prefix]
}

run "prefix_without_a_slash" {
  command = plan

  variables {
    allowed_prefix = "apps"
  }

  expect_failures = [var.allowed_prefix]
}

run "prefix_with_a_wildcard" {
  command = plan

  variables {
    allowed_prefix = "a*/"
  }

  expect_failures = [var.allowed_prefix]
}

run "platform_prefix_without_a_slash" {
  command = plan

  variables {
    platform_secrets_prefix = "platform"
  }

  expect_failures = [var.platform_secrets_prefix]
}

run "platform_prefix_inside_the_instances" {
  command = plan

  variables {
    # checkov:skip=CKV_SECRET_6: a prefix of names
    platform_secrets_prefix = "apps/platform/"
  }

  expect_failures = [var.platform_secrets_prefix]
}

run "platform_prefix_around_the_instances" {
  command = plan

  variables {
    platform_secrets_prefix = "all/"
    allowed_prefix          = "all/apps/"
  }

  expect_failures = [var.platform_secrets_prefix]
}

run "entry_outside_the_prefixes" {
  command = plan

  variables {
    entries = { "other/key" = { description = "x" } }
  }

  expect_failures = [var.entries]
}

run "entry_with_a_wildcard" {
  command = plan

  variables {
    entries = { "apps/*" = { description = "x" } }
  }

  expect_failures = [var.entries]
}

run "entry_that_ends_like_an_arn" {
  command = plan

  variables {
    entries = { "apps/acme-secret" = { description = "x" } }
  }

  expect_failures = [var.entries]
}

run "entry_that_ends_with_a_slash" {
  command = plan

  variables {
    entries = { "apps/acme/" = { description = "x" } }
  }

  expect_failures = [var.entries]
}

run "no_readers" {
  command = plan

  variables {
    reader_role_path_arn_patterns = []
  }

  expect_failures = [var.reader_role_path_arn_patterns]
}

run "everybody_reads" {
  command = plan

  variables {
    reader_role_path_arn_patterns = ["*"]
  }

  expect_failures = [var.reader_role_path_arn_patterns]
}

run "every_role_reads" {
  command = plan

  variables {
    reader_role_path_arn_patterns = ["arn:aws:iam::123456789012:role/*"]
  }

  expect_failures = [var.reader_role_path_arn_patterns]
}

run "roles_of_another_account_read" {
  command = plan

  variables {
    reader_role_path_arn_patterns = ["arn:aws:iam::210987654321:role/appinstances/appi-*"]
  }

  expect_failures = [var.reader_role_path_arn_patterns]
}

run "platform_readers_with_a_wildcard" {
  command = plan

  variables {
    platform_reader_role_arns = ["arn:aws:iam::123456789012:role/platform/*"]
  }

  expect_failures = [var.platform_reader_role_arns]
}

run "platform_entry_that_nobody_reads" {
  command = plan

  variables {
    platform_reader_role_arns = []
    entries                   = { "platform/key" = { description = "x" } }
  }

  expect_failures = [var.platform_reader_role_arns]
}

run "administrators_with_a_wildcard" {
  command = plan

  variables {
    admin_role_arns = ["arn:aws:iam::123456789012:role/people/*"]
  }

  expect_failures = [var.admin_role_arns]
}

run "recovery_window" {
  command = plan

  variables {
    recovery_window_days = 3
  }

  expect_failures = [var.recovery_window_days]
}

run "entry_that_rds_does_not_manage" {
  command = plan

  variables {
    database_master_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:apps/db-AbCdEf"
  }

  expect_failures = [var.database_master_secret_arn]
}

run "rotation_that_never_comes" {
  command = plan

  variables {
    master_rotation_days = 365
  }

  expect_failures = [var.master_rotation_days]
}

run "half_a_day" {
  command = plan

  variables {
    master_rotation_days = 1.5
  }

  expect_failures = [var.master_rotation_days]
}
