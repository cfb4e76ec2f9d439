locals {
  monitoring_log_group = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:RDSOSMetrics"

  monitoring_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "EnhancedMonitoringOfThisInstance"
        Effect    = "Allow"
        Principal = { Service = "monitoring.rds.amazonaws.com" }
        Action    = "sts:AssumeRole"
        Condition = {
          StringEquals = { "aws:SourceAccount" = var.account_id }
          ArnEquals = {
            "aws:SourceArn" = "arn:${var.partition}:rds:${var.region}:${var.account_id}:db:${local.identifier}"
          }
        }
      },
    ]
  })

  # What AWS's managed policy allows, on the one log group that enhanced monitoring writes.
  monitoring_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "TheLogGroup"
        Effect = "Allow"
        Action = ["logs:CreateLogGroup", "logs:PutRetentionPolicy"]
        # With `:*`: calls that are not about tags are judged on it ("Identity and access management for CloudWatch Logs",
        # docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html); the bare ARN matches none.
        Resource = ["${local.monitoring_log_group}:*"]
      },
      {
        Sid    = "ItsStreams"
        Effect = "Allow"
        Action = [
          "logs:CreateLogStream",
          "logs:DescribeLogStreams",
          "logs:GetLogEvents",
          "logs:PutLogEvents",
        ]
        Resource = ["${local.monitoring_log_group}:log-stream:*"]
      },
    ]
  })
}

resource "aws_iam_role" "monitoring" {
  name               = "${local.identifier}-monitoring"
  path               = "/platform/"
  description        = "Enhanced monitoring of ${local.identifier}"
  assume_role_policy = local.monitoring_trust
  tags               = var.tags
}

resource "aws_iam_role_policy" "monitoring" {
  name   = "metrics"
  role   = aws_iam_role.monitoring.name
  policy = local.monitoring_policy
}
