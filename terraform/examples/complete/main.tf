# A root with most of the options in one place; terraform/platform/README.md has all of them.

terraform {
  required_version = ">= 1.11"

  # Filled by -backend-config=backend.hcl, which terraform/bootstrap prints.
  backend "s3" {}
}

variable "database_ca_bundle" {
  description = "The PEM bundle of RDS's certificate authorities: export TF_VAR_database_ca_bundle=\"$(cat rds.pem)\"."
  type        = string
}

variable "install_addons" {
  description = "false for the first apply, when the API server can't be reached yet (README.md, Quickstart)."
  type        = bool
  default     = true
}

module "platform" {
  source = "../../platform"

  database_ca_bundle = var.database_ca_bundle
  install_addons     = var.install_addons

  name   = "acme-platform"
  region = "eu-central-1"
  tags   = { team = "platform", cost-center = "4711" }

  domain  = "apps.example.com"
  zone_id = "Z0123456789ABCDEFGHIJ"

  # Network
  vpc_cidr           = "10.64.0.0/16"
  availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  single_nat_gateway = false
  s3_endpoint_type   = "interface"
  edge_ingress_cidrs = ["0.0.0.0/0"]
  # For instances that ask for `scheme: internal`; the VPN's network, as below.
  internal_load_balancers = { ingress_cidrs = ["10.200.0.0/20"] }

  # Cluster
  kubernetes_version             = "1.35"
  cluster_admin_role_arns        = ["arn:aws:iam::123456789012:role/platform-engineers"]
  private_endpoint_ingress_cidrs = ["10.200.0.0/20"]
  node_groups = {
    default = { instance_types = ["m6i.large"], min_size = 3, desired_size = 3, max_size = 9 }
    spot    = { instance_types = ["m6i.large", "m5.large"], capacity_type = "SPOT", min_size = 1, desired_size = 1, max_size = 6 }
  }

  # Database
  database = {
    instance_class            = "db.r6g.large"
    max_connections           = 1365
    allocated_storage_gib     = 100
    max_allocated_storage_gib = 1000
    multi_az                  = true
    backup_retention_days     = 30
    backup_copy_region        = "eu-west-1"
  }

  database_admin_role_arns = ["arn:aws:iam::123456789012:role/database-engineers"]

  # Media, delivered by CloudFront
  media_bucket_name = "acme-platform-media"
  cloudfront = {
    aliases         = ["media.apps.example.com"]
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-3333-4444-555555555555"
    public_keys = {
      platform-2026 = <<-EOT
        -----BEGIN PUBLIC KEY-----
        MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAu1SU1LfVLPHCozMxH2Mo
        4lgOEePzNm0tRgeLezV6ffAt0gunVTLw7onLRnrq0/IzW7yWR7QkrmBL7jTKEn5u
        +qKhbwKfBstIs+bMY2Zkp18gnTxKLxoS2tFczGkPLPgizskuemMghRniWaoLcyeh
        kd3qqGElvW/VDL5AaWTg0nLVkjRo9z+40RQzuVaE8AkAFmxZzow3x+VJYKdjykkJ
        0iT9wCS0DRTXu269V264Vf/3jvredZiKRkgwlL9xNAwxXFg0x/XFw005UWVRIkdg
        cKWTjpBP2dPwVZ4WWC+9aGVd+Gyn1o0CLelf4rEjGoXbAAEgAqeGUxrcIlbjXfbc
        mwIDAQAB
        -----END PUBLIC KEY-----
      EOT
    }
  }

  # Secrets: made empty, filled by people
  secret_entries = {
    "apps/acme/acme/database" = { description = "Database account of acme" }
    "apps/acme/acme/app"      = { description = "Signing key of acme" }
  }
  secret_admin_role_arns = ["arn:aws:iam::123456789012:role/platform-engineers"]

  # Databases of their own for instances that ask for one
  database_provisioning = {
    image_repository     = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/appinstance/provisioner"
    image_digest         = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
    dump_admin_role_arns = ["arn:aws:iam::123456789012:role/database-engineers"]
  }

  # Tenants: what they may name beyond their own
  grants = {
    mail   = { namespaces = ["acme", "globex"], secret_prefixes = ["shared/mail/"] }
    videos = { namespaces = ["hooli"], media_prefixes = ["videos/"], buckets = ["acme-platform-videos"], domains = ["tv.apps.example.com"], egress = ["203.0.113.0/24"] }
  }
  outside = {
    mail              = { cidrs = ["203.0.113.16/28"] }
    identity_provider = { cidrs = ["203.0.113.32/28"] }
  }
  allowed_egress    = ["198.51.100.0/24"]
  allowed_role_arns = ["arn:aws:iam::123456789012:role/tenants/{namespace}/*"]
  monitoring_sources = [
    { namespace_labels = { "kubernetes.io/metadata.name" = "monitoring" }, pod_labels = { "app.kubernetes.io/name" = "prometheus" } },
  ]
  max_concurrent_rollouts = 5

  # Edge
  rate_limits = { site = 3000, sign_in = 20 }

  # Operator
  operator = {
    chart            = "${path.module}/../../../charts/appinstance-operator" # a module's path is its root's
    image_repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/appinstance/operator"
    image_digest     = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }
  iam_cidrs = ["52.94.0.0/22", "52.119.192.0/18"]

  # Audit and alarms
  log_retention_days    = 400
  alarm_email_addresses = ["platform@example.com"]
  # A key: better as TF_VAR_alarm_https_endpoints.
  alarm_https_endpoints = { pagerduty = "https://events.pagerduty.com/integration/0123456789abcdef/enqueue" }
  audit                 = { config = true, guardduty = true, security_hub = true, object_events = true }
}

output "platform" {
  description = "All outputs of the platform: terraform output -json platform."
  value       = module.platform
}
