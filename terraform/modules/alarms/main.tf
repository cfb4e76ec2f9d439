locals {
  tags = merge(var.tags, { Name = "${var.name}-alarms" })

  # Built rather than read: the key's policy and the topic's would wait for each other.
  topic_name = "${var.name}-alarms"
  topic_arn  = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${local.topic_name}"
}

locals {
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "AccountDecidesByIam"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*" # in a key policy: this key
      },
      {
        Sid       = "AlarmsEncrypt"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*" # in a key policy: this key
        Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
      },
      ], var.notify_findings ? [{
        # No condition: EventBridge sends none of its keys with what it publishes to SNS.
        Sid       = "FindingsEncrypt"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*" # in a key policy: this key
    }] : [])
  })

  topic_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:cloudwatch:${var.region}:${var.account_id}:alarm:*" }
        }
      },
      ], var.notify_findings ? [{
        # No condition: EventBridge sends none of its keys with what it publishes to SNS.
        Sid       = "FindingsPublish"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
    }] : [])
  })
}

resource "aws_kms_key" "alarms" {
  description             = "Alarms of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = var.kms_deletion_window_days
  policy                  = local.key_policy
  tags                    = local.tags
}

resource "aws_kms_alias" "alarms" {
  name          = "alias/${var.name}-alarms"
  target_key_id = aws_kms_key.alarms.key_id
}

resource "aws_sns_topic" "alarms" {
  name              = local.topic_name
  kms_master_key_id = aws_kms_key.alarms.arn
  tags              = local.tags
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = local.topic_policy
}

# PagerDuty and the like: their endpoint confirms the subscription by itself.
resource "aws_sns_topic_subscription" "https" {
  for_each = nonsensitive(toset(keys(var.https_endpoints)))

  topic_arn              = aws_sns_topic.alarms.arn
  protocol               = "https"
  endpoint               = var.https_endpoints[each.value]
  endpoint_auto_confirms = true
}

# Each address gets a mail and counts only once somebody has followed its link.
resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.email_addresses)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}
