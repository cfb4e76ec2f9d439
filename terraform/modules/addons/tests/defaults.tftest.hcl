mock_provider "aws" {}

mock_provider "helm" {}

run "defaults" {
  assert {
    condition     = aws_eks_addon.cloudwatch[0].addon_name == "amazon-cloudwatch-observability" && aws_eks_addon.cloudwatch[0].addon_version == "v4.8.0-eksbuild.1"
    error_message = "The CloudWatch add-on must be installed in a pinned version."
  }

  assert {
    condition     = toset(values(output.log_group_names)) == toset([for kind in ["application", "dataplane", "host", "performance", "prometheus"] : "/aws/containerinsights/platform-blue/${kind}"])
    error_message = "The log groups must be those that the agent and Fluent Bit write to."
  }

  assert {
    condition     = output.application_log_group_name == "/aws/containerinsights/platform-blue/application"
    error_message = "application_log_group_name must be where pods' logs go."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.cloudwatch[0].configuration_values).agent.config.logs.metrics_collected.kubernetes.enhanced_container_insights && jsondecode(aws_eks_addon.cloudwatch[0].configuration_values).containerLogs.enabled
    error_message = "Metrics of containers and logs of pods must be collected."
  }

  assert {
    condition     = toset([for release in output.releases : "${release.namespace}/${release.name}"]) == toset(["external-dns/external-dns", "external-secrets/external-secrets", "kube-system/aws-load-balancer-controller", "appinstance-system/appinstance-operator"])
    error_message = "Four charts must be installed, each in its namespace."
  }

  assert {
    condition     = jsondecode(jsonencode(yamldecode(helm_release.operator["installed"].values[0]))) == jsondecode(jsonencode(var.operator_values))
    error_message = "The operator must get exactly the values that are given."
  }

  assert {
    condition     = alltrue([for release in [helm_release.operator["installed"], helm_release.external_secrets["installed"], helm_release.load_balancer_controller["installed"], helm_release.external_dns["installed"]] : release.atomic && release.timeout == 600])
    error_message = "A release that fails must be rolled back, not left half installed."
  }
}

run "without_helm" {
  variables {
    install_helm_releases = false
  }

  assert {
    condition     = length(output.releases) == 0
    error_message = "Without install_helm_releases no chart may be installed."
  }

  assert {
    condition     = aws_eks_addon.cloudwatch[0].addon_name == "amazon-cloudwatch-observability"
    error_message = "Without charts the CloudWatch add-on must still be there."
  }
}

run "other_service_account" {
  variables {
    service_accounts = {
      operator                 = { namespace = "operators", name = "appi" }
      external-secrets         = { namespace = "external-secrets", name = "external-secrets" }
      load-balancer-controller = { namespace = "kube-system", name = "aws-load-balancer-controller" }
    }
  }

  assert {
    condition     = helm_release.operator["installed"].name == "appi" && helm_release.operator["installed"].namespace == "operators"
    error_message = "The operator must be installed under the name that its role trusts."
  }
}
