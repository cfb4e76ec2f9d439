mock_provider "aws" {
  source = "./tests/mocks"
}

run "key_rotates" {
  command = plan

  assert {
    condition     = aws_kms_key.logs.enable_key_rotation && aws_kms_key.logs.rotation_period_in_days <= 365
    error_message = "The key must rotate at least once a year."
  }
}

run "key_policy" {
  command = plan

  assert {
    condition = toset(flatten([
      for statement in jsondecode(aws_kms_key.logs.policy).Statement : values(statement.Principal)
    ])) == toset(["arn:aws:iam::111122223333:root", "logs.eu-central-1.amazonaws.com"])
    error_message = "Only this account and this region's CloudWatch Logs may appear in the key policy."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.logs.policy).Statement :
      try(statement.Condition.ArnLike["kms:EncryptionContext:aws:logs:arn"], "")
      == "arn:aws:logs:eu-central-1:111122223333:log-group:*"
      if can(statement.Principal.Service)
    ])
    error_message = "CloudWatch Logs may use the key only for log groups of this account and region."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.logs.policy).Statement :
      toset(statement.Action) == toset(["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"])
      if can(statement.Principal.Service)
    ])
    error_message = "CloudWatch Logs may encrypt and decrypt with the key and nothing more, above all not grant or administer it."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.logs.policy).Statement : try(length(statement.Sid) > 0, false)
    ])
    error_message = "Every statement of the key policy must carry a Sid."
  }
}
