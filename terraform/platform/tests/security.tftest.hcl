# The wiring: that what one module says reaches the operator and the others. Each module's own rules are
# tested beside it; here all but the network are put in by their outputs.

mock_provider "aws" {
  source = "./tests/mocks"
}

mock_provider "helm" {}

override_module {
  target  = module.logs
  outputs = { kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/logs" }
}

override_module {
  target = module.registry
  outputs = {
    prefix          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/appinstance"
    push_policy_arn = "arn:aws:iam::123456789012:policy/platform/appinstance-image-push"
    policies        = {}
  }
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
  target = module.existing_network
  outputs = {
    vpc_id                        = "vpc-0aaaaaaaaaaaaaaa1"
    private_subnet_ids            = ["subnet-private-a"]
    private_subnet_cidrs          = ["10.64.0.0/20"]
    public_subnet_cidrs           = ["10.64.64.0/24"]
    public_subnets_tagged_for_elb = ["10.64.64.0/24"]
    internal_subnet_cidrs         = ["10.64.128.0/24"]
    internal_route_table_id       = null
    nat_public_ips                = []
    database_subnet_ids           = ["subnet-database-a"]
    database_subnet_cidrs         = ["10.64.80.0/24"]
    endpoint_subnet_cidrs         = ["10.64.96.0/26"]
    endpoint_security_group_id    = "sg-0e00000000000000e"
    s3_prefix_list_id             = null
    s3_prefix_list_cidrs          = []
  }
}

override_module {
  target = module.security_groups
  outputs = {
    edge_security_group_id = "sg-0ed9e000000000001"

    internal_edge_security_group_id = "sg-0ed9e000000000002"

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
    kms_key_arn       = "arn:aws:kms:eu-central-1:123456789012:key/database"
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
  target = module.provisioner
  outputs = {
    provisioner_role_arn   = "arn:aws:iam::123456789012:role/platform/provisioner"
    administrator_role_arn = "arn:aws:iam::123456789012:role/platform/provisioner-administrator"
    security_group_id      = "sg-00000000000000001"
    bucket_name            = "appinstance-dumps-123456789012"
    policies               = {}
  }
}

override_module {
  target = module.edge
  outputs = {
    certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/c"
    web_acl_arn     = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/w/1"
    web_acl_name    = "w"

    access_log_bucket_name = "appinstance-load-balancer-logs-123456789012"
    policies               = {}
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
    external_dns_role_arn             = "arn:aws:iam::123456789012:role/platform/external-dns"
    cloudwatch_agent_role_arn         = "arn:aws:iam::123456789012:role/platform/agent"
    iam_path                          = "/appinstances/"
    role_name_prefix                  = "appi-"
    service_accounts                  = {}
    policies                          = {}
  }
}

override_module {
  target = module.addons
  outputs = {
    application_log_group_name = "/aws/containerinsights/appinstance/application"
    operator_metrics           = { namespace = "AppInstance", cluster = "appinstance", interval_seconds = 60 }
  }
}

override_module {
  target  = module.audit
  outputs = { trail_log_group_name = "trail" }
}

override_module {
  target  = module.alarms
  outputs = { topic_arn = "arn:aws:sns:eu-central-1:123456789012:alarms" }
}

# One run: to plan anything beside a web ACL, whose schema is nested deeply, costs seconds.
run "each_module_gets_what_the_others_say" {
  command = plan

  variables {
    outside           = { mail = { cidrs = ["203.0.113.0/28", "198.51.100.16/28"] } }
    allowed_egress    = ["198.51.100.0/24"]
    allowed_role_arns = ["arn:aws:iam::123456789012:role/tenants/{namespace}/*"]
    grants = {
      mail = { namespaces = ["acme"], secret_prefixes = ["shared/mail/"] }
      site = { namespaces = ["globex"], domains = ["globex.example.com"], egress = ["203.0.113.0/24"], certificate_arns = ["arn:aws:acm:eu-central-1:123456789012:certificate/0"] }
    }
    granted_domain_zone_ids = { "globex.example.com" = "Z0GLOBEX00" }
    monitoring_sources = [
      { cidr = "10.20.48.0/20" },
      { namespace_labels = { "kubernetes.io/metadata.name" = "monitoring" }, pod_labels = { "app.kubernetes.io/name" = "prometheus" } },
    ]
    database_provisioning   = { image_repository = "example/provisioner", rotation_days = 7 }
    max_concurrent_rollouts = 3
    operator_namespaces     = ["acme", "globex"]
    pods = {
      image_pull_secrets  = ["registry"]
      node_selector       = { pool = "instances" }
      allowed_node_labels = { "kubernetes.io/arch" = ["amd64", "arm64"] }
      tolerations         = [{ key = "pool", value = "instances", effect = "NoSchedule" }, { operator = "Exists", effect = "NoExecute", toleration_seconds = 30 }]
      migration_seconds   = 1800
    }
  }

  # The policies admit the load balancers' subnets and no other.
  assert {
    condition = toset([for peer in output.operator_values.edge.sources : peer.cidr]) == toset(
      output.public_subnets_tagged_for_elb
    )
    error_message = "The pods must admit exactly the subnets in which load balancers are placed."
  }

  assert {
    condition     = output.operator_values.edge.securityGroupIds == ["sg-0ed9e000000000001"]
    error_message = "Load balancers must carry the edge's group: pods admit no other, and the controller may make none."
  }

  # The policies open the database and the endpoints alone.
  assert {
    condition     = [for peer in output.operator_values.database.destinations : peer.cidr] == module.network[0].database_subnet_cidrs
    error_message = "Backends must reach the database's subnets and nothing else on its port."
  }

  assert {
    condition     = output.operator_values.database.port == 3307
    error_message = "The database's port must be that of the database module."
  }

  assert {
    condition     = [for peer in output.operator_values.awsEndpoints.destinations : peer.cidr] == module.network[0].endpoint_subnet_cidrs
    error_message = "Backends must reach AWS at the endpoints' subnets alone."
  }

  # What lies beyond the platform is open where it is given, and else closed.
  assert {
    condition = jsonencode(output.operator_values.outside) == jsonencode({
      mail             = { destinations = [{ cidr = "198.51.100.16/28" }, { cidr = "203.0.113.0/28" }], port = 587 }
      identityProvider = null
    })
    error_message = "Backends must reach the mail server's networks on its port, and no identity provider where none is given."
  }

  # Databases are offered where that is asked for, by roles and a group of their own.
  assert {
    condition = output.operator_values.database.provisioning == {
      host            = "mysql.example.eu-central-1.rds.amazonaws.com"
      connections     = 60
      rotationDays    = 7
      backupBucket    = "appinstance-dumps-123456789012"
      backupKmsKeyArn = "arn:aws:kms:eu-central-1:123456789012:key/database"
    }
    error_message = "Databases must be made on this server, and dumps kept in the provisioner's bucket under the database's key."
  }

  assert {
    condition = (
      output.operator_chart_values.provisioner.roleArn == "arn:aws:iam::123456789012:role/platform/provisioner"
      && output.operator_chart_values.provisioner.administrator.roleArn == "arn:aws:iam::123456789012:role/platform/provisioner-administrator"
      && output.operator_chart_values.provisioner.administrator.remoteKey == "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-x"
      && output.operator_chart_values.provisioner.securityGroupIds == ["sg-00000000000000001"]
    )
    error_message = "The provisioner must run under its own role and group, and another role read the administrator's login."
  }

  # Groups of pods differ.
  assert {
    condition     = output.operator_values.podSecurityGroups.backend == ["sg-0bac0000000000001"] && output.operator_values.podSecurityGroups.frontend == ["sg-0f0000000000000f1"] && output.operator_values.podSecurityGroups.betweenBackends == var.instances_call_each_other
    error_message = "Backend and frontend must have their own groups: the database admits the backend's."
  }

  # Roles are made under the boundary.
  assert {
    condition     = output.operator_values.iam.permissionsBoundaryArn == "arn:aws:iam::123456789012:policy/platform/boundary"
    error_message = "The operator must put the boundary of the identity module on each role."
  }

  assert {
    condition     = output.operator_values.iam.path == "/appinstances/" && output.operator_values.iam.roleNamePrefix == "appi-"
    error_message = "Path and prefix of roles must be those that the operator's policy names."
  }

  assert {
    condition     = output.operator_chart_values.serviceAccount.roleArn == "arn:aws:iam::123456789012:role/platform/operator"
    error_message = "The operator must run under its own role."
  }

  # The operator reaches the API server and IAM alone.
  assert {
    condition = output.operator_chart_values.networkPolicy.apiServer.cidrs == concat(
      ["172.20.0.1/32"], module.network[0].private_subnet_cidrs
    )
    error_message = "The operator must reach the API server's Service and the subnets of its interfaces."
  }

  assert {
    condition     = output.operator_chart_values.networkPolicy.iamCidrs == tolist(["52.94.0.0/22"])
    error_message = "The operator must reach the named networks of IAM."
  }

  # A namespace is a tenant: it has its own entries, and more by a grant alone.
  assert {
    condition     = output.operator_values.secrets.allowedPrefix == "apps/{namespace}/"
    error_message = "Each namespace must have its own entries, below the prefix that the boundary ends at."
  }

  assert {
    condition     = output.operator_values.edge.hostLabels == 1
    error_message = "A host must lie directly below the domain, as the certificate holds no other."
  }

  # Hosts below each domain, in the certificate and in the zone where their records go.
  assert {
    condition     = jsonencode(local.dns_zones) == jsonencode({ "apps.example.com" = "Z0123456789ABCDEFGHIJ", "globex.example.com" = "Z0GLOBEX00" }) && jsonencode(local.granted_zones) == jsonencode({ "globex.example.com" = "Z0GLOBEX00" })
    error_message = "A granted domain must be in the certificate, and its hosts' records in its own zone."
  }

  assert {
    condition     = output.operator_values.edge.readinessGates == "all"
    error_message = "The operator must know that all pods get readiness gates: the release asks for no label on a namespace."
  }

  assert {
    condition = jsonencode(output.operator_values.tenancy.grants) == jsonencode([
      { namespaces = ["acme"], secretPrefixes = ["shared/mail/"], mediaPrefixes = [], buckets = [], domains = [], egress = [], roleArns = [], certificateArns = [], permissionsBoundaryArn = "arn:aws:iam::123456789012:policy/platform/grant-mail" },
      { namespaces = ["globex"], secretPrefixes = [], mediaPrefixes = [], buckets = [], domains = ["globex.example.com"], egress = ["203.0.113.0/24"], roleArns = [], certificateArns = ["arn:aws:acm:eu-central-1:123456789012:certificate/0"], permissionsBoundaryArn = null },
    ])
    error_message = "The operator must get the grants as they are given, each with the boundary that the identity module made for it."
  }

  assert {
    condition     = output.operator_values.network.allowedEgress == tolist(["198.51.100.0/24"]) && output.operator_values.iam.allowedRoleArns == tolist(["arn:aws:iam::123456789012:role/tenants/{namespace}/*"])
    error_message = "Networks and roles that instances may name must be those that are given."
  }

  assert {
    condition = jsonencode(output.operator_values.monitoring.sources) == jsonencode([
      { cidr = "10.20.48.0/20" },
      { namespaceSelector = { matchLabels = { "kubernetes.io/metadata.name" = "monitoring" } }, podSelector = { matchLabels = { "app.kubernetes.io/name" = "prometheus" } } },
    ])
    error_message = "The metrics must be open to those that are given, a network or named pods in named namespaces."
  }

  assert {
    condition     = output.operator_values.rollouts.maxConcurrent == 3 && output.operator_values.namespaces == tolist(["acme", "globex"])
    error_message = "The operator must be kept to the namespaces and the number of rollouts that are given."
  }

  assert {
    condition = jsonencode(output.operator_values.pods) == jsonencode({
      allowedNodeLabels = { "kubernetes.io/arch" = ["amd64", "arm64"] }
      imagePullSecrets  = ["registry"]
      migrationSeconds  = 1800
      nodeSelector      = { pool = "instances" }
      tolerations = [
        { effect = "NoSchedule", key = "pool", value = "instances" },
        { effect = "NoExecute", operator = "Exists", tolerationSeconds = 30 },
      ]
    })
    error_message = "The pods of all instances must get the nodes, pull secrets and time for migrations that are given."
  }
}

# A VPC and a cluster that are there already: the same contract, out of what was given.
run "what_is_there_already_is_used_as_it_is" {
  command = plan

  variables {
    availability_zones      = []
    cluster_admin_role_arns = []
    existing_vpc = {
      vpc_id                     = "vpc-0aaaaaaaaaaaaaaa1"
      private_subnet_ids         = ["subnet-private-a"]
      public_subnet_ids          = ["subnet-public-a"]
      database_subnet_ids        = ["subnet-database-a"]
      endpoint_subnet_ids        = ["subnet-endpoint-a"]
      endpoint_security_group_id = "sg-0e00000000000000e"
    }
    existing_cluster = {
      name              = "Shared_Cluster"
      endpoint          = "https://203.0.113.7:6443"
      ca_pem            = "pem"
      oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/issuer.example.com/id/XYZ"
      security_group_id = "sg-0c000000000000c1c"
      service_cidr      = "10.100.0.0/16"
      api_server        = { cidrs = ["192.0.2.0/28"], ports = [443, 6443] }
      installed         = ["external_secrets"]
    }
  }

  assert {
    condition     = length(module.network) == 0 && length(module.eks) == 0
    error_message = "Beside a VPC and a cluster that are there already, none must be made."
  }

  assert {
    condition     = output.operator_values.edge.sources == [{ cidr = "10.64.64.0/24" }] && output.operator_values.database.destinations == [{ cidr = "10.64.80.0/24" }] && output.operator_values.awsEndpoints.destinations == [{ cidr = "10.64.96.0/26" }]
    error_message = "Load balancers, database and endpoints must each be admitted or opened in their own subnets of the VPC that is there."
  }

  assert {
    condition     = output.operator_values.clusterName == "Shared_Cluster" && output.cluster_name == "Shared_Cluster" && output.cluster_endpoint == "https://203.0.113.7:6443"
    error_message = "The charts must go to the cluster that is there, under its own name."
  }

  assert {
    condition = output.operator_values.oidc == {
      providerArn = "arn:aws:iam::123456789012:oidc-provider/issuer.example.com/id/XYZ"
      issuer      = "issuer.example.com/id/XYZ"
    }
    error_message = "Roles must trust the issuer of the cluster that is there."
  }

  assert {
    condition     = jsonencode(output.operator_chart_values.networkPolicy.apiServer) == jsonencode({ cidrs = ["10.100.0.1/32", "192.0.2.0/28"], ports = [443, 6443] })
    error_message = "The operator must reach the API server where the cluster that is there has it."
  }
}

run "no_internal_load_balancers_unless_asked_for" {
  command = plan

  assert {
    condition     = output.operator_values.edge.internal == null && output.internal_route_table_id == null
    error_message = "No instance may ask for an internal load balancer where none are offered."
  }
}

run "internal_load_balancers" {
  command = plan

  variables {
    internal_load_balancers = { ingress_cidrs = ["10.200.0.0/20"] }
  }

  assert {
    condition = jsonencode(output.operator_values.edge.internal) == jsonencode({
      securityGroupIds = ["sg-0ed9e000000000002"]
      sources          = [{ cidr = "10.20.128.0/24" }, { cidr = "10.20.129.0/24" }, { cidr = "10.20.130.0/24" }]
    })
    error_message = "The operator must admit the internal subnets alone to pods of instances that ask for one, and write their group into the Ingress."
  }

  assert {
    condition     = jsonencode(output.operator_values.edge.securityGroupIds) == jsonencode(["sg-0ed9e000000000001"]) && length(setintersection(output.operator_values.edge.sources[*].cidr, output.operator_values.edge.internal.sources[*].cidr)) == 0
    error_message = "The other instances must stay behind the edge of the internet."
  }
}
