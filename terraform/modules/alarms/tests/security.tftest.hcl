mock_provider "aws" {
  source = "./tests/mocks"
}

run "incidents" {
  variables {
    https_endpoints = { pagerduty = "https://events.pagerduty.com/integration/0123/enqueue" }
  }

  assert {
    condition     = nonsensitive([for subscription in aws_sns_topic_subscription.https : [subscription.protocol, subscription.endpoint, subscription.topic_arn]]) == [["https", "https://events.pagerduty.com/integration/0123/enqueue", aws_sns_topic.alarms.arn]]
    error_message = "An incident service must be called for each alarm, over TLS."
  }
}

run "operator" {
  variables {
    databases_offered = true
  }

  assert {
    condition     = alltrue([for alarm in aws_cloudwatch_metric_alarm.operator : alarm.alarm_actions == toset([aws_sns_topic.alarms.arn]) && alarm.ok_actions == toset([aws_sns_topic.alarms.arn])])
    error_message = "What the operator's metrics tell must reach the topic, and so everybody who is subscribed to it."
  }

  assert {
    condition     = { for key, alarm in aws_cloudwatch_metric_alarm.operator : key => alarm.treat_missing_data if alarm.treat_missing_data != "notBreaching" } == { operator-absent = "breaching" }
    error_message = "An operator that gives no metrics must be one alarm, and not ten."
  }

  assert {
    condition     = alltrue([for query in flatten([for alarm in aws_cloudwatch_metric_alarm.operator : [for query in alarm.metric_query : query.metric]]) : query.namespace == "AppInstance" && query.dimensions == tomap({ cluster = "platform" })])
    error_message = "The operator must be the given cluster's: another platform of the account writes into the same namespace."
  }

  assert {
    condition     = alltrue([for key in ["stalled", "not-ready", "jobs-failed", "database-not-ready"] : strcontains(one(aws_cloudwatch_metric_alarm.operator[key].metric_query).expression, "GROUP BY \"namespace\", \"name\" ORDER BY") && strcontains(one(aws_cloudwatch_metric_alarm.operator[key].metric_query).expression, "WHERE \"cluster\" = 'platform'")])
    error_message = "Each instance of this cluster must be judged by itself."
  }

  assert {
    condition     = strcontains(one(aws_cloudwatch_metric_alarm.operator["jobs-failed"].metric_query).expression, "\"type\" = 'JobsSucceeded' AND \"status\" = 'True'") && aws_cloudwatch_metric_alarm.operator["jobs-failed"].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.operator["jobs-failed"].threshold == 1
    error_message = "A job that keeps failing must be an alarm of its own: a failed run takes readiness nothing."
  }

  assert {
    # The least that one pod gives in five minutes with two is 10, with one 5.
    condition     = aws_cloudwatch_metric_alarm.operator["operator-no-standby"].threshold == 1.5 && anytrue([for query in aws_cloudwatch_metric_alarm.operator["operator-no-standby"].metric_query : query.expression == "samples * 60 / 300"])
    error_message = "One replica's values must be fewer than the threshold, two replicas' more."
  }
}

run "databases_that_are_not_offered" {
  assert {
    condition     = length([for key in keys(aws_cloudwatch_metric_alarm.operator) : key if startswith(key, "database")]) == 0
    error_message = "Without a sweep there is none that could be late."
  }
}

run "a_sweep_that_fails" {
  variables {
    databases_offered = true
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.operator["database-sweep-fails"].threshold == 7200 && anytrue([for query in aws_cloudwatch_metric_alarm.operator["database-sweep-fails"].metric_query : query.expression == "EPOCH(last) - last"])
    error_message = "Two hours without a sweep that ended well must be an alarm."
  }
}

run "an_operator_that_nobody_asks" {
  variables {
    operator_metrics = null
  }

  assert {
    condition     = length(aws_cloudwatch_metric_alarm.operator) == 0
    error_message = "Where nobody asks the operator for metrics, their silence must not be an alarm."
  }
}

run "only_what_can_fire" {
  # The minimum of a series with a value for each pod is 0 while any pod runs.
  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.metric : alarm.statistic == "Maximum" if startswith(key, "pods-")])
    error_message = "What one pod is enough for must be the maximum over all pods."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.findings["config"].event_pattern).detail.oldEvaluationResult.complianceType == ["COMPLIANT"]
    error_message = "Config must tell of what no longer keeps a promise, not of each old finding of the account."
  }
}

run "images" {
  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.findings["images"].event_pattern).detail["finding-severity-counts"].CRITICAL == [{ numeric = [">", 0] }] && aws_cloudwatch_event_target.findings["images"].arn == aws_sns_topic.alarms.arn
    error_message = "A critical weakness of one of the platform's images must reach the topic."
  }
}

run "security" {
  assert {
    condition     = aws_sns_topic.alarms.kms_master_key_id == aws_kms_key.alarms.arn && aws_kms_key.alarms.enable_key_rotation
    error_message = "The topic must be under its own key, which rotates."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : alltrue([
        statement.Effect == "Deny", statement.Principal == "*", statement.Action == "sns:Publish",
        try(statement.Condition.Bool["aws:SecureTransport"] == "false", false),
      ])
    ])
    error_message = "The topic must refuse everybody without TLS."
  }

  assert {
    condition = toset([for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : try(statement.Principal.Service, "everybody") if statement.Effect == "Allow"]) == toset([
      "cloudwatch.amazonaws.com", "events.amazonaws.com",
    ])
    error_message = "Nobody but alarms and findings may publish."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : statement.Action == "sns:Publish" && statement.Resource == "arn:aws:sns:eu-central-1:111122223333:platform-alarms"])
    error_message = "The topic's policy may speak of publishing to this topic alone."
  }

  assert {
    condition = one([for statement in jsondecode(aws_sns_topic_policy.alarms.policy).Statement : statement.Condition if statement.Sid == "AlarmsPublish"]) == {
      StringEquals = { "aws:SourceAccount" = "111122223333" }
      ArnLike      = { "aws:SourceArn" = "arn:aws:cloudwatch:eu-central-1:111122223333:alarm:*" }
    }
    error_message = "Only alarms of this account and region may publish."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.alarms.policy).Statement : statement.Principal.AWS if can(statement.Principal.AWS)] == ["arn:aws:iam::111122223333:root"]
    error_message = "Nobody but this account may be named in the key's policy."
  }

  assert {
    condition     = one([for statement in jsondecode(aws_kms_key.alarms.policy).Statement : statement.Condition.StringEquals["aws:SourceAccount"] if try(statement.Principal.Service == "cloudwatch.amazonaws.com", false)]) == "111122223333"
    error_message = "CloudWatch may use the key for this account's alarms only, but it must be able to, or alarms are lost in silence."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_kms_key.alarms.policy).Statement : toset(statement.Action) == toset(["kms:Decrypt", "kms:GenerateDataKey*"]) if can(statement.Principal.Service)])
    error_message = "Services may encrypt what they publish and nothing else."
  }

  assert {
    condition     = alltrue([for alarm in concat(values(aws_cloudwatch_metric_alarm.metric), values(aws_cloudwatch_metric_alarm.query), values(aws_cloudwatch_metric_alarm.log)) : toset(alarm.alarm_actions) == toset([aws_sns_topic.alarms.arn]) && alarm.actions_enabled != false])
    error_message = "Every alarm must go to the topic."
  }

  assert {
    condition     = alltrue([for key, alarm in aws_cloudwatch_metric_alarm.metric : alarm.treat_missing_data == "breaching" if startswith(key, "database-") || key == "nodes-failed"])
    error_message = "A database or cluster that falls silent must raise the alarm."
  }

  assert {
    condition     = alltrue([for key, filter in aws_cloudwatch_log_metric_filter.this : one(filter.metric_transformation).name == aws_cloudwatch_metric_alarm.log[key].metric_name && one(filter.metric_transformation).namespace == aws_cloudwatch_metric_alarm.log[key].namespace])
    error_message = "Every filter's metric must be the one that its alarm watches."
  }

  assert {
    condition     = alltrue([for key in ["root-use", "iam-changes", "boundary-changes", "audit-changes", "key-changes", "bucket-changes", "sessions-revoked"] : aws_cloudwatch_metric_alarm.log[key].threshold == 1])
    error_message = "Of these, one is enough."
  }

  assert {
    condition     = toset([for target in aws_cloudwatch_event_target.findings : target.arn]) == toset([aws_sns_topic.alarms.arn]) && length(aws_cloudwatch_event_target.findings) == 3
    error_message = "Findings of GuardDuty and Config must go to the topic."
  }

  assert {
    condition     = alltrue([for key in ["root-use", "iam-changes", "boundary-changes", "audit-changes", "key-changes", "secrets-refused"] : aws_cloudwatch_log_metric_filter.this[key].log_group_name == "/aws/cloudtrail/platform-audit"])
    error_message = "What is done to the account is read from the trail."
  }

  assert {
    condition     = alltrue([for key in ["sign-in-failures", "sessions-revoked", "operator-errors", "external-secrets-errors"] : aws_cloudwatch_log_metric_filter.this[key].log_group_name == "/aws/containerinsights/platform/application"])
    error_message = "What programs say is read from the application log."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["root-use"].pattern == "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != \"AwsServiceEvent\") }"
    error_message = "Every use of root by a person must count."
  }

  assert {
    condition     = alltrue([for name in ["DeleteRolePermissionsBoundary", "PutRolePermissionsBoundary"] : strcontains(aws_cloudwatch_log_metric_filter.this["boundary-changes"].pattern, "($.eventName = \"${name}\")")]) && !strcontains(aws_cloudwatch_log_metric_filter.this["boundary-changes"].pattern, "&&")
    error_message = "A boundary that is taken off or changed must count, whoever does it."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["iam-changes"].pattern == "{ ($.eventSource = \"iam.amazonaws.com\") && ($.readOnly IS FALSE) }"
    error_message = "Every change of IAM must count as long as no role is named as routine."
  }

  assert {
    condition     = strcontains(aws_cloudwatch_log_metric_filter.this["sign-in-failures"].pattern, "$.log_processed.event = \"sign_in.refused\"") && strcontains(aws_cloudwatch_log_metric_filter.this["sessions-revoked"].pattern, "\"session.revoked\"")
    error_message = "The app's events of refused sign-ins and revoked sessions must count."
  }
}

run "trust_that_the_operator_never_writes" {
  variables {
    operator_trust = {
      role_arn          = "arn:aws:iam::111122223333:role/platform/platform-operator"
      oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"
    }
  }

  assert {
    condition = aws_cloudwatch_log_metric_filter.this["strange-trust"].pattern == join("", [
      "{ ($.userIdentity.sessionContext.sessionIssuer.arn = \"arn:aws:iam::111122223333:role/platform/platform-operator\") && (",
      "(($.eventName = \"CreateRole\") && (($.requestParameters.assumeRolePolicyDocument != \"*arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC*\") || ($.requestParameters.assumeRolePolicyDocument = \"*AWS*\")))",
      " || (($.eventName = \"UpdateAssumeRolePolicy\") && (($.requestParameters.policyDocument != \"*arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC*\") || ($.requestParameters.policyDocument = \"*AWS*\")))) }",
    ])
    error_message = "Both ways to write a trust policy must count, where it has not the cluster's provider or anybody beside it."
  }

  assert {
    condition     = aws_cloudwatch_log_metric_filter.this["strange-trust"].log_group_name == "/aws/cloudtrail/platform-audit" && aws_cloudwatch_metric_alarm.log["strange-trust"].threshold == 1
    error_message = "It is read from the trail, and one is enough."
  }
}

run "the_longest_trust_fits" {
  variables {
    operator_trust = {
      role_arn          = "arn:aws:iam::111122223333:role/${join("", [for i in range(109) : "x"])}"
      oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/${join("", [for i in range(100) : "x"])}"
    }
  }

  assert {
    condition     = length(aws_cloudwatch_log_metric_filter.this["strange-trust"].pattern) <= 1024
    error_message = "Even with the longest ARNs the pattern must fit CloudWatch's 1024 characters."
  }
}
