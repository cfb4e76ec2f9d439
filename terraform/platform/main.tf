# One module per concern; what one needs of another is passed on here and nowhere else.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  account_id        = data.aws_caller_identity.current.account_id
  partition         = data.aws_partition.current.partition
  cluster_name      = try(var.existing_cluster.name, var.name)
  media_bucket_name = coalesce(var.media_bucket_name, "${var.name}-media-${local.account_id}")
  # Where hosts below each domain have their records; below a granted domain within the platform's, in the platform's zone.
  granted_zones = {
    for domain in distinct(flatten([for grant in values(var.grants) : grant.domains])) :
    domain => lookup(var.granted_domain_zone_ids, domain, var.zone_id)
  }
  dns_zones = var.manage_records ? merge(local.granted_zones, { (var.domain) = var.zone_id }) : {}
  tags      = merge({ "app.kubernetes.io/part-of" = "appinstance-platform", platform = var.name }, var.tags)

  # Made here or found: the two modules say the same by the same names.
  network = concat(module.network, module.existing_network)[0]
  cluster = concat(module.eks, local.found_cluster)[0]

  found_cluster = [
    for found in var.existing_cluster[*] : {
      cluster_name              = found.name
      cluster_endpoint          = found.endpoint
      cluster_ca_pem            = found.ca_pem
      cluster_security_group_id = found.security_group_id
      oidc_provider_arn         = found.oidc_provider_arn
      oidc_issuer               = split(":oidc-provider/", found.oidc_provider_arn)[1]
      service_cidr              = found.service_cidr
      policies                  = {}
    }
  ]
}

# Before the options of a VPC and a cluster that are there already, both were always made.
moved {
  from = module.network
  to   = module.network[0]
}

moved {
  from = module.eks
  to   = module.eks[0]
}

module "logs" {
  source = "../modules/logs"

  name       = var.name
  account_id = local.account_id
  region     = var.region
  partition  = local.partition
}

module "registry" {
  source = "../modules/registry"

  name         = var.name
  account_id   = local.account_id
  region       = var.region
  partition    = local.partition
  images       = var.images
  force_delete = !var.deletion_protection
}

module "network" {
  source = "../modules/network"
  count  = var.existing_vpc == null ? 1 : 0

  name                = var.name
  account_id          = local.account_id
  region              = var.region
  partition           = local.partition
  cluster_name        = local.cluster_name
  cidr                = var.vpc_cidr
  availability_zones  = var.availability_zones
  single_nat_gateway  = var.single_nat_gateway
  s3_endpoint_type    = var.s3_endpoint_type
  interface_endpoints = var.interface_endpoints
  logs_kms_key_arn    = module.logs.kms_key_arn
  log_retention_days  = var.log_retention_days

  internal_load_balancers = var.internal_load_balancers != null
}

module "existing_network" {
  source = "../modules/existing-network"
  count  = var.existing_vpc == null ? 0 : 1

  region                     = var.region
  vpc_id                     = var.existing_vpc.vpc_id
  private_subnet_ids         = var.existing_vpc.private_subnet_ids
  public_subnet_ids          = var.existing_vpc.public_subnet_ids
  database_subnet_ids        = var.existing_vpc.database_subnet_ids
  endpoint_subnet_ids        = var.existing_vpc.endpoint_subnet_ids
  internal_subnet_ids        = var.existing_vpc.internal_subnet_ids
  endpoint_security_group_id = var.existing_vpc.endpoint_security_group_id
  s3_endpoint_type           = var.s3_endpoint_type
}

module "eks" {
  source = "../modules/eks"
  count  = var.existing_cluster == null ? 1 : 0

  name                           = var.name
  account_id                     = local.account_id
  region                         = var.region
  partition                      = local.partition
  cluster_name                   = local.cluster_name
  kubernetes_version             = var.kubernetes_version
  support_type                   = var.kubernetes_support_type
  addon_versions                 = { for name, version in var.addon_versions : name => version if name != "cloudwatch" }
  service_cidr                   = var.service_cidr
  volume_kms_key_arn             = var.volume_kms_key_arn
  vpc_id                         = local.network.vpc_id
  subnet_ids                     = local.network.private_subnet_ids
  endpoint_public_access         = length(var.endpoint_public_access_cidrs) > 0
  endpoint_public_access_cidrs   = var.endpoint_public_access_cidrs
  private_endpoint_ingress_cidrs = var.private_endpoint_ingress_cidrs
  admin_role_arns                = var.cluster_admin_role_arns
  node_groups                    = var.node_groups
  # AWS recommends it together with NetworkPolicies (docs/adr/0005).
  pod_security_group_enforcing_mode = "standard"
  logs_kms_key_arn                  = module.logs.kms_key_arn
  log_retention_days                = var.log_retention_days
  deletion_protection               = var.deletion_protection

  # Nodes join through NAT and the endpoints, so these come first; and a cluster that refuses its deletion keeps them.
  depends_on = [module.network]
}

module "security_groups" {
  source = "../modules/security-groups"

  name                       = var.name
  vpc_id                     = local.network.vpc_id
  edge_ingress_cidrs         = var.edge_ingress_cidrs
  internal_ingress_cidrs     = try(var.internal_load_balancers.ingress_cidrs, [])
  outside                    = { for name, place in var.outside : name => place if place != null }
  cluster_security_group_id  = local.cluster.cluster_security_group_id
  endpoint_security_group_id = local.network.endpoint_security_group_id
  s3_endpoint_type           = var.s3_endpoint_type
  s3_prefix_list_id          = local.network.s3_prefix_list_id
  # What any instance may be allowed, by its spec; the policies say which.
  backend_egress_cidrs              = toset(concat(var.allowed_egress, flatten([for grant in values(var.grants) : grant.egress])))
  database_admin_security_group_ids = var.database_admin_security_group_ids
  backends_call_each_other          = var.instances_call_each_other
}

module "database" {
  source = "../modules/database"

  name       = var.name
  account_id = local.account_id
  region     = var.region
  partition  = local.partition
  # Written out: checkov loses the thread at local.network, and then reads none of the module's defaults.
  subnet_ids                          = var.existing_vpc == null ? module.network[0].database_subnet_ids : module.existing_network[0].database_subnet_ids
  security_group_id                   = module.security_groups.database_security_group_id
  instance_class                      = var.database.instance_class
  allocated_storage_gib               = var.database.allocated_storage_gib
  max_allocated_storage_gib           = var.database.max_allocated_storage_gib
  multi_az                            = var.database.multi_az
  backup_retention_days               = var.database.backup_retention_days
  backup_copy_region                  = var.database.backup_copy_region
  engine_version                      = var.database.engine_version
  backup_window                       = var.database.backup_window
  maintenance_window                  = var.database.maintenance_window
  apply_immediately                   = var.database.apply_immediately
  ca_cert_identifier                  = var.database.ca_cert_identifier
  monitoring_interval_seconds         = var.database.monitoring_interval_seconds
  performance_insights_retention_days = var.database.performance_insights_retention_days
  deletion_protection                 = var.deletion_protection
  skip_final_snapshot                 = !var.deletion_protection
  logs_kms_key_arn                    = module.logs.kms_key_arn
  log_retention_days                  = var.log_retention_days
}

module "database_admin" {
  source = "../modules/database-admin"
  count  = length(var.database_admin_role_arns) > 0 ? 1 : 0

  name                       = var.name
  account_id                 = local.account_id
  region                     = var.region
  partition                  = local.partition
  admin_role_arns            = var.database_admin_role_arns
  vpc_id                     = local.network.vpc_id
  subnet_id                  = local.network.private_subnet_ids[0]
  database_security_group_id = module.security_groups.database_security_group_id
  database_port              = module.database.port
  master_secret_arn          = module.database.master_secret_arn
  master_secret_kms_key_arn  = module.database.master_secret_kms_key_arn
}

module "media" {
  source = "../modules/media"

  name                    = var.name
  account_id              = local.account_id
  partition               = local.partition
  bucket_name             = local.media_bucket_name
  cloudfront              = var.cloudfront
  noncurrent_version_days = var.media_noncurrent_version_days
  alias_zones             = { for alias in try(var.cloudfront.aliases, []) : alias => var.zone_id if endswith(alias, ".${var.domain}") }
  force_destroy           = !var.deletion_protection
}

module "secrets" {
  source = "../modules/secrets"

  name                          = var.name
  account_id                    = local.account_id
  region                        = var.region
  partition                     = local.partition
  allowed_prefix                = var.secrets_prefix
  entries                       = var.secret_entries
  admin_role_arns               = var.secret_admin_role_arns
  reader_role_path_arn_patterns = var.secret_reader_role_arn_patterns
  platform_reader_role_arns     = [module.identity.external_secrets_role_arn]
  database_master_secret_arn    = module.database.master_secret_arn
  master_rotation_days          = var.database.master_rotation_days
  recovery_window_days          = var.deletion_protection ? 30 : 0
}

module "edge" {
  source = "../modules/edge"

  name                             = var.name
  account_id                       = local.account_id
  region                           = var.region
  partition                        = local.partition
  domain                           = var.domain
  zone_id                          = var.zone_id
  more_domains                     = local.granted_zones
  rate_limit_per_5_minutes         = var.rate_limits.site
  sign_in_rate_limit_per_5_minutes = var.rate_limits.sign_in
  access_logs                      = var.access_logs
  log_allowed_requests             = var.log_allowed_requests
  force_destroy                    = !var.deletion_protection
  logs_kms_key_arn                 = module.logs.kms_key_arn
  log_retention_days               = var.log_retention_days
}

module "identity" {
  source = "../modules/identity"

  name                            = var.name
  account_id                      = local.account_id
  region                          = var.region
  partition                       = local.partition
  cluster_name                    = local.cluster_name
  oidc_provider_arn               = local.cluster.oidc_provider_arn
  oidc_issuer                     = local.cluster.oidc_issuer
  media_bucket_arn                = module.media.bucket_arn
  media_kms_key_arn               = module.media.kms_key_arn
  secrets_prefix                  = var.secrets_prefix
  secrets_kms_key_arn             = module.secrets.kms_key_arn
  grants                          = var.grants
  edge_security_group_id          = module.security_groups.edge_security_group_id
  internal_edge_security_group_id = module.security_groups.internal_edge_security_group_id
  web_acl_arn                     = module.edge.web_acl_arn
  dns_zones                       = local.dns_zones
}

# Databases for instances, where they are offered (docs/adr/0034).
module "provisioner" {
  source = "../modules/provisioner"
  count  = var.database_provisioning == null ? 0 : 1

  name                       = var.name
  account_id                 = local.account_id
  region                     = var.region
  partition                  = local.partition
  oidc_provider_arn          = local.cluster.oidc_provider_arn
  oidc_issuer                = local.cluster.oidc_issuer
  bucket_name                = "${var.name}-dumps-${local.account_id}"
  dump_retention_days        = var.database_provisioning.dump_retention_days
  dump_admin_role_arns       = var.database_provisioning.dump_admin_role_arns
  force_destroy              = !var.deletion_protection
  secrets_prefix             = var.secrets_prefix
  secrets_kms_key_arn        = module.secrets.kms_key_arn
  database_kms_key_arn       = module.database.kms_key_arn
  master_secret_arn          = module.database.master_secret_arn
  master_secret_kms_key_arn  = module.database.master_secret_kms_key_arn
  vpc_id                     = local.network.vpc_id
  database_security_group_id = module.security_groups.database_security_group_id
  database_port              = module.database.port
  endpoint_security_group_id = local.network.endpoint_security_group_id
  cluster_security_group_id  = local.cluster.cluster_security_group_id
  s3_endpoint_type           = var.s3_endpoint_type
  s3_prefix_list_id          = local.network.s3_prefix_list_id
}

module "addons" {
  source = "../modules/addons"

  region                            = var.region
  cluster_name                      = local.cluster.cluster_name
  vpc_id                            = local.network.vpc_id
  edge_security_group_id            = module.security_groups.edge_security_group_id
  cloudwatch_agent_role_arn         = module.identity.cloudwatch_agent_role_arn
  external_secrets_role_arn         = module.identity.external_secrets_role_arn
  load_balancer_controller_role_arn = module.identity.load_balancer_controller_role_arn
  external_dns_role_arn             = module.identity.external_dns_role_arn
  dns_zones                         = local.dns_zones
  access_log_bucket_name            = module.edge.access_log_bucket_name
  service_accounts                  = module.identity.service_accounts
  charts                            = merge(var.charts, { operator = { chart = var.operator.chart, version = var.operator.version } })
  operator_values                   = local.operator_chart_values
  install_helm_releases             = var.install_addons
  already_installed                 = try(var.existing_cluster.installed, [])
  cloudwatch_addon_version          = var.addon_versions.cloudwatch
  helm_wait                         = var.wait_for_charts
  logs_kms_key_arn                  = module.logs.kms_key_arn
  log_retention_days                = var.log_retention_days

  # Pods of the charts need nodes, DNS, ways out, roles with their policies, and what instances are made of. On the way down the
  # releases go before any of it: where the operator's hook refuses because AppInstances are left, all of it still stands.
  depends_on = [
    module.eks, module.network, module.security_groups, module.identity,
    module.database, module.media, module.secrets, module.edge, module.provisioner,
  ]
}

module "audit" {
  source = "../modules/audit"

  name                   = var.name
  account_id             = local.account_id
  region                 = var.region
  partition              = local.partition
  enable_config          = var.audit.config
  bucket_retention_days  = var.audit.bucket_retention_days
  config_recorder_exists = var.audit.config_recorder_exists
  enable_guardduty       = var.audit.guardduty
  enable_security_hub    = var.audit.security_hub
  data_event_bucket_arns = var.audit.object_events ? concat(
    [module.media.bucket_arn],
    [for bucket in distinct(flatten([for grant in values(var.grants) : grant.buckets])) : "arn:${local.partition}:s3:::${bucket}"],
  ) : []
  force_destroy      = !var.deletion_protection
  logs_kms_key_arn   = module.logs.kms_key_arn
  log_retention_days = var.log_retention_days
}

module "alarms" {
  source = "../modules/alarms"

  name                       = var.name
  account_id                 = local.account_id
  region                     = var.region
  partition                  = local.partition
  email_addresses            = var.alarm_email_addresses
  thresholds                 = var.alarm_thresholds
  https_endpoints            = var.alarm_https_endpoints
  web_acl_name               = module.edge.web_acl_name
  db_instance_identifier     = module.database.identifier
  db_allocated_storage_gib   = var.database.allocated_storage_gib
  db_max_connections         = var.database.max_connections
  cluster_name               = local.cluster.cluster_name
  trail_log_group_name       = module.audit.trail_log_group_name
  application_log_group_name = module.addons.application_log_group_name
  operator_metrics           = module.addons.operator_metrics
  databases_offered          = var.database_provisioning != null
  routine_role_arns          = [module.identity.operator_role_arn, module.identity.load_balancer_controller_role_arn]
  operator_trust             = { role_arn = module.identity.operator_role_arn, oidc_provider_arn = local.cluster.oidc_provider_arn }
}
