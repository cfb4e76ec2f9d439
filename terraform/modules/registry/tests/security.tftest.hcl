mock_provider "aws" {
  source = "./tests/mocks"
}

run "images" {
  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : repository.image_tag_mutability == "IMMUTABLE"])
    error_message = "A tag that was pushed must stay what it was."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : one(repository.image_scanning_configuration).scan_on_push])
    error_message = "Each image must be scanned when it comes."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : one(repository.encryption_configuration).kms_key == aws_kms_key.images.arn]) && aws_kms_key.images.enable_key_rotation
    error_message = "Images must lie under the platform's key, which rotates."
  }

  assert {
    condition     = alltrue([for policy in aws_ecr_lifecycle_policy.this : [for rule in jsondecode(policy.policy).rules : rule.selection.tagStatus] == ["untagged"]])
    error_message = "Nothing with a tag may be deleted: it may be what runs."
  }
}

run "push" {
  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_policy.push.policy).Statement : statement.Resource if statement.Sid != "SignIn"])) == toset([
      for image in ["backend", "frontend", "operator", "provisioner"] : "arn:aws:ecr:eu-central-1:111122223333:repository/appinstance/${image}"
    ])
    error_message = "Who pushes may push to these repositories alone."
  }

  assert {
    condition     = length([for action in flatten([for statement in jsondecode(aws_iam_policy.push.policy).Statement : statement.Action]) : action if can(regex("Delete|Policy|Tag|\\*", action))]) == 0
    error_message = "Who pushes must not delete, open or retag."
  }
}
