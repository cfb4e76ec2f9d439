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

run "operator_metrics" {
  assert {
    # From another node's agent the operator's NetworkPolicy would have to admit all nodes, and with them every pod of their subnets.
    condition     = jsondecode(aws_eks_addon.cloudwatch[0].configuration_values).agent.otelConfig.receivers["prometheus/appinstance"].config.scrape_configs[0].kubernetes_sd_configs[0].selectors[0].field == "spec.nodeName=$${env:K8S_NODE_NAME}"
    error_message = "An agent must ask the pods of its own node alone."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.cloudwatch[0].configuration_values).agent.otelConfig.receivers["prometheus/appinstance"].config.scrape_configs[0].kubernetes_sd_configs[0].namespaces.names == [var.service_accounts["operator"].namespace]
    error_message = "A tenant's pod with the operator's labels must not be asked: it could tell of instances that are none."
  }

  assert {
    condition     = jsondecode(aws_eks_addon.cloudwatch[0].configuration_values).agent.otelConfig.exporters["awsemf/appinstance"].log_group_name == aws_cloudwatch_log_group.container_insights["prometheus"].name
    error_message = "The agent must write into a group that is there: it has no right to make one."
  }

  assert {
    condition     = { for name, value in output.operator_metrics : name => value if name == "namespace" } == { namespace = jsondecode(aws_eks_addon.cloudwatch[0].configuration_values).agent.otelConfig.exporters["awsemf/appinstance"].namespace }
    error_message = "The alarms must look where the agent writes."
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
    condition     = [for release in output.releases : release.name] == ["aws-load-balancer-controller", "external-dns", "appinstance-operator"] && length(aws_eks_addon.cloudwatch) == 0 && output.operator_metrics == null
    error_message = "What is installed already must not be taken over, and the rest must be installed."
  }
}

run "access_logs" {
  assert {
    condition = jsonencode(yamldecode(helm_release.load_balancer_controller["installed"].values[0]).ingressClassParams.spec) == jsonencode({
      loadBalancerAttributes = [
        { key = "access_logs.s3.enabled", value = "true" },
        { key = "access_logs.s3.bucket", value = "platform-load-balancer-logs-111122223333" },
      ]
    })
    error_message = "Every load balancer must log into the edge's bucket, whatever its Ingress says."
  }
}

run "external_dns" {
  assert {
    condition = {
      for name in ["sources", "labelFilter", "annotationPrefix", "domainFilters", "managedRecordTypes", "registry", "txtOwnerId"] : name => jsonencode(yamldecode(helm_release.external_dns["installed"].values[0])[name])
      } == {
      sources            = jsonencode(["ingress"])
      labelFilter        = jsonencode("app.kubernetes.io/managed-by=appinstance-operator")
      annotationPrefix   = jsonencode("external-dns.alpha.kubernetes.io/")
      domainFilters      = jsonencode(["apps.example.com"])
      managedRecordTypes = jsonencode(["A", "AAAA"])
      registry           = jsonencode("txt")
      txtOwnerId         = jsonencode(var.cluster_name)
    }
    error_message = "external-dns must look at the operator's Ingresses alone, and write what its role may and no other's."
  }

  assert {
    condition = jsonencode(yamldecode(helm_release.external_dns["installed"].values[0]).extraArgs) == jsonencode({
      "fqdn-template" = "none.invalid", "ignore-hostname-annotation" = true, "ingress-class" = "alb", "zone-id-filter" = ["Z0123456789ABCDEFGHIJ"]
    })
    error_message = "external-dns must keep to the zone and to the platform's class, and take hosts from rules, not from annotations."
  }

  assert {
    condition     = yamldecode(helm_release.external_dns["installed"].values[0]).serviceAccount.name == "external-dns" && yamldecode(helm_release.external_dns["installed"].values[0]).serviceAccount.annotations["eks.amazonaws.com/role-arn"] == var.external_dns_role_arn
    error_message = "external-dns must run under the service account that its role trusts."
  }
}

run "without_zones" {
  variables {
    dns_zones             = {}
    external_dns_role_arn = null
  }

  assert {
    condition     = length(helm_release.external_dns) == 0
    error_message = "Without zones nobody may write records."
  }
}
