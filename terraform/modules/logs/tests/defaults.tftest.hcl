mock_provider "aws" {
  source = "./tests/mocks"
}

run "key_and_alias" {
  command = apply

  assert {
    condition     = output.kms_key_arn == "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"
    error_message = "kms_key_arn must be the ARN of the key that was made."
  }

  assert {
    condition     = aws_kms_alias.logs.name == "alias/appinstance-logs" && aws_kms_alias.logs.target_key_id == aws_kms_key.logs.key_id
    error_message = "The alias must carry the platform's name and point to the key."
  }

  assert {
    condition     = aws_kms_key.logs.deletion_window_in_days == 30
    error_message = "A deleted key must stay recoverable for 30 days."
  }
}

run "tags_reach_the_key" {
  command = plan

  variables {
    tags = { team = "platform" }
  }

  assert {
    condition     = aws_kms_key.logs.tags == tomap({ team = "platform", Name = "appinstance-logs" })
    error_message = "The key must carry the caller's tags and its own name."
  }
}

run "another_partition" {
  command = plan

  variables {
    partition = "aws-us-gov"
    region    = "us-gov-west-1"
  }

  assert {
    condition = (
      jsondecode(aws_kms_key.logs.policy).Statement[0].Principal.AWS == "arn:aws-us-gov:iam::111122223333:root"
      && jsondecode(aws_kms_key.logs.policy).Statement[1].Principal.Service == "logs.us-gov-west-1.amazonaws.com"
    )
    error_message = "The key policy must follow the partition and the region."
  }
}
