locals {
  # Log and metric actions, and what metrics are named by. The groups are made by the addons module, under a key and with an end, so the agent
  # needs no right to make any.
  cloudwatch_agent_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "LogsOfThisCluster"
        Effect = "Allow"
        Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"]
        Resource = [
          "arn:${var.partition}:logs:${var.region}:${var.account_id}:log-group:/aws/containerinsights/${var.cluster_name}/*",
        ]
      },
      {
        # Metrics have no ARN; the namespace is what AWS offers to narrow it by.
        Sid       = "MetricsOfContainers"
        Effect    = "Allow"
        Action    = ["cloudwatch:PutMetricData"]
        Resource  = ["*"]
        Condition = { StringEquals = { "cloudwatch:namespace" = ["CWAgent", "ContainerInsights"] } }
      },
      {
        # The agent looks up the node's tags and volumes (AWS's managed policy CloudWatchAgentServerPolicy allows both); each
        # refusal would count for the alarm on refused calls. EC2 knows no resource for them.
        Sid       = "WhatMetricsAreNamedBy"
        Effect    = "Allow"
        Action    = ["ec2:DescribeTags", "ec2:DescribeVolumes"]
        Resource  = ["*"]
        Condition = { StringEquals = { "aws:RequestedRegion" = var.region } }
      },
    ]
  })
}
