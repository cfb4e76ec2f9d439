# Each variable's refusal, by its sentence.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "helm" {}

override_module {
  target  = module.logs
  outputs = { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/logs" }
}

override_module {
  target = module.eks
  outputs = {
    cluster_name              = "appinstance"
    cluster_endpoint          = "https://example.eks.amazonaws.com"
    cluster_ca_pem            = "pem"
    cluster_security_group_id = "sg-00000000000000c1"
    oidc_provider_arn         = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC"
    oidc_issuer               = "oidc.eks.eu-central-1.amazonaws.com/id/ABC"
    service_cidr              = "172.20.0.0/16"
    policies                  = {}
  }
}

override_module {
  target = module.security_groups
  outputs = {
    edge_security_group_id = "sg-0ed9e000000000001"

    internal_edge_security_group_id = null

    frontend_security_group_id = "sg-0f0000000000000f1"
    backend_security_group_id  = "sg-0bac0000000000001"
    database_security_group_id = "sg-0db00000000000001"
  }
}

override_module {
  target = module.database
  outputs = {
    address           = "mysql.example.eu-central-1.rds.amazonaws.com"
    port              = 3307
    identifier        = "appinstance-mysql"
    master_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-x"
    policies          = {}
  }
}

override_module {
  target = module.media
  outputs = {
    bucket_name       = "appinstance-media-123456789012"
    bucket_arn        = "arn:aws:s3:::appinstance-media-123456789012"
    kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/media"
    cloudfront_domain = null
    policies          = {}
  }
}

override_module {
  target = module.secrets
  outputs = {
    kms_key_arn    = "arn:aws:kms:eu-central-1:123456789012:key/secrets"
    allowed_prefix = "apps/"
    secret_arns    = {}
    policies       = {}
  }
}

override_module {
  target = module.edge
  outputs = {
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/c"
    web_acl_arn     = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/w/1"
    web_acl_name    = "w"
  }
}

override_module {
  target = module.identity
  outputs = {
    operator_role_arn                 = "arn:aws:iam::123456789012:role/platform/operator"
    permissions_boundary_arn          = "arn:aws:iam::123456789012:policy/platform/boundary"
    grant_boundary_arns               = { mail = "arn:aws:iam::123456789012:policy/platform/grant-mail" }
    external_secrets_role_arn         = "arn:aws:iam::123456789012:role/platform/external-secrets"
    load_balancer_controller_role_arn = "arn:aws:iam::123456789012:role/platform/lbc"
    cloudwatch_agent_role_arn         = "arn:aws:iam::123456789012:role/platform/agent"
    iam_path                          = "/appinstances/"
    role_name_prefix                  = "appi-"
    service_accounts                  = {}
    policies                          = {}
  }
}

override_module {
  target  = module.addons
  outputs = { application_log_group_name = "/aws/containerinsights/appinstance/application" }
}

override_module {
  target  = module.audit
  outputs = { trail_log_group_name = "trail" }
}

override_module {
  target  = module.alarms
  outputs = { topic_arn = "arn:aws:sns:eu-central-1:123456789012:alarms" }
}

run "refused_1" {
  command = plan

  variables {
    name                    = "Big"
    domain                  = "Apps"
    zone_id                 = "apps"
    vpc_cidr                = "10.20.1.0/16"
    s3_endpoint_type        = "none"
    cluster_admin_role_arns = []
    database_ca_bundle      = "pem"
    iam_cidrs               = ["0.0.0.0/0"]
    operator                = { image_repository = "example/operator" }
    grants                  = { mail = { namespaces = ["acme"], egress = ["0.0.0.0/0"] } }
    allowed_egress          = ["198.51.100.7/24"]
    outside                 = { mail = { cidrs = ["198.51.100.7/24"], port = 0 } }
    allowed_role_arns       = ["arn:aws:iam::999999999999:role/tenants/*"]
    monitoring_sources      = [{ namespace_labels = { team = "monitoring" } }]
    max_concurrent_rollouts = 0
    operator_namespaces     = ["team-*"]
    pods                    = { migration_seconds = 10 }
  }

  expect_failures = [
    var.name,
    var.domain,
    var.zone_id,
    var.vpc_cidr,
    var.s3_endpoint_type,
    var.cluster_admin_role_arns,
    var.database_ca_bundle,
    var.iam_cidrs,
    var.operator,
    var.grants,
    var.allowed_egress,
    var.outside,
    var.allowed_role_arns,
    var.monitoring_sources,
    var.max_concurrent_rollouts,
    var.operator_namespaces,
    var.pods,
  ]
}

run "refused_2" {
  command = plan

  variables {
    vpc_cidr           = "10.20.0.0/20"
    availability_zones = ["eu-central-1a", "eu-central-1b"]
    iam_cidrs          = []
    grants             = { site = { namespaces = ["acme"], domains = ["*.example.com"] } }
    allowed_egress     = ["0.0.0.0/0"]
    outside            = { identity_provider = { cidrs = ["0.0.0.0/0"] } }
    allowed_role_arns  = ["arn:aws:iam::123456789012:user/x"]
    monitoring_sources = [{ cidr = "10.20.0.0/0" }]
  }

  expect_failures = [
    var.vpc_cidr,
    var.availability_zones,
    var.iam_cidrs,
    var.grants,
    var.allowed_egress,
    var.outside,
    var.allowed_role_arns,
    var.monitoring_sources,
  ]
}

run "refused_3" {
  command = plan

  variables {
    grants             = { roles = { namespaces = ["acme"], role_arns = ["arn:aws:iam::999999999999:role/tenants/*"] } }
    monitoring_sources = [{ cidr = "10.20.48.0/20", pod_labels = { app = "prometheus" } }]
    allowed_egress     = ["198.51.100.0"]
    outside            = { mail = { cidrs = [] } }
    pods               = { tolerations = [{ key = "pool", effect = "Never" }] }
  }

  expect_failures = [
    var.grants,
    var.monitoring_sources,
    var.allowed_egress,
    var.outside,
    var.pods,
  ]
}

# As refused_3, in one run: a cluster without its VPC, with an issuer and places that it can't have. The region is here, as what is
# compared with it is not judged where it is wrong itself.
run "refused_existing_cluster" {
  command = plan

  variables {
    region = "frankfurt"
    existing_cluster = {
      name              = "shared"
      endpoint          = "http://203.0.113.7"
      ca_pem            = "pem"
      oidc_provider_arn = "arn:aws:iam::123456789012:role/provider"
      security_group_id = "sg-0c000000000000c1c"
      service_cidr      = "10.100.0.0/16"
      api_server        = { cidrs = ["0.0.0.0/0"] }
      installed         = ["operator"]
    }
  }

  expect_failures = [var.region, var.existing_cluster]
}

run "refused_existing_cluster_without_its_vpc" {
  command = plan

  variables {
    existing_cluster = {
      name              = "shared"
      endpoint          = "https://203.0.113.7"
      ca_pem            = "pem"
      oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/issuer.example.com"
      security_group_id = "sg-0c000000000000c1c"
      service_cidr      = "10.100.0.0/16"
      api_server        = { cidrs = ["192.0.2.0/28"] }
    }
  }

  expect_failures = [var.existing_cluster]
}

run "refuses_a_certificate_of_elsewhere" {
  command = plan
  variables {
    grants = { site = { namespaces = ["globex"], certificate_arns = ["arn:aws:acm:us-east-1:123456789012:certificate/0"] } }
  }
  expect_failures = [var.grants]
}

run "refuses_a_granted_domain_without_its_zone" {
  command = plan
  variables {
    grants = { site = { namespaces = ["globex"], domains = ["globex.example.com"] } }
  }
  expect_failures = [var.granted_domain_zone_ids]
}

run "internal_load_balancers_that_nobody_reaches" {
  command = plan

  variables {
    internal_load_balancers = { ingress_cidrs = [] }
  }

  expect_failures = [var.internal_load_balancers]
}

run "internal_load_balancers_without_their_subnets_in_a_vpc_that_is_there" {
  command = plan

  variables {
    internal_load_balancers = { ingress_cidrs = ["10.200.0.0/20"] }
    existing_vpc = {
      vpc_id                     = "vpc-0aaaaaaaaaaaaaaa1"
      private_subnet_ids         = ["subnet-private-a"]
      public_subnet_ids          = ["subnet-public-a", "subnet-public-b"]
      database_subnet_ids        = ["subnet-database-a", "subnet-database-b"]
      endpoint_subnet_ids        = ["subnet-endpoint-a"]
      endpoint_security_group_id = "sg-0e00000000000000e"
    }
  }

  expect_failures = [var.existing_vpc]
}
