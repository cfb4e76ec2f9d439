variable "name" {
  description = "The platform's name; the beginning of every name that is made here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must be 2 to 20 lower-case letters, digits and hyphens, beginning with a letter; shorten or rewrite it."
  }
}

variable "tags" {
  description = "Tags for every resource."
  type        = map(string)
  default     = {}
}

variable "account_id" {
  description = "The AWS account, for the ARNs in policies."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account; quote it, so that leading zeros stay."
  }
}

variable "region" {
  description = "The AWS region, for the ARNs in policies."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region; write it as in eu-central-1."
  }
}

variable "partition" {
  description = "The AWS partition, for the ARNs in policies."
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "partition must be aws, aws-cn or aws-us-gov; leave it out for the public regions."
  }
}

variable "cluster_name" {
  description = "The EKS cluster's name, which the load balancer controller tags its things with."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be the name of an EKS cluster, up to 100 letters, digits, hyphens and underscores; pass the eks module's output."
  }
}

variable "oidc_provider_arn" {
  description = "The cluster's OIDC provider in IAM."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:oidc-provider/.+$", var.oidc_provider_arn))
    error_message = "oidc_provider_arn must be the ARN of an OIDC provider in IAM; pass the eks module's output."
  }
}

variable "oidc_issuer" {
  description = "The provider's issuer without https://."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9.-]+(/[A-Za-z0-9._/-]+)?$", var.oidc_issuer))
    error_message = "oidc_issuer must be the issuer without https:// (oidc.eks.<region>.amazonaws.com/id/…); pass the eks module's output."
  }

  validation {
    condition     = endswith(var.oidc_provider_arn, ":oidc-provider/${var.oidc_issuer}")
    error_message = "oidc_issuer must be that of oidc_provider_arn; pass both from one eks module."
  }
}

variable "iam_path" {
  description = "Path of the instances' roles, which the operator manages."
  type        = string
  default     = "/appinstances/"

  validation {
    condition     = can(regex("^/([A-Za-z0-9_.-]+/)+$", var.iam_path))
    error_message = "iam_path must begin and end with a slash, with letters, digits, _, . and - between; write it as in /appinstances/."
  }

  validation {
    condition     = !startswith(var.iam_path, "/platform/")
    error_message = "iam_path must not lie under /platform/, where the platform's own roles are; choose another, such as /appinstances/."
  }
}

variable "role_name_prefix" {
  description = "Beginning of the instances' role names."
  type        = string
  default     = "appi-"

  validation {
    condition     = can(regex("^[A-Za-z0-9_.-]{1,14}$", var.role_name_prefix))
    error_message = "role_name_prefix must be 1 to 14 letters, digits, _, . and -; shorten it, so that names of instances fit behind."
  }
}

variable "media_bucket_arn" {
  description = "The bucket for instances' media."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.media_bucket_arn))
    error_message = "media_bucket_arn must be the ARN of one bucket, without a wildcard; pass the media module's output."
  }
}

variable "media_kms_key_arn" {
  description = "The key of the media bucket."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.media_kms_key_arn))
    error_message = "media_kms_key_arn must be the ARN of one KMS key; pass the media module's output."
  }
}

variable "grants" {
  description = <<-EOT
    What named namespaces may reach beyond their own, by the grant's name: `secret_prefixes` of entries, `media_prefixes`
    of objects, more `buckets` (under the media key, or S3's own). `namespaces` are names, or `["*"]` for all. Each gets a
    boundary that holds that and what every namespace has.
  EOT
  type = map(object({
    namespaces      = list(string)
    secret_prefixes = optional(list(string), [])
    media_prefixes  = optional(list(string), [])
    buckets         = optional(list(string), [])
  }))
  default = {}

  validation {
    condition     = alltrue([for name in keys(var.grants) : can(regex("^[a-z][a-z0-9-]{0,29}$", name))])
    error_message = "grants must have names of up to 30 lower-case letters, digits and hyphens, beginning with a letter; rename them."
  }

  validation {
    condition = alltrue([for grant in values(var.grants) :
      grant.namespaces == tolist(["*"]) || (length(grant.namespaces) > 0 && alltrue([for namespace in grant.namespaces : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", namespace))]))
    ])
    error_message = "grants must each name their namespaces, without wildcards; or write namespaces = [\"*\"] alone, for all of them."
  }

  validation {
    condition     = alltrue([for prefix in flatten([for grant in values(var.grants) : concat(grant.secret_prefixes, grant.media_prefixes)]) : can(regex("^([A-Za-z0-9_+=.@-]+/)+$", prefix))])
    error_message = "grants must have secret_prefixes and media_prefixes that end with a slash, without wildcards; write them as in shared/mail/."
  }

  validation {
    condition     = alltrue([for bucket in flatten([for grant in values(var.grants) : grant.buckets]) : can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", bucket))])
    error_message = "grants must have buckets by their names, without wildcards; write the name, not the ARN."
  }

  validation {
    condition     = !anytrue([for prefix in flatten([for grant in values(var.grants) : grant.secret_prefixes]) : startswith(prefix, var.platform_secrets_prefix) || startswith(var.platform_secrets_prefix, prefix)])
    error_message = "grants must not reach the platform's own entries; take secret_prefixes outside of platform_secrets_prefix."
  }

  validation {
    # A role carries one boundary, so a namespace has what it may reach from one grant.
    condition = alltrue(flatten([
      for name, grant in var.grants : [
        for other, compared in var.grants :
        length(setintersection(grant.namespaces, compared.namespaces)) == 0 && !contains(concat(grant.namespaces, compared.namespaces), "*")
        if name != other && alltrue([for each in [grant, compared] : length(concat(each.secret_prefixes, each.media_prefixes, each.buckets)) > 0])
      ]
    ]))
    error_message = "grants must not give one namespace secret_prefixes, media_prefixes or buckets twice, for a role carries one boundary; put them into one grant."
  }
}

variable "secrets_prefix" {
  description = "Beginning of the names of the instances' entries; the namespace follows it."
  type        = string
  default     = "apps/"

  validation {
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]+/$", var.secrets_prefix))
    error_message = "secrets_prefix must be a name that ends with a slash, without wildcards; write it as in apps/."
  }
}

variable "platform_secrets_prefix" {
  description = "Beginning of the names of the platform's own entries."
  type        = string
  default     = "platform/"

  validation {
    condition     = can(regex("^[A-Za-z0-9/_+=.@-]+/$", var.platform_secrets_prefix))
    error_message = "platform_secrets_prefix must be a name that ends with a slash, without wildcards; write it as in platform/."
  }

  validation {
    condition     = !startswith(var.platform_secrets_prefix, var.secrets_prefix) && !startswith(var.secrets_prefix, var.platform_secrets_prefix)
    error_message = "platform_secrets_prefix and secrets_prefix must not lie within each other; choose two names."
  }
}

variable "secrets_kms_key_arn" {
  description = "The key of the Secrets Manager entries."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$", var.secrets_kms_key_arn))
    error_message = "secrets_kms_key_arn must be the ARN of one KMS key; pass the secrets module's output."
  }
}

variable "edge_security_group_id" {
  description = "The group that every load balancer must carry, because pods admit it alone."
  type        = string

  validation {
    condition     = can(regex("^sg-[0-9a-z]+$", var.edge_security_group_id))
    error_message = "edge_security_group_id must be the id of a security group (sg-…); pass the security-groups module's output."
  }
}

variable "internal_edge_security_group_id" {
  description = "The group of internal load balancers, which they carry instead; null where none are offered."
  type        = string
  default     = null

  validation {
    condition     = var.internal_edge_security_group_id == null || can(regex("^sg-[0-9a-z]+$", var.internal_edge_security_group_id))
    error_message = "internal_edge_security_group_id must be the id of a security group (sg-…); pass the security-groups module's output."
  }
}

variable "web_acl_arn" {
  description = "The one web ACL that load balancers may get. null: any regional one of this account."
  type        = string
  default     = null

  validation {
    condition     = var.web_acl_arn == null || can(regex("^arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:regional/webacl/.+$", var.web_acl_arn))
    error_message = "web_acl_arn must be the ARN of a regional web ACL; pass the edge module's output."
  }
}

variable "operator_service_account" {
  description = "The operator's service account, as its chart names it."
  type        = object({ namespace = string, name = string })
  default     = { namespace = "appinstance-system", name = "appinstance-operator" }

  validation {
    condition     = alltrue([for part in values(var.operator_service_account) : can(regex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", part))])
    error_message = "operator_service_account must have a namespace and a name in lower-case letters, digits and hyphens, without wildcards; pass those of the operator's release."
  }
}

variable "dns_zones" {
  description = "The Route 53 zone of each domain below which instances answer: external-dns's role may write their hosts there. Empty: no such role."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for domain, zone in var.dns_zones : can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", domain)) && can(regex("^Z[A-Z0-9]{1,31}$", zone))])
    error_message = "dns_zones must have domain names in lower case, without wildcards, and ids of hosted zones; write them as in { \"apps.example.com\" = \"Z0123456789ABCDEFGHIJ\" }."
  }
}
