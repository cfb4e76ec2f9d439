# The contract with the operator: its platform settings, field by field as in
# charts/appinstance-operator/values.schema.json. Tests hold both sides to it.

locals {
  operator_settings = {
    clusterName = local.cluster_name
    region      = var.region
    accountId   = local.account_id
    partition   = local.partition
    oidc = {
      providerArn = local.cluster.oidc_provider_arn
      issuer      = local.cluster.oidc_issuer
    }
    edge = {
      className        = "alb"
      scheme           = "internet-facing"
      domains          = [var.domain]
      certificateArn   = module.edge.certificate_arn
      wafAclArn        = module.edge.web_acl_arn
      securityGroupIds = [module.security_groups.edge_security_group_id]
      # With target type ip the load balancer's own addresses reach the pods; it alone is in there.
      sources = [for cidr in local.network.public_subnet_cidrs : { cidr = cidr }]
      internal = var.internal_load_balancers == null ? null : {
        sources          = [for cidr in local.network.internal_subnet_cidrs : { cidr = cidr }]
        securityGroupIds = [module.security_groups.internal_edge_security_group_id]
      }
      # What the certificate holds (modules/edge): the names directly below the domain.
      hostLabels = 1
      # As the addons module installs the load balancer controller.
      readinessGates = "all"
    }
    database = {
      destinations = [for cidr in local.network.database_subnet_cidrs : { cidr = cidr }]
      port         = module.database.port
      caBundle     = var.database_ca_bundle
      provisioning = var.database_provisioning == null ? null : {
        host            = module.database.address
        connections     = var.database_provisioning.connections
        rotationDays    = var.database_provisioning.rotation_days
        backupBucket    = module.provisioner[0].bucket_name
        backupKmsKeyArn = module.database.kms_key_arn
      }
    }
    awsEndpoints = {
      destinations = [
        for cidr in concat(
          local.network.endpoint_subnet_cidrs,
          var.s3_endpoint_type == "gateway" ? local.network.s3_prefix_list_cidrs : [],
        ) : { cidr = cidr }
      ]
      port = 443
    }
    outside = {
      mail = var.outside.mail == null ? null : {
        destinations = [for cidr in var.outside.mail.cidrs : { cidr = cidr }]
        port         = var.outside.mail.port
      }
      identityProvider = var.outside.identity_provider == null ? null : {
        destinations = [for cidr in var.outside.identity_provider.cidrs : { cidr = cidr }]
        port         = var.outside.identity_provider.port
      }
    }
    media = {
      bucket    = module.media.bucket_name
      kmsKeyArn = module.media.kms_key_arn
    }
    iam = {
      path                   = module.identity.iam_path
      roleNamePrefix         = module.identity.role_name_prefix
      permissionsBoundaryArn = module.identity.permissions_boundary_arn
      allowedRoleArns        = var.allowed_role_arns
    }
    secrets = {
      # The operator puts the namespace in: each has its own entries, as the boundary says once more.
      allowedPrefix = "${module.secrets.allowed_prefix}{namespace}/"
      kmsKeyArn     = module.secrets.kms_key_arn
    }
    network = { allowedEgress = var.allowed_egress }
    tenancy = {
      grants = [
        for name, grant in var.grants : {
          namespaces             = grant.namespaces
          secretPrefixes         = grant.secret_prefixes
          mediaPrefixes          = grant.media_prefixes
          buckets                = grant.buckets
          domains                = grant.domains
          egress                 = grant.egress
          roleArns               = grant.role_arns
          certificateArns        = grant.certificate_arns
          permissionsBoundaryArn = lookup(module.identity.grant_boundary_arns, name, null)
        }
      ]
    }
    monitoring = {
      sources = [
        for source in var.monitoring_sources : {
          for field, value in {
            cidr              = source.cidr
            namespaceSelector = source.namespace_labels == null ? null : { matchLabels = source.namespace_labels }
            podSelector       = source.pod_labels == null ? null : { matchLabels = source.pod_labels }
          } : field => value if value != null
        }
      ]
    }
    rollouts   = { maxConcurrent = var.max_concurrent_rollouts }
    namespaces = var.operator_namespaces
    pods = {
      imagePullSecrets  = var.pods.image_pull_secrets
      nodeSelector      = var.pods.node_selector
      allowedNodeLabels = var.pods.allowed_node_labels
      tolerations = [
        for toleration in var.pods.tolerations : {
          for field, value in {
            key               = toleration.key
            operator          = toleration.operator
            value             = toleration.value
            effect            = toleration.effect
            tolerationSeconds = toleration.toleration_seconds
          } : field => value if value != null
        }
      ]
      migrationSeconds = var.pods.migration_seconds
    }
    podSecurityGroups = {
      backend  = [module.security_groups.backend_security_group_id]
      frontend = [module.security_groups.frontend_security_group_id]

      betweenBackends = var.instances_call_each_other
    }
  }

  # Empty where no databases are offered.
  provisioner_values = [
    for offered in var.database_provisioning[*] : {
      provisioner = {
        image = {
          repository = offered.image_repository
          tag        = offered.image_tag
          digest     = offered.image_digest
        }
        roleArn = module.provisioner[0].provisioner_role_arn
        administrator = {
          # RDS's entry: External Secrets takes its ARN for a key.
          remoteKey = module.database.master_secret_arn
          roleArn   = module.provisioner[0].administrator_role_arn
        }
        securityGroupIds = [module.provisioner[0].security_group_id]
      }
    }
  ]

  operator_chart_values = merge({
    image = {
      repository = var.operator.image_repository
      tag        = var.operator.image_tag
      digest     = var.operator.image_digest
    }
    serviceAccount = { roleArn = module.identity.operator_role_arn }
    settings       = local.operator_settings
    uninstall      = { mode = var.operator.uninstall_mode }
    networkPolicy = {
      apiServer = {
        # The Service's address, which the VPC CNI judges, and the subnets of the API server's interfaces.
        cidrs = concat(
          ["${cidrhost(local.cluster.service_cidr, 1)}/32"],
          var.existing_cluster == null ? local.network.private_subnet_cidrs : var.existing_cluster.api_server.cidrs,
        )
        ports = var.existing_cluster == null ? [443] : var.existing_cluster.api_server.ports
      }
      iamCidrs = var.iam_cidrs
    }
  }, local.provisioner_values...)
}
