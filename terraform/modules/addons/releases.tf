locals {
  releases = var.install_helm_releases ? toset(["installed"]) : toset([])
  missing  = { for addon in ["external_dns", "external_secrets", "load_balancer_controller"] : addon => contains(var.already_installed, addon) ? toset([]) : local.releases }

  external_secrets_values = {
    installCRDs  = true
    replicaCount = 2
    leaderElect  = true

    # Stores of a whole cluster would let one namespace read with another's rights; nothing here pushes secrets.
    processClusterStore          = false
    processClusterExternalSecret = false
    processClusterPushSecret     = false
    processClusterGenerator      = false
    processPushSecret            = false

    serviceAccount = {
      name        = var.service_accounts["external-secrets"].name
      annotations = { "eks.amazonaws.com/role-arn" = var.external_secrets_role_arn }
    }
    podDisruptionBudget = { enabled = true, minAvailable = 1 }
    resources = {
      requests = { cpu = "50m", memory = "128Mi" }
      limits   = { memory = "256Mi" }
    }
    log = { timeEncoding = "iso8601" }
  }

  load_balancer_controller_values = {
    clusterName  = var.cluster_name
    region       = var.region
    vpcId        = var.vpc_id
    replicaCount = 2

    defaultTargetType = "ip"
    defaultSSLPolicy  = var.ssl_policy
    enableWafv2       = true
    # The role has no rights for these.
    enableShield                = false
    enableWaf                   = false
    enableServiceMutatorWebhook = false
    controllerConfig            = { featureGates = { EnableServiceController = false } }

    # With group.name, another Ingress could change the rules of an instance's load balancer.
    disableIngressGroupNameAnnotation = true

    # A new pod of an instance waits until the load balancer finds it healthy, so that a rollout drops no request.
    # Upstream's default is a label on each namespace, which is the tenant's to set. The chart takes other selectors for
    # its webhook (templates/webhook.yaml of 1.14.1, mpod.elbv2.k8s.aws): here the operator's pods in any namespace. Of
    # these, pods that a TargetGroupBinding leads to get the gate (pkg/inject/pod_readiness_gate.go), and no others change.
    webhookNamespaceSelectors = [{ key = "kubernetes.io/metadata.name", operator = "Exists" }]
    objectSelector            = { matchLabels = { "app.kubernetes.io/part-of" = "appinstance-platform" } }
    # While the controller is away, pods start without the gate: better than none that start.
    podMutatorWebhookConfig = { failurePolicy = "Ignore" }
    # Since 1.15 (aws/eks-charts at dbc141c) the chart's webhook quicid.elbv2.k8s.aws takes the same selectors and fails closed,
    # with no value that changes that: docs/adr/0047.

    # Of every Ingress of the class, whatever it says: attributes of the class win over the annotation's (v2.14.1,
    # pkg/ingress/model_build_load_balancer_attributes.go).
    ingressClassParams = {
      create = true
      spec = {
        loadBalancerAttributes = var.access_log_bucket_name == null ? [] : [
          { key = "access_logs.s3.enabled", value = "true" },
          { key = "access_logs.s3.bucket", value = var.access_log_bucket_name },
        ]
      }
    }

    # All load balancers carry the edge's group, so that pods need to admit no other.
    enableBackendSecurityGroup = true
    backendSecurityGroup       = var.edge_security_group_id

    serviceAccount = {
      name        = var.service_accounts["load-balancer-controller"].name
      annotations = { "eks.amazonaws.com/role-arn" = var.load_balancer_controller_role_arn }
    }
    podDisruptionBudget = { maxUnavailable = 1 }
    resources = {
      requests = { cpu = "50m", memory = "128Mi" }
      limits   = { memory = "256Mi" }
    }
  }
}

locals {
  external_dns_values = {
    provider = { name = "aws" }
    # Ingresses of the operator alone: of its class, with its label. Nobody else makes one of that class, puts the label onto one, or
    # touches an annotation that external-dns reads on one (the chart's admission policies `ingresses` and `labels`).
    sources     = ["ingress"]
    labelFilter = "app.kubernetes.io/managed-by=appinstance-operator"
    # As the admission policies know it. The default became external-dns.kubernetes.io/ with v0.22.
    annotationPrefix   = "external-dns.alpha.kubernetes.io/"
    managedRecordTypes = ["A", "AAAA"]
    domainFilters      = keys(var.dns_zones)
    # What an instance leaves goes, and nothing that is another's: a TXT record beside each says whose it is.
    policy     = "sync"
    registry   = "txt"
    txtOwnerId = var.cluster_name
    extraArgs = {
      "zone-id-filter"             = sort(distinct(values(var.dns_zones)))
      "ingress-class"              = "alb"
      "ignore-hostname-annotation" = true
      # It starts with the flag above only beside a template (pkg/apis/externaldns/validation/validation.go). A template is for
      # Ingresses without a host; the operator's have one, and this name is in no zone.
      "fqdn-template" = "none.invalid"
    }
    interval           = "1m"
    triggerLoopOnEvent = true
    logFormat          = "json"

    serviceAccount = {
      name        = try(var.service_accounts["external-dns"].name, "external-dns")
      annotations = { "eks.amazonaws.com/role-arn" = var.external_dns_role_arn }
    }
    env = [{ name = "AWS_DEFAULT_REGION", value = var.region }]
    resources = {
      requests = { cpu = "20m", memory = "64Mi" }
      limits   = { memory = "128Mi" }
    }
  }
}

resource "helm_release" "external_dns" {
  for_each = length(var.dns_zones) == 0 ? toset([]) : local.missing["external_dns"]

  name             = "external-dns"
  namespace        = try(var.service_accounts["external-dns"].namespace, "external-dns")
  create_namespace = true
  repository       = var.charts.external_dns.repository == "" ? null : var.charts.external_dns.repository
  chart            = var.charts.external_dns.chart
  version          = var.charts.external_dns.version
  values           = [yamlencode(local.external_dns_values)]
  atomic           = var.helm_wait
  wait             = var.helm_wait
  timeout          = var.helm_timeout_seconds
}

resource "helm_release" "external_secrets" {
  for_each = local.missing["external_secrets"]

  name             = "external-secrets"
  namespace        = var.service_accounts["external-secrets"].namespace
  create_namespace = true
  repository       = var.charts.external_secrets.repository == "" ? null : var.charts.external_secrets.repository
  chart            = var.charts.external_secrets.chart
  version          = var.charts.external_secrets.version
  values           = [yamlencode(local.external_secrets_values)]
  atomic           = var.helm_wait
  wait             = var.helm_wait
  timeout          = var.helm_timeout_seconds
}

resource "helm_release" "load_balancer_controller" {
  for_each = local.missing["load_balancer_controller"]

  name       = "aws-load-balancer-controller"
  namespace  = var.service_accounts["load-balancer-controller"].namespace
  repository = var.charts.load_balancer_controller.repository == "" ? null : var.charts.load_balancer_controller.repository
  chart      = var.charts.load_balancer_controller.chart
  version    = var.charts.load_balancer_controller.version
  values     = [yamlencode(local.load_balancer_controller_values)]
  atomic     = var.helm_wait
  wait       = var.helm_wait
  timeout    = var.helm_timeout_seconds
}

resource "helm_release" "operator" {
  for_each = local.releases

  # The release's name is the service account's, which the role trusts.
  name             = var.service_accounts["operator"].name
  namespace        = var.service_accounts["operator"].namespace
  create_namespace = true
  repository       = var.charts.operator.repository
  chart            = var.charts.operator.chart
  version          = var.charts.operator.version
  values           = [yamlencode(var.operator_values)]
  atomic           = var.helm_wait
  wait             = var.helm_wait
  timeout          = var.helm_timeout_seconds

  # It watches objects of both; and on the way down it must go first, while they can still clean up.
  depends_on = [helm_release.external_secrets, helm_release.load_balancer_controller, helm_release.external_dns]
}
