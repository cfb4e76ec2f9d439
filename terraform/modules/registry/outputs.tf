output "prefix" {
  description = "What all repositories begin with, for `make push TO=…`."
  value       = trimsuffix(values(aws_ecr_repository.this)[0].repository_url, "/${keys(aws_ecr_repository.this)[0]}")
}

output "repository_urls" {
  description = "Where each image is pushed to and pulled from, by its name."
  value       = { for image, repository in aws_ecr_repository.this : image => repository.repository_url }
}

output "push_policy_arn" {
  description = "Rights to push images, for the role of a pipeline."
  value       = aws_iam_policy.push.arn
}

output "policies" {
  description = "Every policy document of this module as JSON, by name, for tests and reports."
  value       = { key = local.key_policy, push = local.push_policy }
}
