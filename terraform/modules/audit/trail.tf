resource "aws_cloudwatch_log_group" "trail" {
  name              = "/aws/cloudtrail/${local.trail_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
  tags              = local.tags
}

locals {
  # No condition: CloudTrail does not send aws:SourceArn or aws:SourceAccount when it takes this role.
  trail_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "TrailOnly"
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })

  trail_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "WriteToItsStreams"
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.trail.arn}:log-stream:${var.account_id}_CloudTrail_*"
    }]
  })
}

resource "aws_iam_role" "trail" {
  name               = "${var.name}-trail"
  path               = "/platform/"
  description        = "CloudTrail writes to its log group"
  assume_role_policy = local.trail_trust
  tags               = local.tags
}

resource "aws_iam_role_policy" "trail" {
  name   = "write-log-group"
  role   = aws_iam_role.trail.name
  policy = local.trail_policy
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_252: alarms read the log group; a message for every file would be noise
  name                          = local.trail_name
  s3_bucket_name                = aws_s3_bucket.audit.id
  s3_key_prefix                 = "cloudtrail"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  kms_key_id                    = aws_kms_key.audit.arn
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.trail.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.trail.arn
  tags                          = local.tags

  advanced_event_selector {
    name = "Everything that changes or reads the account"

    field_selector {
      field  = "eventCategory"
      equals = ["Management"]
    }
  }

  dynamic "advanced_event_selector" {
    for_each = length(var.data_event_bucket_arns) > 0 ? [true] : []

    content {
      name = "Objects of the named buckets"

      field_selector {
        field  = "eventCategory"
        equals = ["Data"]
      }
      field_selector {
        field  = "resources.type"
        equals = ["AWS::S3::Object"]
      }
      field_selector {
        field       = "resources.ARN"
        starts_with = [for arn in var.data_event_bucket_arns : "${arn}/"]
      }
    }
  }

  # CloudTrail tries to write when it is made.
  depends_on = [aws_s3_bucket_policy.audit, aws_iam_role_policy.trail]
}
