output "bucket" {
  description = "Name of the state bucket."
  value       = aws_s3_bucket.state.bucket
}

output "table" {
  description = "Name of the lock table."
  value       = aws_dynamodb_table.lock.name
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts state and lock table."
  value       = aws_kms_key.state.arn
}

output "backend_config" {
  description = "Text of a backend.hcl for `terraform init -backend-config=backend.hcl`; each root names its own key."
  value       = <<-EOT
    bucket         = "${aws_s3_bucket.state.bucket}"
    region         = "${var.region}"
    encrypt        = true
    kms_key_id     = "${aws_kms_key.state.arn}"
    use_lockfile   = true
    dynamodb_table = "${aws_dynamodb_table.lock.name}"
  EOT
}
