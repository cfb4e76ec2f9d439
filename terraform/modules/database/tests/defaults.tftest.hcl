mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name              = "demo"
  account_id        = "123456789012"
  region            = "eu-central-1"
  subnet_ids        = ["subnet-1", "subnet-2", "subnet-3"]
  security_group_id = "sg-0123456789abcdef0"
  logs_kms_key_arn  = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000009"
}

run "defaults" {
  command = plan

  assert {
    condition = (
      aws_db_instance.this.identifier == "demo-mysql" &&
      aws_db_instance.this.engine == "mysql" &&
      aws_db_instance.this.engine_version == "8.4" &&
      aws_db_instance.this.instance_class == "db.t4g.medium" &&
      aws_db_instance.this.port == 3306
    )
    error_message = "The defaults must be a MySQL 8.4 named demo-mysql on db.t4g.medium and port 3306."
  }

  assert {
    condition = (
      aws_db_instance.this.allocated_storage == 50 &&
      aws_db_instance.this.max_allocated_storage == 200 &&
      aws_db_instance.this.storage_type == "gp3"
    )
    error_message = "Storage must be gp3 and grow by itself from 50 to 200 GiB."
  }

  assert {
    condition     = aws_db_instance.this.multi_az
    error_message = "A standby in a second zone must be the default."
  }

  assert {
    condition     = aws_db_subnet_group.this.subnet_ids == toset(var.subnet_ids)
    error_message = "The instance must live in exactly the subnets given."
  }

  assert {
    condition     = aws_db_instance.this.auto_minor_version_upgrade
    error_message = "AWS must patch where only the major version is named."
  }

  assert {
    condition     = length(aws_db_instance_automated_backups_replication.this) == 0 && length(aws_kms_key.rds_copy) == 0
    error_message = "Without backup_copy_region nothing may be made elsewhere."
  }

  assert {
    condition = output.log_group_names == {
      audit     = "/aws/rds/instance/demo-mysql/audit"
      error     = "/aws/rds/instance/demo-mysql/error"
      slowquery = "/aws/rds/instance/demo-mysql/slowquery"
    }
    error_message = "The log groups must be those that RDS writes to: audit, error, slowquery."
  }

  assert {
    condition     = output.address == "demo-mysql.abc.eu-central-1.rds.amazonaws.com" && output.port == 3306
    error_message = "The outputs must give the address without the port, and the port."
  }

  assert {
    condition     = output.master_secret_arn == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf"
    error_message = "master_secret_arn must be the entry that RDS manages."
  }

  assert {
    condition     = output.parameter_group_name == "demo-mysql-84" && output.identifier == "demo-mysql"
    error_message = "The names given out must be those of the parameter group and the instance."
  }
}

run "an_exact_version_is_not_patched_by_aws" {
  command = plan

  variables {
    engine_version = "8.4.6"
  }

  assert {
    condition     = aws_db_instance.this.engine_version == "8.4.6" && !aws_db_instance.this.auto_minor_version_upgrade
    error_message = "With an exact version AWS must not patch, or the next plan asks for a downgrade."
  }
}

run "tags_reach_everything" {
  command = plan

  variables {
    tags               = { owner = "platform" }
    backup_copy_region = "eu-west-1"
  }

  assert {
    condition = alltrue([
      for tags in concat([
        aws_db_instance.this.tags, aws_kms_key.rds.tags, aws_kms_key.master_secret.tags,
        aws_kms_key.rds_copy[0].tags, aws_db_parameter_group.this.tags, aws_db_option_group.this.tags,
        aws_db_subnet_group.this.tags, aws_iam_role.monitoring.tags,
      ], [for group in aws_cloudwatch_log_group.this : group.tags]) : tags == tomap({ owner = "platform" })
    ])
    error_message = "Every resource must carry the tags."
  }
}

run "backups_are_copied_on_request" {
  command = plan

  variables {
    backup_copy_region    = "eu-west-1"
    backup_retention_days = 21
  }

  assert {
    condition = (
      aws_db_instance_automated_backups_replication.this[0].region == "eu-west-1" &&
      aws_db_instance_automated_backups_replication.this[0].retention_period == 21 &&
      aws_db_instance_automated_backups_replication.this[0].source_db_instance_arn == aws_db_instance.this.arn
    )
    error_message = "The backups of this instance must be copied to the region asked for and be kept as long."
  }

  assert {
    condition = (
      aws_kms_key.rds_copy[0].region == "eu-west-1" &&
      aws_kms_alias.rds_copy[0].region == "eu-west-1" &&
      aws_kms_key.rds_copy[0].enable_key_rotation
    )
    error_message = "The copies need a rotating key in their own region."
  }
}
