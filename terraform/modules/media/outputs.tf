output "bucket_name" {
  description = "The bucket of the avatars."
  value       = aws_s3_bucket.media.bucket
}

output "bucket_arn" {
  description = "Its ARN."
  value       = local.bucket_arn
}

output "kms_key_arn" {
  description = "The key that objects must be under."
  value       = aws_kms_key.media.arn
}

output "access_log_bucket_name" {
  description = "The bucket of the access logs."
  value       = aws_s3_bucket.access_logs.bucket
}

output "cloudfront_domain" {
  description = "Where the aliases must point (CNAME or alias record); null without CloudFront."
  value       = one(aws_cloudfront_distribution.media[*].domain_name)
}

output "cloudfront_hosted_zone_id" {
  description = "Zone for Route 53 alias records; null without CloudFront."
  value       = one(aws_cloudfront_distribution.media[*].hosted_zone_id)
}

output "cloudfront_distribution_arn" {
  description = "The distribution; null without CloudFront."
  value       = one(aws_cloudfront_distribution.media[*].arn)
}

output "cloudfront_key_pair_ids" {
  description = "Key pair ids by the names in `cloudfront.public_keys`: `media.cloudFront.keyPairId` of an instance."
  value       = { for name, key in aws_cloudfront_public_key.media : name => key.id }
}

output "policies" {
  description = "Policies of this module as JSON, for tests and reviewers."
  value = {
    access_log_bucket = local.access_log_policy
    bucket            = local.bucket_policy
    key               = local.key_policy
  }
}
