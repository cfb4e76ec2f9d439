# The alerts of the operator's chart (templates/prometheusrule.yaml) as alarms, for a cluster without Prometheus: each has its own
# here, and test_alerts.py holds the two lists against each other. docs/adr/0023 says why they are alarms.

locals {
  # Something, where there is nothing: the alarms are written out, and not made.
  operator_metrics = coalesce(var.operator_metrics, { namespace = "none", cluster = "none", interval_seconds = 60 })

  of_operator = { cluster = local.operator_metrics.cluster }

  # An alarm for each instance: each that a query finds is judged by itself. By its own dimensions, and no others.
  condition_query = "SELECT MAX(appinstance_condition) FROM SCHEMA(\"${local.operator_metrics.namespace}\", \"cluster\", \"name\", \"namespace\", \"status\", \"type\") WHERE \"cluster\" = '${local.operator_metrics.cluster}' AND \"type\" = '%s' AND \"status\" = 'True' GROUP BY \"namespace\", \"name\" ORDER BY MAX() %s"

  # The chart has these alerts where databases are offered.
  database_alarms = {
    database-sweep-fails = {
      metrics     = { last = ["appinstance_database_sweep_timestamp_seconds", "Maximum"] }
      expression  = "EPOCH(last) - last"
      comparison  = "GreaterThanThreshold", threshold = 7200
      period      = 300, periods = 2, missing = "notBreaching"
      description = "Databases of AppInstances have not been put right or rotated for long (seconds); they go on with the passwords that they have. The log of the newest Job of cronjob/appinstance-database-sweep in ${var.operator_namespace} names each and what failed."
    }
    database-not-ready = {
      metrics     = {}
      expression  = format(local.condition_query, "DatabaseReady", "ASC")
      comparison  = "LessThanThreshold", threshold = 1
      period      = 300, periods = 3, missing = "notBreaching"
      description = "An AppInstance has waited for its database for a quarter of an hour. Its condition DatabaseReady says why."
    }
  }

  # By the alert's name: AppInstance, and then each word with a capital. `missing` is what silence means.
  operator_alarms = {
    operator-not-reconciling = {
      metrics     = { last = ["appinstance_last_reconcile_timestamp_seconds", "Maximum"], instances = ["appinstance_condition", "SampleCount"] }
      expression  = "IF(FILL(instances, 0) > 0, EPOCH(last) - last, 0)"
      comparison  = "GreaterThanThreshold", threshold = var.thresholds.reconcile_age_seconds
      period      = 300, periods = 1, missing = "notBreaching"
      description = "The operator has not finished a reconcile for long (seconds): drift is not repaired, changes are not carried out, the apps go on. See its log, and restart it if that is silent."
    }
    operator-absent = {
      metrics     = { last = ["appinstance_last_reconcile_timestamp_seconds", "SampleCount"] }
      expression  = "FILL(last, 0)"
      comparison  = "LessThanThreshold", threshold = 1
      period      = 300, periods = 2, missing = "breaching"
      description = "The operator gives no metrics: it does not run, or the CloudWatch agent beside it does not. See kubectl get pods -n ${var.operator_namespace}."
    }
    operator-no-leader = {
      metrics     = { leader = ["appinstance_leader", "Maximum"] }
      expression  = "leader"
      comparison  = "LessThanThreshold", threshold = 1
      period      = 300, periods = 1, missing = "notBreaching"
      description = "No replica of the operator leads: they run, and none can write the Lease in ${var.operator_namespace}. Their logs say why."
    }
    operator-no-standby = {
      # Each replica gives a value at each interval: between those of one and those of two.
      metrics     = { samples = ["appinstance_leader", "SampleCount"] }
      expression  = "samples * ${local.operator_metrics.interval_seconds} / 300"
      comparison  = "LessThanThreshold", threshold = 1.5
      period      = 300, periods = 3, missing = "notBreaching"
      description = "The operator has no replica that stands by: losing the one that leads would stop changes and repair until another has started."
    }
    stalled = {
      metrics     = {}
      expression  = format(local.condition_query, "Stalled", "DESC")
      comparison  = "GreaterThanOrEqualToThreshold", threshold = 1
      period      = 300, periods = 1, missing = "notBreaching"
      description = "An AppInstance is stalled: trying again will not help, its status says what to change. What ran before still runs."
    }
    not-ready = {
      metrics     = {}
      expression  = format(local.condition_query, "Ready", "ASC")
      comparison  = "LessThanThreshold", threshold = 1
      period      = 300, periods = 6, missing = "notBreaching"
      description = "An AppInstance has not been ready for half an hour. Its conditions name what it waits for."
    }
    # A failed run takes readiness nothing, so that not-ready does not tell of it.
    jobs-failed = {
      metrics     = {}
      expression  = format(local.condition_query, "JobsSucceeded", "ASC")
      comparison  = "LessThanThreshold", threshold = 1
      period      = 300, periods = 3, missing = "notBreaching"
      description = "The last run of an AppInstance's job failed, a quarter of an hour ago or more. Its condition JobsSucceeded names the job and its run."
    }
    reconcile-errors = {
      metrics     = { errors = ["controller_runtime_reconcile_errors_total", "Sum"], total = ["controller_runtime_reconcile_total", "Sum"] }
      expression  = "100 * FILL(errors, 0) / total"
      comparison  = "GreaterThanThreshold", threshold = var.thresholds.reconcile_errors_percent
      period      = 900, periods = 2, missing = "notBreaching"
      description = "Many of the operator's reconciles fail (percent). If it is all instances at once, look at AWS and the API server first."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "operator" {
  for_each = {
    for key, alarm in merge(local.operator_alarms, var.databases_offered ? local.database_alarms : {}) : key => alarm if var.operator_metrics != null
  }

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = local.tags

  metric_query {
    id          = "judged"
    expression  = each.value.expression
    period      = length(each.value.metrics) == 0 ? each.value.period : null # a query's own; of a metric it is the metric's
    return_data = true
  }

  dynamic "metric_query" {
    for_each = each.value.metrics

    content {
      id = metric_query.key

      metric {
        namespace   = local.operator_metrics.namespace
        metric_name = metric_query.value[0]
        dimensions  = local.of_operator
        stat        = metric_query.value[1]
        period      = each.value.period
      }
    }
  }
}
