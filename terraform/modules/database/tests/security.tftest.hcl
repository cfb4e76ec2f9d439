mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

# Three keys with three ARNs, so that a mix-up shows.
override_resource {
  target          = aws_kms_key.rds
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001" }
}

override_resource {
  target          = aws_kms_key.master_secret
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000002" }
}

override_resource {
  target          = aws_kms_key.rds_copy
  override_during = plan
  values          = { arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000003" }
}

override_resource {
  target          = aws_db_instance.this
  override_during = plan
  values          = { arn = "arn:aws:rds:eu-central-1:123456789012:db:demo-mysql" }
}

variables {
  name               = "demo"
  account_id         = "123456789012"
  region             = "eu-central-1"
  subnet_ids         = ["subnet-1", "subnet-2", "subnet-3"]
  security_group_id  = "sg-0123456789abcdef0"
  logs_kms_key_arn   = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000009"
  backup_copy_region = "eu-west-1"
}

run "encryption" {
  command = plan

  assert {
    condition = (
      aws_db_instance.this.storage_encrypted &&
      aws_db_instance.this.kms_key_id == aws_kms_key.rds.arn &&
      output.kms_key_arn == aws_kms_key.rds.arn
    )
    error_message = "The storage, and with it the backups, must be encrypted under aws_kms_key.rds."
  }

  assert {
    condition = (
      aws_db_instance.this.performance_insights_enabled &&
      aws_db_instance.this.performance_insights_kms_key_id == aws_kms_key.rds.arn
    )
    error_message = "Performance Insights holds statements, so it must be under aws_kms_key.rds."
  }

  assert {
    condition = (
      aws_db_instance.this.manage_master_user_password &&
      aws_db_instance.this.password == null &&
      aws_db_instance.this.master_user_secret_kms_key_id == aws_kms_key.master_secret.arn
    )
    error_message = "RDS must make and keep the administrator's password, under the key of its own."
  }

  assert {
    condition     = aws_db_instance_automated_backups_replication.this[0].kms_key_id == aws_kms_key.rds_copy[0].arn
    error_message = "The copies in the second region must be encrypted under the key there."
  }

  assert {
    condition = alltrue([
      for key in [aws_kms_key.rds, aws_kms_key.master_secret, aws_kms_key.rds_copy[0]] :
      key.enable_key_rotation && key.deletion_window_in_days == 30
    ])
    error_message = "Every key must rotate, and wait 30 days before it is deleted."
  }

  assert {
    condition = alltrue([
      for key in [aws_kms_key.rds, aws_kms_key.master_secret, aws_kms_key.rds_copy[0]] : alltrue([
        for statement in jsondecode(key.policy).Statement :
        statement.Effect == "Allow" && statement.Principal == { AWS = "arn:aws:iam::123456789012:root" }
      ])
    ])
    error_message = "Key policies must trust this account's IAM and nobody else."
  }

  assert {
    condition = alltrue([
      for group in aws_cloudwatch_log_group.this :
      group.kms_key_id == var.logs_kms_key_arn && group.retention_in_days == 365
    ])
    error_message = "Log groups must be under the logs' key, and end after a year."
  }
}

run "transport" {
  command = plan

  assert {
    condition = contains(
      [for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"],
      "require_secure_transport=1",
    )
    error_message = "The server itself must refuse connections without TLS."
  }

  assert {
    condition = contains(
      [for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"],
      "tls_version=TLSv1.2,TLSv1.3",
    )
    error_message = "The server must speak TLS 1.2 and 1.3 alone."
  }

  assert {
    condition     = aws_db_instance.this.parameter_group_name == aws_db_parameter_group.this.name
    error_message = "The instance must use the parameter group that demands TLS."
  }

  assert {
    condition     = aws_db_instance.this.ca_cert_identifier == "rds-ca-rsa2048-g1"
    error_message = "The server's certificate must come from the CA that the bundle of the settings holds."
  }
}

run "reach" {
  command = plan

  assert {
    condition     = aws_db_instance.this.publicly_accessible == false
    error_message = "The database must have no public address."
  }

  assert {
    condition     = aws_db_instance.this.vpc_security_group_ids == toset(["sg-0123456789abcdef0"])
    error_message = "The database must be in the one security group that admits the backend alone."
  }

  assert {
    condition     = !aws_db_instance.this.iam_database_authentication_enabled
    error_message = "There must be no second way to sign in that nobody uses."
  }
}

run "loss" {
  command = plan

  assert {
    condition = (
      aws_db_instance.this.deletion_protection &&
      !aws_db_instance.this.skip_final_snapshot &&
      aws_db_instance.this.final_snapshot_identifier == "demo-mysql-final" &&
      !aws_db_instance.this.delete_automated_backups
    )
    error_message = "A destroy must be refused by default, and leave a snapshot and the backups when it is allowed."
  }

  assert {
    condition     = aws_db_instance.this.backup_retention_period == 14 && aws_db_instance.this.copy_tags_to_snapshot
    error_message = "Backups must be kept for 14 days and carry the tags."
  }
}

run "logs" {
  command = plan

  assert {
    condition     = aws_db_instance.this.enabled_cloudwatch_logs_exports == toset(["audit", "error", "slowquery"])
    error_message = "Audit, error and slow query logs must be exported; the general log holds people's data and must not."
  }

  assert {
    condition = length(setsubtract(
      ["general_log=0", "slow_query_log=1", "log_output=FILE", "local_infile=0"],
      [for parameter in aws_db_parameter_group.this.parameter : "${parameter.name}=${parameter.value}"],
    )) == 0
    error_message = "Slow queries must go to a file, the general log must be off, and clients must not be made to send files."
  }

  assert {
    condition = contains(
      one(aws_db_option_group.this.option[*].option_settings)[*].value,
      "CONNECT,QUERY_DDL,QUERY_DCL",
    )
    error_message = "The audit log must hold connections and changes of tables and rights, and no rows."
  }

  assert {
    condition = (
      one(aws_db_option_group.this.option[*].option_name) == "MARIADB_AUDIT_PLUGIN" &&
      aws_db_instance.this.option_group_name == "demo-mysql-84-mocked"
    )
    error_message = "The instance must use the option group with the audit plugin."
  }
}

run "monitoring_role" {
  command = plan

  assert {
    condition = (
      jsondecode(aws_iam_role.monitoring.assume_role_policy).Statement[*].Principal ==
      [{ Service = "monitoring.rds.amazonaws.com" }]
    )
    error_message = "Enhanced monitoring alone may take the role."
  }

  assert {
    condition = jsondecode(aws_iam_role.monitoring.assume_role_policy).Statement[0].Condition == {
      StringEquals = { "aws:SourceAccount" = "123456789012" }
      ArnEquals    = { "aws:SourceArn" = "arn:aws:rds:eu-central-1:123456789012:db:demo-mysql" }
    }
    error_message = "The role must be for this account's instance alone, or another's could borrow it."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_iam_role_policy.monitoring.policy).Statement : statement.Resource
      if contains(statement.Action, "logs:CreateLogGroup")
    ] == [["arn:aws:logs:eu-central-1:123456789012:log-group:RDSOSMetrics:*"]]
    error_message = "Making the log group is judged on its ARN with :*, and the bare one matches nothing: RDS would refuse the role."
  }

  assert {
    condition = alltrue([
      for resource in flatten(jsondecode(aws_iam_role_policy.monitoring.policy).Statement[*].Resource) :
      startswith(resource, "arn:aws:logs:eu-central-1:123456789012:log-group:RDSOSMetrics")
    ])
    error_message = "The role must reach the log group of enhanced monitoring alone."
  }

  assert {
    condition = alltrue([
      for action in flatten(jsondecode(aws_iam_role_policy.monitoring.policy).Statement[*].Action) :
      startswith(action, "logs:") && !strcontains(action, "*") && !strcontains(action, "Delete")
    ])
    error_message = "The role may write logs, name by name, and delete nothing."
  }

  assert {
    condition     = aws_iam_role.monitoring.path == "/platform/"
    error_message = "The role must be under /platform/, out of the operator's reach."
  }
}

run "destroy" {
  command = plan

  assert {
    condition     = aws_db_option_group.this.skip_destroy && aws_db_option_group.this.name_prefix == "demo-mysql-84-" && aws_db_instance.this.delete_automated_backups == false
    error_message = "The option group must stay, as the backups that need it do, and the next one must have another name."
  }
}
