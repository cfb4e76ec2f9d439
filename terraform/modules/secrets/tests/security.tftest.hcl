mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  name       = "demo"
  account_id = "123456789012"
  region     = "eu-central-1"
  entries = {
    "apps/acme/web/app"     = { description = "Keys of acme/web" }
    "platform/registry-key" = { description = "The platform's own" }
  }
  platform_reader_role_arns  = ["arn:aws:iam::123456789012:role/platform/demo-external-secrets"]
  admin_role_arns            = ["arn:aws:iam::123456789012:role/people/security"]
  database_master_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf"
}

run "key" {
  command = plan

  assert {
    condition     = aws_kms_key.secrets.enable_key_rotation && aws_kms_key.secrets.deletion_window_in_days == 30
    error_message = "The key must rotate, and wait 30 days before it is deleted."
  }

  assert {
    condition = [
      for statement in jsondecode(aws_kms_key.secrets.policy).Statement : statement.Principal
      if statement.Effect == "Allow"
    ] == [{ AWS = "arn:aws:iam::123456789012:root" }]
    error_message = "The key must trust this account's IAM and nobody else."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.secrets.policy).Statement : statement.Condition
      if statement.Effect == "Deny" && contains(flatten([statement.Action]), "kms:Decrypt") && statement.Principal == { AWS = "*" }
    ]) == { StringNotEquals = { "kms:ViaService" = "secretsmanager.eu-central-1.amazonaws.com" } }
    error_message = "The key must decrypt through Secrets Manager alone."
  }

  assert {
    condition = alltrue([
      for secret in aws_secretsmanager_secret.this : secret.kms_key_id == aws_kms_key.secrets.arn
    ])
    error_message = "Every entry must be under the key of this module."
  }
}

run "readers" {
  command = plan

  assert {
    condition     = toset(keys(aws_secretsmanager_secret_policy.this)) == toset(keys(var.entries))
    error_message = "Every entry must have a policy."
  }

  assert {
    condition = alltrue([
      for policy in aws_secretsmanager_secret_policy.this : alltrue([
        for statement in jsondecode(policy.policy).Statement :
        statement.Effect == "Deny" && statement.Principal == "*" &&
        statement.Action == "secretsmanager:GetSecretValue" && statement.Resource == "*"
      ])
    ])
    error_message = "Policies of entries may deny reads, and allow nobody anything."
  }

  assert {
    condition = jsondecode(aws_secretsmanager_secret_policy.this["apps/acme/web/app"].policy).Statement[*].Condition == [{
      ArnNotLike = {
        "aws:PrincipalArn" = [
          "arn:aws:iam::123456789012:role/appinstances/appi-*",
          "arn:aws:iam::123456789012:role/people/security",
        ]
      }
    }]
    error_message = "Instances' entries must be readable for the operator's roles and the administrators alone."
  }

  assert {
    condition = jsondecode(aws_secretsmanager_secret_policy.this["platform/registry-key"].policy).Statement[*].Condition == [{
      ArnNotLike = {
        "aws:PrincipalArn" = [
          "arn:aws:iam::123456789012:role/platform/demo-external-secrets",
          "arn:aws:iam::123456789012:role/people/security",
        ]
      }
    }]
    error_message = "The platform's entries must be readable for its own readers and the administrators alone, never for instances."
  }

  assert {
    condition     = alltrue([for policy in aws_secretsmanager_secret_policy.this : policy.block_public_policy])
    error_message = "AWS must refuse a policy that opens an entry to the public."
  }
}

run "readers_of_their_own_roles" {
  command = plan

  variables {
    reader_role_path_arn_patterns = ["arn:aws:iam::123456789012:role/teams/acme-*"]
  }

  assert {
    condition = jsondecode(
      aws_secretsmanager_secret_policy.this["apps/acme/web/app"].policy
    ).Statement[0].Condition.ArnNotLike["aws:PrincipalArn"][0] == "arn:aws:iam::123456789012:role/teams/acme-*"
    error_message = "Patterns given must take the place of the operator's roles."
  }
}

run "recovery_and_rotation" {
  command = plan

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.this : secret.recovery_window_in_days == 30])
    error_message = "A deleted entry must be recoverable for 30 days."
  }

  # RDS's own 7 days: a rotation of ours would be cancelled at a destroy, of an entry that is RDS's.
  assert {
    condition     = length(aws_secretsmanager_secret_rotation.database_master) == 0
    error_message = "Without other days RDS must be left to rotate the administrator's password by itself."
  }
}

run "rotation_on_other_days" {
  command = plan

  variables {
    master_rotation_days = 3
  }

  assert {
    condition     = aws_secretsmanager_secret_rotation.database_master[0].rotate_immediately == false
    error_message = "The apply itself must not change the administrator's password."
  }

  assert {
    condition     = aws_secretsmanager_secret_rotation.database_master[0].rotation_lambda_arn == null
    error_message = "RDS itself must rotate: no function may see the password."
  }
}
