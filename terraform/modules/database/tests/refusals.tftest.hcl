mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name              = "demo"
  account_id        = "123456789012"
  region            = "eu-central-1"
  subnet_ids        = ["subnet-1", "subnet-2", "subnet-3"]
  security_group_id = "sg-0123456789abcdef0"
  logs_kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000009"
}

run "name_with_capitals" {
  command = plan

  variables {
    name = "Demo"
  }

  expect_failures = [var.name]
}

run "name_with_two_hyphens" {
  command = plan

  variables {
    name = "a--b"
  }

  expect_failures = [var.name]
}

run "name_ending_in_a_hyphen" {
  command = plan

  variables {
    name = "demo-"
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

run "one_subnet" {
  command = plan

  variables {
    subnet_ids = ["subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}

run "the_same_subnet_twice" {
  command = plan

  variables {
    subnet_ids = ["subnet-1", "subnet-1"]
  }

  expect_failures = [var.subnet_ids]
}

run "security_group_id" {
  command = plan

  variables {
    security_group_id = "default"
  }

  expect_failures = [var.security_group_id]
}

run "another_major_version" {
  command = plan

  variables {
    engine_version = "8.0.42"
  }

  expect_failures = [var.engine_version]
}

run "small_instance_class" {
  command = plan

  variables {
    instance_class = "db.t4g.small"
  }

  expect_failures = [var.instance_class]
}

run "instance_class_of_ec2" {
  command = plan

  variables {
    instance_class = "t4g.medium"
  }

  expect_failures = [var.instance_class]
}

run "little_storage" {
  command = plan

  variables {
    allocated_storage_gib = 19
  }

  expect_failures = [var.allocated_storage_gib]
}

run "no_room_to_grow" {
  command = plan

  variables {
    max_allocated_storage_gib = 55
  }

  expect_failures = [var.max_allocated_storage_gib]
}

run "too_few_backups" {
  command = plan

  variables {
    backup_retention_days = 6
  }

  expect_failures = [var.backup_retention_days]
}

run "too_many_backups" {
  command = plan

  variables {
    backup_retention_days = 36
  }

  expect_failures = [var.backup_retention_days]
}

run "backup_window" {
  command = plan

  variables {
    backup_window = "night"
  }

  expect_failures = [var.backup_window]
}

run "maintenance_window" {
  command = plan

  variables {
    maintenance_window = "sunday"
  }

  expect_failures = [var.maintenance_window]
}

run "copy_to_the_same_region" {
  command = plan

  variables {
    backup_copy_region = "eu-central-1"
  }

  expect_failures = [var.backup_copy_region]
}

run "copy_to_nowhere" {
  command = plan

  variables {
    backup_copy_region = "ireland"
  }

  expect_failures = [var.backup_copy_region]
}

run "final_snapshot_suffix" {
  command = plan

  variables {
    final_snapshot_suffix = "last_"
  }

  expect_failures = [var.final_snapshot_suffix]
}

run "retired_ca" {
  command = plan

  variables {
    ca_cert_identifier = "rds-ca-2019"
  }

  expect_failures = [var.ca_cert_identifier]
}

run "guessable_administrator" {
  command = plan

  variables {
    master_username = "admin"
  }

  expect_failures = [var.master_username]
}

run "performance_insights_retention" {
  command = plan

  variables {
    performance_insights_retention_days = 30
  }

  expect_failures = [var.performance_insights_retention_days]
}

run "monitoring_off" {
  command = plan

  variables {
    monitoring_interval_seconds = 0
  }

  expect_failures = [var.monitoring_interval_seconds]
}

run "logs_without_a_key" {
  command = plan

  variables {
    logs_kms_key_arn = ""
  }

  expect_failures = [var.logs_kms_key_arn]
}

run "logs_without_an_end" {
  command = plan

  variables {
    log_retention_days = 0
  }

  expect_failures = [var.log_retention_days]
}
