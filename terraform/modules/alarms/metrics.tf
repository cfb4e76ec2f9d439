locals {
  # Queries and not names: the load balancers and replicas are made long after these alarms. Each
  # one that matches is judged by itself.
  query_alarms = {
    alb-5xx = {
      query       = "SELECT SUM(HTTPCode_ELB_5XX_Count) FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer) GROUP BY LoadBalancer ORDER BY SUM() DESC"
      threshold   = var.thresholds.alb_5xx_per_5_minutes
      periods     = 1
      description = "A load balancer answers 5xx by itself: no healthy pod, or none in time. See the AppInstance's conditions, then its pods."
    }
    target-5xx = {
      query       = "SELECT SUM(HTTPCode_Target_5XX_Count) FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer) GROUP BY LoadBalancer ORDER BY SUM() DESC"
      threshold   = var.thresholds.alb_5xx_per_5_minutes
      periods     = 1
      description = "An instance's pods answer 5xx. See the events request.failed and request.unavailable in the application log."
    }
    alb-latency = {
      query       = "SELECT AVG(TargetResponseTime) FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer) GROUP BY LoadBalancer ORDER BY AVG() DESC"
      threshold   = var.thresholds.alb_latency_seconds
      periods     = 3
      description = "An instance answers slowly (seconds on average). See the database's load, then the pods' CPU limits."
    }
    unhealthy-targets = {
      query       = "SELECT MAX(UnHealthyHostCount) FROM SCHEMA(\"AWS/ApplicationELB\", LoadBalancer, TargetGroup) GROUP BY LoadBalancer ORDER BY MAX() DESC"
      threshold   = 1
      periods     = 3
      description = "A pod fails its load balancer's health check. See the pod's readiness and its NetworkPolicy."
    }
    database-replica-lag = {
      query       = "SELECT MAX(ReplicaLag) FROM SCHEMA(\"AWS/RDS\", DBInstanceIdentifier) GROUP BY DBInstanceIdentifier ORDER BY MAX() DESC"
      threshold   = var.thresholds.database_replica_lag_seconds
      periods     = 3
      description = "A read replica is behind (seconds). The standby of Multi-AZ is synchronous and has no lag; this is for replicas made later."
    }
  }

  database = { DBInstanceIdentifier = var.db_instance_identifier }
  cluster  = { ClusterName = var.cluster_name }
  gib      = 1024 * 1024 * 1024

  # `missing`: what silence means. From the cluster and the database it is an alarm by itself.
  metric_alarms = {
    waf-blocked = {
      namespace   = "AWS/WAFV2", metric = "BlockedRequests", statistic = "Sum"
      dimensions  = { WebACL = var.web_acl_name, Region = var.region, Rule = "ALL" }
      comparison  = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.waf_blocked_per_5_minutes
      periods     = 1, missing = "notBreaching"
      description = "The web ACL blocks much. See its log for the rule, the addresses and the paths."
    }
    database-cpu = {
      namespace   = "AWS/RDS", metric = "CPUUtilization", statistic = "Average"
      dimensions  = local.database
      comparison  = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.database_cpu_percent
      periods     = 3, missing = "breaching"
      description = "The database's CPU is busy, or the database is silent. See Performance Insights for the statements."
    }
    database-free-storage = {
      namespace   = "AWS/RDS", metric = "FreeStorageSpace", statistic = "Minimum"
      dimensions  = local.database
      comparison  = "LessThanOrEqualToThreshold"
      threshold   = var.db_allocated_storage_gib * local.gib * var.thresholds.database_free_storage_percent / 100
      periods     = 1, missing = "breaching"
      description = "The database's disk fills up (bytes). It grows by itself up to its maximum; see whether that is reached."
    }
    database-connections = {
      namespace   = "AWS/RDS", metric = "DatabaseConnections", statistic = "Maximum"
      dimensions  = local.database
      comparison  = "GreaterThanOrEqualToThreshold"
      threshold   = floor(var.db_max_connections * var.thresholds.database_connections_percent / 100)
      periods     = 2, missing = "breaching"
      description = "The database runs out of connections. See which instance's pool is large: replicas times pool size."
    }
    database-memory = {
      namespace   = "AWS/RDS", metric = "FreeableMemory", statistic = "Minimum"
      dimensions  = local.database
      comparison  = "LessThanOrEqualToThreshold", threshold = var.thresholds.database_free_memory_mib * 1024 * 1024
      periods     = 3, missing = "breaching"
      description = "The database runs out of memory (bytes). See its connections, then its instance class."
    }
    nodes-failed = {
      namespace   = "ContainerInsights", metric = "cluster_failed_node_count", statistic = "Maximum"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = 1
      periods     = 2, missing = "breaching"
      description = "A node is not ready, or the cluster's CloudWatch agent is silent. See kubectl get nodes."
    }
    nodes-cpu = {
      namespace   = "ContainerInsights", metric = "node_cpu_utilization", statistic = "Average"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.node_cpu_percent
      periods     = 3, missing = "notBreaching"
      description = "The nodes are busy on average. See kubectl top pods, then the node group's maximum."
    }
    nodes-memory = {
      namespace   = "ContainerInsights", metric = "node_memory_utilization", statistic = "Maximum"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.node_memory_percent
      periods     = 3, missing = "notBreaching"
      description = "A node runs out of memory; pods will be evicted. See kubectl top nodes."
    }
    nodes-disk = {
      namespace   = "ContainerInsights", metric = "node_filesystem_utilization", statistic = "Maximum"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = var.thresholds.node_disk_percent
      periods     = 3, missing = "notBreaching"
      description = "A node's disk fills up. See the images and logs on it, or replace the node."
    }
    pods-crashing = {
      namespace   = "ContainerInsights", metric = "pod_container_status_waiting_reason_crash_loop_back_off", statistic = "Maximum"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = 1
      periods     = 2, missing = "notBreaching"
      description = "A container starts and ends again and again. See kubectl get pods -A and its previous log."
    }
    pods-without-image = {
      namespace   = "ContainerInsights", metric = "pod_container_status_waiting_reason_image_pull_error", statistic = "Maximum"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = 1
      periods     = 2, missing = "notBreaching"
      description = "A pod's image can't be pulled. See the AppInstance's image; the old pods still serve."
    }
    pods-out-of-memory = {
      namespace   = "ContainerInsights", metric = "pod_container_status_terminated_reason_oom_killed", statistic = "Maximum"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = 1
      periods     = 1, missing = "notBreaching"
      description = "A container was killed at its memory limit. Raise the AppInstance's resources, or find the leak."
    }
    # Maximum: every pod counts into the series, most of them with 0, so that the minimum is always 0.
    pods-pending = {
      namespace   = "ContainerInsights", metric = "pod_status_pending", statistic = "Maximum"
      dimensions  = local.cluster
      comparison  = "GreaterThanOrEqualToThreshold", threshold = 1
      periods     = 3, missing = "notBreaching"
      description = "Pods wait for a node, an address or a secret through a quarter of an hour. See their events."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "query" {
  for_each = local.query_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = local.tags

  metric_query {
    id          = "q1"
    expression  = each.value.query
    period      = 300
    return_data = true
  }
}

resource "aws_cloudwatch_metric_alarm" "metric" {
  for_each = local.metric_alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 300
  comparison_operator = each.value.comparison
  threshold           = each.value.threshold
  evaluation_periods  = each.value.periods
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
  tags                = local.tags
}
