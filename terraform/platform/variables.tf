# Who and where

variable "name" {
  description = "The platform's name: all names begin with it, the cluster's too."
  type        = string
  default     = "appinstance"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "Set name to 2 to 20 lowercase letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  description = "The AWS region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.region))
    error_message = "Set region to an AWS region such as eu-central-1."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "domain" {
  description = "The domain below which instances answer, such as apps.example.com: the certificate holds it and all names directly below it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain))
    error_message = "Set domain to a domain name in lowercase such as apps.example.com."
  }
}

variable "zone_id" {
  description = "The Route 53 zone of the domain."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^Z[A-Z0-9]{5,31}$", var.zone_id))
    error_message = "Set zone_id to the id of the domain's hosted zone, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "granted_domain_zone_ids" {
  description = "The Route 53 zones of the grants' domains that don't lie below `domain`, by the domain."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for domain in flatten([for grant in values(var.grants) : grant.domains]) : endswith(domain, ".${var.domain}") || contains(keys(var.granted_domain_zone_ids), domain)])
    error_message = "Set granted_domain_zone_ids for every domain of a grant that does not lie below domain: the certificate's proof and the hosts' records go there."
  }

  validation {
    condition     = alltrue([for zone in values(var.granted_domain_zone_ids) : can(regex("^Z[A-Z0-9]{5,31}$", zone))])
    error_message = "Set granted_domain_zone_ids to ids of hosted zones, such as Z0123456789ABCDEFGHIJ."
  }
}

variable "manage_records" {
  description = "Install external-dns, which writes each instance's host into Route 53. false where somebody else does."
  type        = bool
  default     = true
  nullable    = false
}

# Network

variable "vpc_cidr" {
  description = "Addresses of the VPC, a /16 that overlaps with nothing it is to be connected to."
  type        = string
  default     = "10.20.0.0/16"
  nullable    = false

  validation {
    condition     = can(cidrsubnet(var.vpc_cidr, 0, 0)) && endswith(var.vpc_cidr, "/16") && try(cidrsubnet(var.vpc_cidr, 0, 0), "") == var.vpc_cidr
    error_message = "Set vpc_cidr to a /16 without host bits, such as 10.20.0.0/16."
  }
}

variable "availability_zones" {
  description = "Three zones of the region, such as eu-central-1a, b and c. Named, so that a zone that AWS adds moves no subnet. Not with existing_vpc."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = var.existing_vpc != null || (length(distinct(var.availability_zones)) == 3 && alltrue([for zone in var.availability_zones : startswith(zone, var.region)]))
    error_message = "Set availability_zones to three different zones of the region, such as eu-central-1a, eu-central-1b and eu-central-1c."
  }
}

variable "existing_vpc" {
  description = <<-EOT
    A VPC that is there already, instead of one of its own: `vpc_id`, and by their ids the subnets of nodes and pods (`private`), of
    the load balancers alone (`public`, tagged kubernetes.io/role/elb=1, and no other subnet of the VPC is), of the `database` and of
    the interface endpoints (`endpoint`), with the endpoints' security group; with internal_load_balancers those of these alone too
    (`internal`, tagged kubernetes.io/role/internal-elb=1, and no other subnet is). Routes, NAT, endpoints and flow logs stay yours;
    modules/existing-network says what is checked.
  EOT
  type = object({
    vpc_id                     = string
    private_subnet_ids         = list(string)
    public_subnet_ids          = list(string)
    database_subnet_ids        = list(string)
    endpoint_subnet_ids        = list(string)
    endpoint_security_group_id = string
    internal_subnet_ids        = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.existing_vpc == null || (var.internal_load_balancers == null) == (length(try(var.existing_vpc.internal_subnet_ids, [])) == 0)
    error_message = "Set existing_vpc.internal_subnet_ids where internal_load_balancers is set, and only there: these subnets are what pods of instances with an internal load balancer admit."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway instead of one per zone: cheaper, and all zones lose the way out with its zone."
  type        = bool
  default     = false
  nullable    = false
}

variable "s3_endpoint_type" {
  description = "How S3 is reached: \"interface\", so that policies name a few addresses, or \"gateway\", which costs nothing and opens all of S3's ranges to the backend."
  type        = string
  default     = "interface"
  nullable    = false

  validation {
    condition     = contains(["interface", "gateway"], var.s3_endpoint_type)
    error_message = "Set s3_endpoint_type to \"interface\" or \"gateway\"."
  }
}

variable "interface_endpoints" {
  description = "AWS services that get an interface endpoint, S3 apart; see modules/network. Each costs in every zone; without one, nodes reach the service through NAT, and pods of instances not at all."
  type        = set(string)
  default     = ["ec2", "ecr.api", "ecr.dkr", "eks-auth", "elasticloadbalancing", "kms", "logs", "monitoring", "secretsmanager", "sts"]
  nullable    = false
}

variable "edge_ingress_cidrs" {
  description = "Who may reach the load balancers: the internet, or the networks of a company."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false
}

# Cluster

variable "internal_load_balancers" {
  description = <<-EOT
    Load balancers of the private networks, for instances that ask for `scheme: internal`: `ingress_cidrs`, the networks of the people who
    reach them (a VPN's, a peered VPC's). They get subnets, a security group and a route table of their own; add the ways back to
    these networks to the output internal_route_table_id. null: none are offered.
  EOT
  type        = object({ ingress_cidrs = set(string) })
  default     = null

  validation {
    condition     = var.internal_load_balancers == null || length(try(var.internal_load_balancers.ingress_cidrs, [])) > 0
    error_message = "Set internal_load_balancers.ingress_cidrs to at least one network such as 10.200.0.0/20, or nobody reaches an internal load balancer."
  }
}

variable "existing_cluster" {
  description = <<-EOT
    A cluster that is there already, in existing_vpc, instead of one of its own: `name`, `endpoint` and `ca_pem` of its API, its
    `oidc_provider_arn` in IAM, the `security_group_id` of its nodes, its `service_cidr`, where its API server answers pods
    (`api_server`: `cidrs`, `ports`), and what of `external_dns`, `external_secrets`, `load_balancer_controller` and `cloudwatch` is `installed`
    and left alone. Nodes, add-ons, logs and administrators stay yours; the nodes' types need branch interfaces.
  EOT
  type = object({
    name              = string
    endpoint          = string
    ca_pem            = string
    oidc_provider_arn = string
    security_group_id = string
    service_cidr      = string
    api_server        = object({ cidrs = list(string), ports = optional(list(number), [443]) })
    installed         = optional(set(string), [])
  })
  default = null

  validation {
    condition     = var.existing_cluster == null || var.existing_vpc != null
    error_message = "Set existing_vpc too: a cluster that is there already has its nodes in a VPC that is there already."
  }

  validation {
    condition     = var.existing_cluster == null || can(regex("^arn:[a-z-]+:iam::\\d{12}:oidc-provider/[^:/]+", var.existing_cluster.oidc_provider_arn))
    error_message = "Set existing_cluster.oidc_provider_arn to the cluster's OIDC provider in IAM, such as arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/ABC."
  }

  validation {
    condition     = var.existing_cluster == null || can(regex("^https://", var.existing_cluster.endpoint))
    error_message = "Set existing_cluster.endpoint to the address of the Kubernetes API, beginning with https://."
  }

  validation {
    condition = var.existing_cluster == null || try(
      length(var.existing_cluster.api_server.cidrs) > 0 && alltrue([for cidr in var.existing_cluster.api_server.cidrs : cidrsubnet(cidr, 0, 0) == cidr && !endswith(cidr, "/0")]),
      false,
    )
    error_message = "Set existing_cluster.api_server.cidrs to the networks of the API server's interfaces without host bits such as 10.20.0.0/20, never to 0.0.0.0/0."
  }

  validation {
    condition     = var.existing_cluster == null || try(length(setsubtract(var.existing_cluster.installed, ["external_dns", "external_secrets", "load_balancer_controller", "cloudwatch"])) == 0, false)
    error_message = "Set existing_cluster.installed to any of external_dns, external_secrets, load_balancer_controller and cloudwatch."
  }
}

variable "kubernetes_version" {
  description = "Kubernetes' version; upgrade one minor version at a time, addon_versions with it."
  type        = string
  default     = "1.35"
  nullable    = false
}

variable "kubernetes_support_type" {
  description = "What happens when AWS's standard support of the version ends: STANDARD, EKS upgrades by itself; EXTENDED, it stays and costs $0.60 an hour instead of $0.10."
  type        = string
  default     = "STANDARD"
  nullable    = false
}

variable "addon_versions" {
  description = "Versions of EKS's add-ons that belong to another kubernetes_version; what is left out is modules/eks's, or modules/addons's for `cloudwatch`."
  type = object({
    vpc-cni                = optional(string)
    coredns                = optional(string)
    kube-proxy             = optional(string)
    eks-pod-identity-agent = optional(string)
    metrics-server         = optional(string)
    cloudwatch             = optional(string, "v4.8.0-eksbuild.1")
  })
  default  = {}
  nullable = false
}

variable "service_cidr" {
  description = "Addresses of Kubernetes Services; outside of the VPC and of what is connected to it. It can't be changed afterwards."
  type        = string
  default     = "172.20.0.0/16"
  nullable    = false
}

variable "volume_kms_key_arn" {
  description = "Key over the nodes' disks, where the account's default for EBS can't be used by Auto Scaling; see modules/eks."
  type        = string
  default     = null
}

variable "database_admin_security_group_ids" {
  description = "Groups from which administrators reach the database, such as a bastion's, to make schemas and accounts; none by default."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "database_admin_role_arns" {
  description = "Roles of people who administer the database. Named, there is a role for them to take, and a host that forwards their sessions; see modules/database-admin."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "cluster_admin_role_arns" {
  description = "IAM roles that administer the cluster. Whoever applies this needs to be one of them to install the add-ons. Not with existing_cluster."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = var.existing_cluster != null || length(var.cluster_admin_role_arns) > 0
    error_message = "Set cluster_admin_role_arns to at least one IAM role: nobody else will get into the cluster."
  }
}

variable "endpoint_public_access_cidrs" {
  description = "Networks that reach the Kubernetes API over the internet; none by default, then only the VPC and private_endpoint_ingress_cidrs do."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "private_endpoint_ingress_cidrs" {
  description = "Networks (a VPN's, a peered VPC's) that reach the Kubernetes API's private endpoint."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "node_groups" {
  description = "Managed node groups by name; what is left out is modules/eks's: three m6i.large, up to six."
  type = map(object({
    instance_types  = optional(list(string))
    ami_type        = optional(string)
    capacity_type   = optional(string)
    min_size        = optional(number)
    max_size        = optional(number)
    desired_size    = optional(number)
    disk_size_gib   = optional(number)
    labels          = optional(map(string))
    release_version = optional(string)
  }))
  default  = { default = {} }
  nullable = false
}

# Database

variable "database" {
  description = <<-EOT
    RDS for MySQL: `instance_class`, `max_connections` (what the class allows, for the alarm),
    `allocated_storage_gib`, `max_allocated_storage_gib`, `multi_az`, `backup_retention_days`,
    `backup_copy_region` (a second region for the backups, null for none), `engine_version` (8.4, or a patch of it),
    `backup_window`, `maintenance_window`, `apply_immediately`, `ca_cert_identifier`, `monitoring_interval_seconds`,
    `performance_insights_retention_days`, and `master_rotation_days` (null: RDS's own seven); see modules/database and modules/secrets.
  EOT
  type = object({
    instance_class            = optional(string, "db.t4g.medium")
    max_connections           = optional(number, 341)
    allocated_storage_gib     = optional(number, 50)
    max_allocated_storage_gib = optional(number, 200)
    multi_az                  = optional(bool, true)
    backup_retention_days     = optional(number, 14)
    backup_copy_region        = optional(string)
    engine_version            = optional(string, "8.4")
    backup_window             = optional(string, "02:00-03:00")
    maintenance_window        = optional(string, "sun:03:30-sun:04:30")
    apply_immediately         = optional(bool, false)
    ca_cert_identifier        = optional(string, "rds-ca-rsa2048-g1")

    monitoring_interval_seconds         = optional(number, 60)
    performance_insights_retention_days = optional(number, 7)
    master_rotation_days                = optional(number)
  })
  default  = {}
  nullable = false
}

variable "database_ca_bundle" {
  description = "PEM of RDS's certificate authorities in the region, which every backend checks the server against; README.md says where AWS publishes it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("-----BEGIN CERTIFICATE-----", var.database_ca_bundle))
    error_message = "Set database_ca_bundle to the PEM bundle of RDS's certificate authorities (file(\"rds-bundle.pem\")): it must hold BEGIN CERTIFICATE."
  }
}

# Media and secrets

variable "media_bucket_name" {
  description = "The bucket for avatars; null for <name>-media-<account>."
  type        = string
  default     = null
}

variable "media_noncurrent_version_days" {
  description = "Days that a replaced or deleted object can still be brought back."
  type        = number
  default     = 30
  nullable    = false
}

variable "cloudfront" {
  description = "Delivery by CloudFront with signed URLs, null for none; see modules/media."
  type = object({
    aliases         = list(string)
    certificate_arn = string
    public_keys     = map(string)
    key_prefixes    = optional(map(string))
    price_class     = optional(string)
    web_acl_arn     = optional(string)
  })
  default = null
}

variable "secrets_prefix" {
  description = "Beginning of the names of all Secrets Manager entries that instances may name; the namespace follows it, as in apps/acme/."
  type        = string
  default     = "apps/"
  nullable    = false
}

variable "secret_entries" {
  description = "Entries to make, empty, by name; people and programs put the values in, so that none is in the state."
  type        = map(object({ description = string }))
  default     = {}
  nullable    = false
}

variable "secret_reader_role_arn_patterns" {
  description = "Patterns of the ARNs of roles that may read entries under secrets_prefix; null for the roles that the operator makes. List those too when instances bring roles of their own."
  type        = list(string)
  default     = null
}

variable "secret_admin_role_arns" {
  description = "Roles of people who may read and write entries' values; the database administrator's too."
  type        = list(string)
  default     = []
  nullable    = false
}

# Edge

variable "rate_limits" {
  description = "Requests per address in five minutes before the WAF refuses: `site`, and `sign_in` for sign-in and sign-up."
  type = object({
    site    = optional(number, 2000)
    sign_in = optional(number, 20)
  })
  default  = {}
  nullable = false
}

variable "access_logs" {
  description = "Keep the load balancers' access logs in a bucket, for log_retention_days."
  type        = bool
  default     = true
  nullable    = false
}

variable "log_allowed_requests" {
  description = "The WAF's log has the requests that it lets through, too; the access logs have them anyway."
  type        = bool
  default     = false
  nullable    = false
}

# Tenants

variable "grants" {
  description = <<-EOT
    What named namespaces may name beyond their own, by the grant's name: `secret_prefixes` of entries, `media_prefixes` of
    objects, more `buckets` (under the media key, or S3's own), `domains` (the certificate must hold them), networks for
    `egress`, `role_arns` as in allowed_role_arns, `certificate_arns` that the namespaces' load balancers may carry in place
    of the platform's. `namespaces` are names, or `["*"]` for all. The first three give the namespaces' roles a permissions boundary of their own, so one namespace gets them from one grant.
  EOT
  type = map(object({
    namespaces       = list(string)
    secret_prefixes  = optional(list(string), [])
    media_prefixes   = optional(list(string), [])
    buckets          = optional(list(string), [])
    domains          = optional(list(string), [])
    egress           = optional(list(string), [])
    role_arns        = optional(list(string), [])
    certificate_arns = optional(list(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for domain in flatten([for grant in values(var.grants) : grant.domains]) : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", domain))])
    error_message = "Set the grants' domains to domain names in lowercase such as apps.example.org."
  }

  validation {
    condition     = alltrue([for cidr in flatten([for grant in values(var.grants) : grant.egress]) : try(cidrsubnet(cidr, 0, 0), "") == cidr && !endswith(cidr, "/0")])
    error_message = "Set the grants' egress to networks without host bits such as 198.51.100.0/24, never to 0.0.0.0/0."
  }

  validation {
    condition     = alltrue([for arn in flatten([for grant in values(var.grants) : grant.role_arns]) : can(regex("^arn:${local.partition}:iam::${local.account_id}:role/[A-Za-z0-9_+=,.@/*-]+$", replace(arn, "{namespace}", "n")))])
    error_message = "Set the grants' role_arns to roles of this account, with * for the rest of one part of the path and {namespace} for the namespace."
  }

  validation {
    condition     = alltrue([for arn in flatten([for grant in values(var.grants) : grant.certificate_arns]) : can(regex("^arn:${local.partition}:acm:${var.region}:${local.account_id}:certificate/[a-z0-9-]+$", arn))])
    error_message = "Set the grants' certificate_arns to certificates of this account in this region."
  }
}

variable "instances_call_each_other" {
  description = "Let instances call each other where both say so (spec.access): the backends' security group is opened to itself, and NetworkPolicies say which."
  type        = bool
  default     = false
  nullable    = false
}

variable "allowed_egress" {
  description = "Networks that any instance may open egress to (spec.network.egress); none by default."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.allowed_egress : try(cidrsubnet(cidr, 0, 0), "") == cidr && !endswith(cidr, "/0")])
    error_message = "Set allowed_egress to networks without host bits such as 198.51.100.0/24, never to 0.0.0.0/0."
  }
}

variable "outside" {
  description = <<-EOT
    What the apps use beyond the platform: the `mail` server (SMTP with TLS) and the `identity_provider` (OpenID Connect), each
    with its networks and its port. Every backend may reach what is named, in its NetworkPolicy and its security group; what is
    not named stays closed.
  EOT
  type = object({
    mail              = optional(object({ cidrs = set(string), port = optional(number, 587) }))
    identity_provider = optional(object({ cidrs = set(string), port = optional(number, 443) }))
  })
  default  = {}
  nullable = false

  validation {
    condition = alltrue([for place in values(var.outside) : place == null || try(
      length(place.cidrs) > 0 && alltrue([for cidr in place.cidrs : can(cidrnetmask(cidr)) && cidrsubnet(cidr, 0, 0) == cidr && !endswith(cidr, "/0")]),
      false,
    )])
    error_message = "Set outside's cidrs to at least one IPv4 network without host bits such as 203.0.113.0/28, never to 0.0.0.0/0."
  }

  validation {
    condition     = sum([for place in values(var.outside) : try(length(place.cidrs), 0)]) <= 30
    error_message = "Set outside's cidrs to at most 30 networks in all: a security group holds 60 rules each way."
  }

  validation {
    condition     = alltrue([for place in values(var.outside) : try(place.port >= 1 && place.port <= 65535 && floor(place.port) == place.port, place == null)])
    error_message = "Set outside's ports to whole numbers from 1 to 65535."
  }
}

variable "allowed_role_arns" {
  description = "Patterns of the ARNs of roles that any instance may bring (spec.identity): * stands for the rest of one part of the path, {namespace} for the namespace. None by default; then the operator makes all roles."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.allowed_role_arns : can(regex("^arn:${local.partition}:iam::${local.account_id}:role/[A-Za-z0-9_+=,.@/*-]+$", replace(arn, "{namespace}", "n")))])
    error_message = "Set allowed_role_arns to roles of this account, such as arn:aws:iam::123456789012:role/tenants/{namespace}/*."
  }
}

variable "monitoring_sources" {
  description = "Who reads the metrics of every backend, such as the cluster's Prometheus: a network by `cidr`, or pods by `namespace_labels` and `pod_labels`."
  type = list(object({
    cidr             = optional(string)
    namespace_labels = optional(map(string))
    pod_labels       = optional(map(string))
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue([for source in var.monitoring_sources :
      source.cidr == null
      ? length(coalesce(source.namespace_labels, {})) > 0 && length(coalesce(source.pod_labels, {})) > 0
      : source.namespace_labels == null && source.pod_labels == null
    ])
    error_message = "Set each of monitoring_sources to a cidr, or to namespace_labels and pod_labels, neither empty."
  }

  validation {
    condition     = alltrue([for source in var.monitoring_sources : source.cidr == null || (try(cidrsubnet(source.cidr, 0, 0), "") == source.cidr && !endswith(coalesce(source.cidr, "-"), "/0"))])
    error_message = "Set the cidr of monitoring_sources to a network without host bits such as 10.20.48.0/20, never to 0.0.0.0/0."
  }
}

# Operator and add-ons

variable "operator" {
  description = <<-EOT
    The operator: `chart` (a folder of this repository, or an OCI address) and its `version`,
    `image_repository` with `image_tag` or, better, `image_digest`; `uninstall_mode`, what its uninstall
    does with AppInstances that are left (the chart's `uninstall.mode`).
  EOT
  type = object({
    chart            = optional(string, "../../charts/appinstance-operator")
    version          = optional(string, "0.1.0")
    image_repository = string
    image_tag        = optional(string, "")
    image_digest     = optional(string, "")
    uninstall_mode   = optional(string, "refuse")
  })
  nullable = false

  validation {
    condition     = contains(["refuse", "delete", "ignore"], var.operator.uninstall_mode)
    error_message = "Set operator.uninstall_mode to \"refuse\", \"delete\" or \"ignore\"; the chart's values say what each does."
  }

  validation {
    condition     = var.operator.image_tag != "" || var.operator.image_digest != ""
    error_message = "Set operator.image_digest (sha256:…), or operator.image_tag."
  }
}

variable "images" {
  description = "Images that get a repository in ECR, `<name>/<image>`; see modules/registry."
  type        = set(string)
  default     = ["backend", "frontend", "operator", "provisioner"]
  nullable    = false
}

variable "operator_namespaces" {
  description = "The namespaces that the operator is kept to; none named means all."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for namespace in var.operator_namespaces : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", namespace))])
    error_message = "Set operator_namespaces to names of namespaces, without wildcards; leave it empty for all."
  }
}

variable "max_concurrent_rollouts" {
  description = "How many instances may roll at once because the operator or its settings changed."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.max_concurrent_rollouts >= 1 && floor(var.max_concurrent_rollouts) == var.max_concurrent_rollouts
    error_message = "Set max_concurrent_rollouts to a whole number from 1."
  }
}

variable "pods" {
  description = <<-EOT
    What the pods of every instance get. `image_pull_secrets`: names of Secrets that the platform puts into each namespace.
    `node_selector` and `tolerations`: the nodes that are kept for them (a toleration in Kubernetes' own form). `migration_seconds`:
    how long one try of a migration may take. `allowed_node_labels`: what specs may ask of nodes, labels and the values of each.
  EOT
  type = object({
    image_pull_secrets  = optional(list(string), [])
    node_selector       = optional(map(string), {})
    allowed_node_labels = optional(map(list(string)), {})
    tolerations = optional(list(object({
      key                = optional(string)
      operator           = optional(string)
      value              = optional(string)
      effect             = optional(string)
      toleration_seconds = optional(number)
    })), [])
    migration_seconds = optional(number, 600)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.pods.migration_seconds >= 60 && var.pods.migration_seconds <= 86400 && floor(var.pods.migration_seconds) == var.pods.migration_seconds
    error_message = "Set the migration_seconds of pods to a whole number from 60 to 86400."
  }

  validation {
    condition = alltrue([for toleration in var.pods.tolerations :
      contains(["Exists", "Equal"], coalesce(toleration.operator, "Equal"))
      && contains(["NoSchedule", "PreferNoSchedule", "NoExecute"], coalesce(toleration.effect, "NoSchedule"))
      && (toleration.key != null || toleration.operator == "Exists")
      && (toleration.operator != "Exists" || toleration.value == null)
    ])
    error_message = "Set the tolerations of pods in Kubernetes' own form: operator Exists (without a value) or Equal, effect NoSchedule, PreferNoSchedule or NoExecute, and a key unless the operator is Exists."
  }
}

variable "iam_cidrs" {
  description = "Addresses of IAM's API, for the operator's own NetworkPolicy: the platform makes no endpoint of IAM. README.md says how to list them."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.iam_cidrs) > 0 && alltrue([for cidr in var.iam_cidrs : can(cidrnetmask(cidr)) && !endswith(cidr, "/0")])
    error_message = "Set iam_cidrs to the networks of IAM's API (README.md says how to list them), never to 0.0.0.0/0."
  }
}

variable "charts" {
  description = "Other sources or versions of the add-ons' charts; what is left out is modules/addons's."
  type = object({
    external_secrets         = optional(object({ repository = optional(string), chart = optional(string), version = optional(string) }))
    load_balancer_controller = optional(object({ repository = optional(string), chart = optional(string), version = optional(string) }))
    external_dns             = optional(object({ repository = optional(string), chart = optional(string), version = optional(string) }))
  })
  default  = {}
  nullable = false
}

variable "database_provisioning" {
  description = "Let instances ask for a database of their own (`database.provision`): the provisioner's image, how often passwords follow each other, how many connections each has, and for how long dumps of deleted ones are kept. Left out, none is offered."
  type = object({
    image_repository     = string
    image_tag            = optional(string, "")
    image_digest         = optional(string, "")
    connections          = optional(number, 60)
    rotation_days        = optional(number, 30)
    dump_retention_days  = optional(number, 365)
    dump_admin_role_arns = optional(list(string), [])
  })
  default = null
}

variable "install_addons" {
  description = "Install the charts. false when Terraform runs where the Kubernetes API can't be reached; `operator_chart_values` then is what to install the operator with."
  type        = bool
  default     = true
  nullable    = false
}

variable "wait_for_charts" {
  description = "Wait until the charts' pods are ready, and take back what fails."
  type        = bool
  default     = true
  nullable    = false
}

# Audit and alarms

variable "log_retention_days" {
  description = "Days that logs are kept."
  type        = number
  default     = 365
  nullable    = false
}

variable "alarm_email_addresses" {
  description = "Who is told of alarms."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "alarm_https_endpoints" {
  description = "Incident services that are called for each alarm, by name: their addresses for Amazon SNS, such as https://events.pagerduty.com/integration/<key>/enqueue. Pass it as TF_VAR_alarm_https_endpoints: the address is a key."
  type        = map(string)
  default     = {}
  nullable    = false
  sensitive   = true
}

variable "alarm_thresholds" {
  description = "From which value on an alarm is raised; what is left out is modules/alarms's."
  type = object({
    alb_5xx_per_5_minutes                 = optional(number)
    alb_latency_seconds                   = optional(number)
    waf_blocked_per_5_minutes             = optional(number)
    database_cpu_percent                  = optional(number)
    database_free_storage_percent         = optional(number)
    database_connections_percent          = optional(number)
    database_free_memory_mib              = optional(number)
    database_replica_lag_seconds          = optional(number)
    node_cpu_percent                      = optional(number)
    node_memory_percent                   = optional(number)
    node_disk_percent                     = optional(number)
    sign_in_failures_per_5_minutes        = optional(number)
    operator_errors_per_5_minutes         = optional(number)
    external_secrets_errors_per_5_minutes = optional(number)
    refused_calls_per_5_minutes           = optional(number)
    reconcile_age_seconds                 = optional(number)
    reconcile_errors_percent              = optional(number)
  })
  default  = {}
  nullable = false
}

variable "audit" {
  description = "`config`: AWS Config with its rules. `guardduty`, `security_hub`: where the organization does not run them already. `object_events`: the trail records each read and write of an object in the media bucket and the grants' buckets; costs per event. `bucket_retention_days`: how long its records are kept. `config_recorder_exists`: for Security Hub without `config`."
  type = object({
    config        = optional(bool, true)
    guardduty     = optional(bool, false)
    security_hub  = optional(bool, false)
    object_events = optional(bool, false)

    bucket_retention_days  = optional(number, 2557)
    config_recorder_exists = optional(bool, false)
  })
  default  = {}
  nullable = false
}

variable "deletion_protection" {
  description = "Refuse to delete cluster, database and what is in buckets. Turn it off, and apply, before a destroy."
  type        = bool
  default     = true
  nullable    = false
}
