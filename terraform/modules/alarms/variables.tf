variable "name" {
  description = "The platform's name; names of resources begin with it."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must be 2 to 20 lower-case letters, digits and hyphens and begin with a letter; choose such a name."
  }
}

variable "account_id" {
  description = "The AWS account that all of this belongs to."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account; write them in quotes, with leading zeros."
  }
}

variable "region" {
  description = "The region of the alarms."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region; write it like eu-central-1."
  }
}

variable "partition" {
  description = "The AWS partition, the second part of every ARN."
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "partition must be aws, aws-cn or aws-us-gov; choose the one of your region."
  }
}

variable "tags" {
  description = "Tags for every resource that can carry them."
  type        = map(string)
  default     = {}
}

variable "kms_deletion_window_days" {
  description = "How long a deleted key can still be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.kms_deletion_window_days >= 7 && var.kms_deletion_window_days <= 30
    error_message = "kms_deletion_window_days must be from 7 to 30, as KMS demands; choose such a number."
  }
}

variable "email_addresses" {
  description = "Who gets a mail for each alarm, once confirmed by its link."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.email_addresses : can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))])
    error_message = "email_addresses must hold addresses like platform@example.com; correct the one that has no @ or no domain."
  }
}

variable "https_endpoints" {
  description = "Who is called for each alarm, by a name: an incident service's address for Amazon SNS, such as PagerDuty's. Sensitive: the address is its key, and lies in the state."
  type        = map(string)
  default     = {}
  sensitive   = true

  validation {
    condition     = alltrue([for address in values(var.https_endpoints) : can(regex("^https://[^\\s/]+/", address))])
    error_message = "https_endpoints must be addresses that begin with https://; take the one that the incident service shows for Amazon SNS."
  }
}

variable "web_acl_name" {
  description = "The edge module's web_acl_name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,128}$", var.web_acl_name))
    error_message = "web_acl_name must be the name of a web ACL, not its ARN; take the edge module's output."
  }
}

variable "db_instance_identifier" {
  description = "The database module's identifier."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,62}$", var.db_instance_identifier))
    error_message = "db_instance_identifier must be the identifier of an RDS instance, not its ARN; take the database module's output."
  }
}

variable "db_allocated_storage_gib" {
  description = "The database's storage, of which a share must stay free."
  type        = number

  validation {
    condition     = var.db_allocated_storage_gib >= 20
    error_message = "db_allocated_storage_gib must be at least 20, the least that RDS allocates; give the database module's value."
  }
}

variable "db_max_connections" {
  description = "How many connections the database's class allows; RDS for MySQL derives it from the memory (bytes / 12582880)."
  type        = number

  validation {
    condition     = var.db_max_connections >= 10
    error_message = "db_max_connections must be at least 10; take it from SELECT @@max_connections, or compute it from the class's memory."
  }
}

variable "cluster_name" {
  description = "The EKS cluster, as Container Insights names it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be the name of an EKS cluster, not its ARN; take the eks module's output."
  }
}

variable "trail_log_group_name" {
  description = "The audit module's trail_log_group_name."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_/.#-]{1,512}$", var.trail_log_group_name))
    error_message = "trail_log_group_name must be the name of a log group, not its ARN; take the audit module's output."
  }
}

variable "application_log_group_name" {
  description = "The log group into which the CloudWatch add-on writes the containers' output."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_/.#-]{1,512}$", var.application_log_group_name))
    error_message = "application_log_group_name must be the name of a log group, not its ARN; it is /aws/containerinsights/<cluster>/application."
  }
}

variable "operator_namespace" {
  description = "Where the operator runs."
  type        = string
  default     = "appinstance-system"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.operator_namespace))
    error_message = "operator_namespace must be the name of a Kubernetes namespace: lower-case letters, digits and hyphens."
  }
}

variable "operator_metrics" {
  description = "Where the operator's metrics are: the addons module's operator_metrics. null where nobody asks it for them: then there is no alarm on them."
  type        = object({ namespace = string, cluster = string, interval_seconds = number })
  default     = null

  validation {
    condition     = var.operator_metrics == null || try(can(regex("^[A-Za-z0-9_./#-]{1,255}$", var.operator_metrics.namespace)) && !startswith(var.operator_metrics.namespace, "AWS/"), false)
    error_message = "operator_metrics must name a namespace of one's own, which AWS/ is not; take the addons module's output."
  }

  validation {
    condition     = var.operator_metrics == null || try(var.operator_metrics.interval_seconds >= 10 && var.operator_metrics.interval_seconds <= 150, false)
    error_message = "operator_metrics must have 10 to 150 seconds between two values, so that each alarm's five minutes hold two; take the addons module's output."
  }
}

variable "databases_offered" {
  description = "Whether instances may have databases made for them: then there are alarms for what fails of it."
  type        = bool
  default     = false
}

variable "external_secrets_namespace" {
  description = "Where External Secrets runs."
  type        = string
  default     = "external-secrets"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.external_secrets_namespace))
    error_message = "external_secrets_namespace must be the name of a Kubernetes namespace: lower-case letters, digits and hyphens."
  }
}

variable "routine_role_arns" {
  description = "Roles whose daily work changes IAM roles or security groups, and so raises no alarm for it: the operator and the load balancer controller."
  type        = list(string)
  default     = []

  validation {
    condition = length(var.routine_role_arns) <= 3 && alltrue([
      for arn in var.routine_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn)) && length(arn) <= 140
    ])
    error_message = "routine_role_arns must hold at most 3 ARNs of roles, without wildcards and up to 140 characters each, since a filter has 1024; name the operator's and the load balancer controller's."
  }
}

variable "operator_trust" {
  description = "Whose trust policies are watched though its daily work is routine: the operator's `role_arn`, and the `oidc_provider_arn` that all of them must name. null: none."
  type        = object({ role_arn = string, oidc_provider_arn = string })
  default     = null

  validation {
    condition = var.operator_trust == null || try(
      can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", var.operator_trust.role_arn)) && length(var.operator_trust.role_arn) <= 140
      && can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/[A-Za-z0-9._/-]+$", var.operator_trust.oidc_provider_arn)) && length(var.operator_trust.oidc_provider_arn) <= 140
    , false)
    error_message = "operator_trust must have the ARNs of a role and of an OIDC provider of IAM, up to 140 characters each, since a filter has 1024."
  }
}

variable "notify_findings" {
  description = "Also send what GuardDuty finds (medium and higher) and what Config finds non-compliant."
  type        = bool
  default     = true
}

variable "thresholds" {
  description = "From which value on an alarm is raised. Percentages of the database are of its storage and connections."
  type = object({
    alb_5xx_per_5_minutes                 = optional(number, 10)
    alb_latency_seconds                   = optional(number, 1)
    waf_blocked_per_5_minutes             = optional(number, 500)
    database_cpu_percent                  = optional(number, 80)
    database_free_storage_percent         = optional(number, 20)
    database_connections_percent          = optional(number, 80)
    database_free_memory_mib              = optional(number, 256)
    database_replica_lag_seconds          = optional(number, 60)
    node_cpu_percent                      = optional(number, 85)
    node_memory_percent                   = optional(number, 85)
    node_disk_percent                     = optional(number, 80)
    sign_in_failures_per_5_minutes        = optional(number, 50)
    operator_errors_per_5_minutes         = optional(number, 5)
    external_secrets_errors_per_5_minutes = optional(number, 5)
    refused_calls_per_5_minutes           = optional(number, 20)
    reconcile_age_seconds                 = optional(number, 1800)
    reconcile_errors_percent              = optional(number, 20)
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for value in values(var.thresholds) : value > 0])
    error_message = "thresholds must all be above 0; to silence an alarm, raise its threshold."
  }

  validation {
    condition     = alltrue([for key, value in var.thresholds : value < 100 if endswith(key, "_percent")])
    error_message = "thresholds that end in _percent must be below 100, or their alarms come too late or never; lower them."
  }
}
