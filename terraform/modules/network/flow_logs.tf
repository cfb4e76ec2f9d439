locals {
  flow_log_group_arn = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:${local.flow_log_group_name}"
  # A fixed name, so that the role's policy needs no wildcard and is known before the group exists.
  flow_log_group_name = "/aws/vpc/${var.name}/flow-logs"

  flow_log_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "FlowLogsOfThisAccount"
      Effect    = "Allow"
      Principal = { Service = "vpc-flow-logs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        # The service acts for every account: only this account's flow logs may borrow the role.
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:${var.partition}:ec2:${var.region}:${var.account_id}:vpc-flow-log/*" }
      }
    }]
  })

  flow_log_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "WriteFlowLogs"
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [local.flow_log_group_arn, "${local.flow_log_group_arn}:log-stream:*"]
      },
      {
        Sid    = "FindLogGroup"
        Effect = "Allow"
        Action = "logs:DescribeLogGroups"
        # The action lists groups: AWS checks it against all of the account's, never against one.
        Resource = "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:*"
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "flow_logs" {
  name              = local.flow_log_group_name
  kms_key_id        = var.logs_kms_key_arn
  retention_in_days = var.log_retention_days

  tags = merge(var.tags, { Name = "${var.name}-flow-logs" })
}

resource "aws_iam_role" "flow_logs" {
  name               = "${var.name}-flow-logs"
  path               = "/platform/"
  description        = "Lets VPC flow logs of ${var.name} write to their log group"
  assume_role_policy = local.flow_log_trust

  tags = var.tags
}

resource "aws_iam_role_policy" "flow_logs" {
  name   = "write-flow-logs"
  role   = aws_iam_role.flow_logs.name
  policy = local.flow_log_policy
}

resource "aws_flow_log" "this" {
  vpc_id                   = aws_vpc.this.id
  traffic_type             = "ALL"
  max_aggregation_interval = 60
  log_destination_type     = "cloud-watch-logs"
  log_destination          = aws_cloudwatch_log_group.flow_logs.arn
  iam_role_arn             = aws_iam_role.flow_logs.arn

  tags = merge(var.tags, { Name = var.name })

  depends_on = [aws_iam_role_policy.flow_logs]
}
