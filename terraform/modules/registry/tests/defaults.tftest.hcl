mock_provider "aws" {
  source = "./tests/mocks"
}

run "a_repository_for_each_image" {
  assert {
    condition     = jsonencode({ for image, repository in aws_ecr_repository.this : image => repository.name }) == jsonencode({ backend = "appinstance/backend", frontend = "appinstance/frontend", operator = "appinstance/operator", provisioner = "appinstance/provisioner" })
    error_message = "Backend, frontend, operator and provisioner must each have a repository under the platform's name."
  }

  assert {
    condition     = output.prefix == "111122223333.dkr.ecr.eu-central-1.amazonaws.com/appinstance"
    error_message = "The prefix must be what the repositories' addresses begin with."
  }

  assert {
    condition     = alltrue([for repository in aws_ecr_repository.this : !repository.force_delete])
    error_message = "Repositories with images must not be deleted unasked."
  }
}
