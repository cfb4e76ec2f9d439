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
    }
    containerLogs = { enabled = true }
  })
}

# Made before the agent, which has no right to make groups: without these they would have neither key nor end.
resource "aws_cloudwatch_log_group" "container_insights" {
  for_each = toset(["application", "dataplane", "host", "performance"])

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
