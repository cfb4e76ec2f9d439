output "log_group_names" {
  description = "Log groups of Container Insights by kind: application, dataplane, host, performance, prometheus."
  value       = { for kind, group in aws_cloudwatch_log_group.container_insights : kind => group.name }
}

output "application_log_group_name" {
  description = "Where the logs of pods go, the operator's and External Secrets' among them."
  value       = aws_cloudwatch_log_group.container_insights["application"].name
}

output "operator_metrics" {
  description = "Where the agent puts the operator's metrics, for the alarms module: `namespace` and `cluster` (a dimension of all of them), `interval_seconds` between two. null where the agent is somebody else's, who asks the operator for nothing."
  value       = contains(var.already_installed, "cloudwatch") ? null : local.operator_metrics
}

output "releases" {
  description = "Installed charts: name, namespace, version. Empty without install_helm_releases."
  value = [
    for release in concat(
      values(helm_release.external_secrets),
      values(helm_release.load_balancer_controller),
      values(helm_release.external_dns),
      values(helm_release.operator),
    ) : { name = release.name, namespace = release.namespace, version = release.version }
  ]
}
