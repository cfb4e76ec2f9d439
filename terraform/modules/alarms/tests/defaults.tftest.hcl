mock_provider "aws" {
  source = "./tests/mocks"
}

run "defaults" {
  assert {
    condition     = length(output.alarm_names) == length(distinct(output.alarm_names)) && alltrue([for name in output.alarm_names : startswith(name, "platform-")])
    error_message = "Every alarm needs its own name, after the platform."
  }

  assert {
    condition = length(setsubtract([
      "platform-alb-5xx", "platform-target-5xx", "platform-alb-latency", "platform-waf-blocked", "platform-database-cpu",
      "platform-database-free-storage", "platform-database-connections", "platform-database-replica-lag", "platform-nodes-failed",
      "platform-pods-crashing", "platform-pods-pending", "platform-external-secrets-errors", "platform-operator-errors",
      "platform-sign-in-failures", "platform-root-use", "platform-iam-changes", "platform-boundary-changes",
    ], output.alarm_names)) == 0
    error_message = "What the platform must be told of is missing among the alarms."
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.metric), values(aws_cloudwatch_metric_alarm.query), values(aws_cloudwatch_metric_alarm.log)) : length(alarm.alarm_description) > 20 && endswith(alarm.alarm_description, ".")])
    error_message = "Every alarm must say in a sentence what it means."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.metric["database-free-storage"].threshold == 50 * 1024 * 1024 * 1024 * 0.2 && aws_cloudwatch_metric_alarm.metric["database-connections"].threshold == 240
    error_message = "A fifth of the storage and a fifth of the connections must stay free."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.metric["waf-blocked"].dimensions == tomap({ WebACL = "platform", Region = "eu-central-1", Rule = "ALL" })
    error_message = "Blocked requests must be those of the given web ACL in this region."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.metric : alarm.dimensions["ClusterName"] == "platform" if alarm.namespace == "ContainerInsights"])
    error_message = "Nodes and pods must be those of the given cluster."
  }

  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.this : length(filter.pattern) <= 1024])
    error_message = "CloudWatch takes patterns of at most 1024 characters."
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.query : strcontains(one(alarm.metric_query).expression, "GROUP BY") && strcontains(one(alarm.metric_query).expression, "ORDER BY")])
    error_message = "A query must be grouped and ordered, or a bad load balancer hides among good ones."
  }
}

run "thresholds_can_be_set" {
  variables {
    thresholds = { alb_latency_seconds = 3, database_connections_percent = 50 }
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.query["alb-latency"].threshold == 3 && aws_cloudwatch_metric_alarm.metric["database-connections"].threshold == 150 && aws_cloudwatch_metric_alarm.metric["database-cpu"].threshold == 80
    error_message = "Given thresholds must count, and the others keep their defaults."
  }
}

run "mail" {
  variables {
    email_addresses = ["platform@example.com"]
  }

  assert {
    condition     = one(values(aws_sns_topic_subscription.email)).endpoint == "platform@example.com" && one(values(aws_sns_topic_subscription.email)).protocol == "email"
    error_message = "Each address must be subscribed by mail."
  }
}

run "routine_work" {
  variables {
    routine_role_arns = [
      "arn:aws:iam::111122223333:role/platform/platform-operator",
      "arn:aws:iam::111122223333:role/platform/platform-load-balancer-controller-${join("", [for i in range(66) : "x"])}",
      "arn:aws:iam::111122223333:role/platform/platform-load-balancer-controller-${join("", [for i in range(66) : "y"])}",
    ]
  }

  assert {
    condition = alltrue([
      for key in ["iam-changes", "security-group-changes"] : strcontains(aws_cloudwatch_log_metric_filter.this[key].pattern, "(($.userIdentity.sessionContext.sessionIssuer.arn NOT EXISTS) || (($.userIdentity.sessionContext.sessionIssuer.arn != \"arn:aws:iam::111122223333:role/platform/platform-operator\") && ")
    ])
    error_message = "The daily work of the named roles must raise no alarm, and everybody else's must."
  }

  assert {
    condition     = alltrue([for filter in aws_cloudwatch_log_metric_filter.this : length(filter.pattern) <= 1024])
    error_message = "Even with the most and longest roles a pattern must fit CloudWatch's 1024 characters."
  }
}

run "without_findings" {
  variables {
    notify_findings = false
  }

  assert {
    condition     = length(aws_cloudwatch_event_rule.findings) == 0 && !strcontains(aws_sns_topic_policy.alarms.policy, "events.amazonaws.com") && !strcontains(aws_kms_key.alarms.policy, "events.amazonaws.com")
    error_message = "Without findings EventBridge needs no right on topic and key."
  }
}
