locals {
  # Metrics of containers and logs of pods and nodes. Application Signals would instrument the instances' pods and needs
  # rights beyond log and metric actions, so the agent's configuration leaves it out.
  cloudwatch_configuration = jsonencode({
    agent = {
      config = {
        logs = {
          metrics_collected = {
            kubernetes = {
              cluster_name                = var.cluster_name
              enhanced_container_insights = true
              accelerated_compute_metrics = false
            }
          }
        }
      }
      otelConfig = local.operator_metrics_configuration
    }
    containerLogs = { enabled = true }
  })

  # The operator's metrics, which the alarms module watches. Each node's agent asks the operator's pods on its own node: what
  # comes from a pod's own node passes its NetworkPolicy, as probes do, so that nobody else needs to be let in (the agents are
  # in their nodes' network, where no selector finds them), and each pod is asked once. The agent takes it beside its own
  # configuration and sets K8S_NODE_NAME (aws-observability/helm-charts at b03dc44, templates/linux/cloudwatch-agent-custom-resource.yaml).
  operator_metrics = {
    namespace        = "AppInstance"
    interval_seconds = 60
    cluster          = var.cluster_name
  }

  operator_metrics_configuration = {
    receivers = {
      "prometheus/appinstance" = {
        config = {
          scrape_configs = [{
            job_name        = "appinstance-operator"
            scrape_interval = "${local.operator_metrics.interval_seconds}s"
            kubernetes_sd_configs = [{
              role       = "pod"
              namespaces = { names = [var.service_accounts["operator"].namespace] }
              selectors = [{
                role  = "pod"
                label = "app.kubernetes.io/name=appinstance-operator,app.kubernetes.io/component=operator"
                field = "spec.nodeName=$${env:K8S_NODE_NAME}"
              }]
            }]
            relabel_configs = [
              { source_labels = ["__meta_kubernetes_pod_container_port_name"], regex = "http", action = "keep" },
              { target_label = "cluster", replacement = var.cluster_name },
              # Two pods of one node would be one series otherwise.
              { source_labels = ["__meta_kubernetes_pod_name"], target_label = "pod" },
            ]
            metric_relabel_configs = [{
              source_labels = ["__name__"]
              regex         = "appinstance_(condition|leader|(last_reconcile|database_sweep)_timestamp_seconds)|controller_runtime_reconcile(_errors)?_total"
              action        = "keep"
            }]
          }]
        }
      }
    }
    exporters = {
      "awsemf/appinstance" = {
        region                  = var.region
        namespace               = local.operator_metrics.namespace
        log_group_name          = aws_cloudwatch_log_group.container_insights["prometheus"].name
        log_stream_name         = "appinstance-operator-$${env:K8S_NODE_NAME}"
        dimension_rollup_option = "NoDimensionRollup"
        metric_declarations = [
          {
            metric_name_selectors = ["^appinstance_(leader|(last_reconcile|database_sweep)_timestamp_seconds)$", "^controller_runtime_reconcile(_errors)?_total$"]
            dimensions            = [["cluster"]]
          },
          {
            # Of an instance's conditions those that alarms are for: each is a metric that costs.
            metric_name_selectors = ["^appinstance_condition$"]
            label_matchers        = [{ label_names = ["type", "status"], separator = ";", regex = "^(Ready|Stalled|DatabaseReady|JobsSucceeded);True$" }]
            dimensions            = [["cluster"], ["cluster", "namespace", "name", "type", "status"]]
          },
        ]
      }
    }
    service = {
      pipelines = {
        "metrics/appinstance" = { receivers = ["prometheus/appinstance"], exporters = ["awsemf/appinstance"] }
      }
    }
  }
}

# Made before the agent, which has no right to make groups: without these they would have neither key nor end.
resource "aws_cloudwatch_log_group" "container_insights" {
  for_each = toset(["application", "dataplane", "host", "performance", "prometheus"])

  name              = "/aws/containerinsights/${var.cluster_name}/${each.value}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.logs_kms_key_arn
  tags              = var.tags
}

resource "aws_eks_addon" "cloudwatch" {
  count = contains(var.already_installed, "cloudwatch") ? 0 : 1

  cluster_name                = var.cluster_name
  addon_name                  = "amazon-cloudwatch-observability"
  addon_version               = var.cloudwatch_addon_version
  service_account_role_arn    = var.cloudwatch_agent_role_arn
  configuration_values        = local.cloudwatch_configuration
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = var.tags

  depends_on = [aws_cloudwatch_log_group.container_insights]
}

# Before an existing cluster could bring its own, it was always installed.
moved {
  from = aws_eks_addon.cloudwatch
  to   = aws_eks_addon.cloudwatch[0]
}
