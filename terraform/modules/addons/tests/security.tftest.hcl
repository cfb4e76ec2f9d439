mock_provider "aws" {}

mock_provider "helm" {}

run "logs" {
  assert {
    condition     = alltrue([for group in values(aws_cloudwatch_log_group.container_insights) : group.kms_key_id == var.logs_kms_key_arn && group.retention_in_days == 365])
    error_message = "Logs of pods and nodes must lie under the logs' key, for a year."
  }

  assert {
    condition     = aws_eks_addon.cloudwatch[0].service_account_role_arn == var.cloudwatch_agent_role_arn
    error_message = "The agent must run with its own role."
  }

  assert {
    condition     = !strcontains(aws_eks_addon.cloudwatch[0].configuration_values, "application_signals")
    error_message = "Nothing may instrument the instances' pods."
  }
}

run "pins" {
  assert {
    condition     = alltrue([for release in output.releases : can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+", release.version))])
    error_message = "Every chart must be pinned to one version."
  }

  assert {
    condition     = startswith(helm_release.external_secrets["installed"].repository, "https://") && startswith(helm_release.load_balancer_controller["installed"].repository, "https://")
    error_message = "Charts must come over TLS."
  }
}

run "external_secrets" {
  assert {
    condition     = alltrue([for switch in ["processClusterStore", "processClusterExternalSecret", "processClusterPushSecret", "processClusterGenerator", "processPushSecret"] : !yamldecode(helm_release.external_secrets["installed"].values[0])[switch]])
    error_message = "External Secrets must serve stores of a namespace alone: cluster-wide ones would lend one namespace another's rights."
  }

  assert {
    condition     = yamldecode(helm_release.external_secrets["installed"].values[0]).serviceAccount.name == "external-secrets" && yamldecode(helm_release.external_secrets["installed"].values[0]).serviceAccount.annotations["eks.amazonaws.com/role-arn"] == var.external_secrets_role_arn
    error_message = "External Secrets must run under the service account that its role trusts."
  }
}

run "load_balancer_controller" {
  assert {
    condition     = yamldecode(helm_release.load_balancer_controller["installed"].values[0]).defaultSSLPolicy == "ELBSecurityPolicy-TLS13-1-2-2021-06"
    error_message = "Listeners must default to TLS 1.2 and later."
  }

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller["installed"].values[0]).backendSecurityGroup == "sg-0edge" && yamldecode(helm_release.load_balancer_controller["installed"].values[0]).enableBackendSecurityGroup
    error_message = "Every load balancer must carry the edge's security group, which is all that pods admit."
  }

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller["installed"].values[0]).disableIngressGroupNameAnnotation
    error_message = "An Ingress must not be able to join another's load balancer."
  }

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller["installed"].values[0]).region == "eu-central-1" && yamldecode(helm_release.load_balancer_controller["installed"].values[0]).vpcId == "vpc-0123456789abcdef0"
    error_message = "Region and VPC must be given: the controller can't ask the node behind a hop limit of one."
  }

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller["installed"].values[0]).enableWafv2 && !yamldecode(helm_release.load_balancer_controller["installed"].values[0]).enableWaf && !yamldecode(helm_release.load_balancer_controller["installed"].values[0]).enableShield
    error_message = "WAF must be on; what the role has no rights for must be off."
  }

  assert {
    condition     = !yamldecode(helm_release.load_balancer_controller["installed"].values[0]).controllerConfig.featureGates.EnableServiceController
    error_message = "Services must not become load balancers past the edge's WAF."
  }

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller["installed"].values[0]).serviceAccount.name == "aws-load-balancer-controller" && yamldecode(helm_release.load_balancer_controller["installed"].values[0]).serviceAccount.annotations["eks.amazonaws.com/role-arn"] == var.load_balancer_controller_role_arn
    error_message = "The controller must run under the service account that its role trusts."
  }

  assert {
    condition = {
      for name in ["webhookNamespaceSelectors", "objectSelector"] : name => jsonencode(yamldecode(helm_release.load_balancer_controller["installed"].values[0])[name])
      } == {
      webhookNamespaceSelectors = jsonencode([{ key = "kubernetes.io/metadata.name", operator = "Exists" }])
      objectSelector            = jsonencode({ matchLabels = { "app.kubernetes.io/part-of" = "appinstance-platform" } })
    }
    error_message = "The operator's pods, in any namespace and no others, must get the readiness gate: a rollout would drop requests without it."
  }

  assert {
    condition     = yamldecode(helm_release.load_balancer_controller["installed"].values[0]).podMutatorWebhookConfig.failurePolicy == "Ignore"
    error_message = "Instances' pods must start while the controller is away."
  }
}

run "what_the_cluster_has_is_left_alone" {
  command = plan

  variables {
    already_installed = ["external_secrets", "cloudwatch"]
  }

  assert {
    condition     = [for release in output.releases : release.name] == ["aws-load-balancer-controller", "appinstance-operator"] && length(aws_eks_addon.cloudwatch) == 0
    error_message = "What is installed already must not be taken over, and the rest must be installed."
  }
}
