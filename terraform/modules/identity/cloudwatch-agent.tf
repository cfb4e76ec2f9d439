locals {
  # Log and metric actions only. The groups are made by the addons module, under a key and with an end, so the agent
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
    ]
  })
}
