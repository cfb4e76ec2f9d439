variable "name" {
  description = "The platform's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "Set name to 2 to 20 lowercase letters, digits and hyphens that begin with a letter."
  }
}

variable "account_id" {
  description = "The AWS account, 12 digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Set account_id to the 12 digits of the AWS account."
  }
}

variable "region" {
  description = "The region of the entries."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Set region to the name of an AWS region, such as eu-central-1."
  }
}

variable "partition" {
  description = "The AWS partition, for ARNs."
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "Set partition to aws, aws-cn or aws-us-gov."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}

variable "allowed_prefix" {
  description = "Prefix of the entries that instances may name; the operator refuses every other."
  type        = string
  default     = "apps/"

  validation {
    condition     = can(regex("^([A-Za-z0-9_+=.@-]+/)+$", var.allowed_prefix))
    error_message = "Set allowed_prefix to a prefix such as apps/: not empty, ending with a slash, without wildcards."
  }
}

variable "platform_secrets_prefix" {
  description = "Prefix of the platform's own entries, which no instance may read."
  type        = string
  default     = "platform/"

  validation {
    condition     = can(regex("^([A-Za-z0-9_+=.@-]+/)+$", var.platform_secrets_prefix))
    error_message = "Set platform_secrets_prefix to a prefix such as platform/: not empty, ending with a slash, without wildcards."
  }

  validation {
    condition = (
      !startswith(var.platform_secrets_prefix, var.allowed_prefix) &&
      !startswith(var.allowed_prefix, var.platform_secrets_prefix)
    )
    error_message = "Set platform_secrets_prefix outside allowed_prefix and not around it: instances must not be able to name the platform's entries."
  }
}

variable "entries" {
  description = <<-EOT
    Entries to make, by name. They are made empty: people put the values with
    `aws secretsmanager put-secret-value`, so no value is in a variable, plan or state.
  EOT
  type        = map(object({ description = string }))
  default     = {}

  validation {
    condition = alltrue([
      for name in keys(var.entries) :
      startswith(name, var.allowed_prefix) || startswith(name, var.platform_secrets_prefix)
    ])
    error_message = "Set entries to names that begin with allowed_prefix or platform_secrets_prefix: the roles reach no others."
  }

  validation {
    condition = alltrue([
      for name in keys(var.entries) :
      can(regex("^[A-Za-z0-9/_+=.@-]{1,512}$", name)) && !endswith(name, "/") && !can(regex("-[A-Za-z0-9]{6}$", name))
    ])
    error_message = "Set entries to names of letters, digits and /_+=.@- that end neither with a slash nor with a hyphen and six characters: AWS appends such an end itself and mixes them up."
  }
}

variable "reader_role_path_arn_patterns" {
  description = <<-EOT
    Patterns of the ARNs of the roles that may read entries under `allowed_prefix`; null for the roles
    that the operator makes, `role/appinstances/appi-*`. Add roles that instances bring themselves.
  EOT
  type        = list(string)
  default     = null

  validation {
    condition     = var.reader_role_path_arn_patterns == null || length(coalesce(var.reader_role_path_arn_patterns, [])) > 0
    error_message = "Set reader_role_path_arn_patterns to at least one pattern, or to null for the operator's roles."
  }

  validation {
    condition = alltrue([
      for pattern in coalesce(var.reader_role_path_arn_patterns, []) :
      can(regex("^arn:${var.partition}:iam::${var.account_id}:role/[A-Za-z0-9_+=,.@/-]+[*]?$", pattern))
    ])
    error_message = "Set reader_role_path_arn_patterns to roles of this account with a path or name before the one * at the end: anything wider would let everybody read."
  }
}

variable "platform_reader_role_arns" {
  description = "Roles that may read entries under `platform_secrets_prefix`, such as External Secrets' own."
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for arn in var.platform_reader_role_arns :
      can(regex("^arn:${var.partition}:iam::${var.account_id}:role/[A-Za-z0-9_+=,.@/-]+$", arn))
    ])
    error_message = "Set platform_reader_role_arns to exact role ARNs of this account, without wildcards."
  }

  validation {
    condition = (
      length(var.platform_reader_role_arns) + length(var.admin_role_arns) > 0 ||
      !anytrue([for name in keys(var.entries) : startswith(name, var.platform_secrets_prefix)])
    )
    error_message = "Set platform_reader_role_arns or admin_role_arns: nobody could read the platform's entries otherwise."
  }
}

variable "admin_role_arns" {
  description = "Roles of people who may read every entry."
  type        = list(string)
  default     = []

  validation {
    condition = alltrue([
      for arn in var.admin_role_arns :
      can(regex("^arn:${var.partition}:iam::${var.account_id}:role/[A-Za-z0-9_+=,.@/-]+$", arn))
    ])
    error_message = "Set admin_role_arns to exact role ARNs of this account, without wildcards."
  }
}

variable "recovery_window_days" {
  description = "Days that a deleted entry can be brought back; 0 deletes at once, for throw-away environments."
  type        = number
  default     = 30

  validation {
    condition     = var.recovery_window_days == 0 || (var.recovery_window_days >= 7 && var.recovery_window_days <= 30)
    error_message = "Set recovery_window_days to 0 or a number from 7 to 30: Secrets Manager takes no other."
  }
}

variable "database_master_secret_arn" {
  description = "The entry with the database administrator's password that RDS manages; null for none."
  type        = string
  default     = null

  validation {
    condition = var.database_master_secret_arn == null || can(regex(
      "^arn:[a-z-]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:rds!.+$", var.database_master_secret_arn
    ))
    error_message = "Set database_master_secret_arn to an entry that RDS manages (its name begins with rds!), or to null: any other needs a Lambda function to rotate."
  }
}

variable "master_rotation_days" {
  description = "Days after which RDS rotates the database administrator's password, where its own 7 won't do."
  type        = number
  default     = null

  validation {
    condition     = var.master_rotation_days == null || try(var.master_rotation_days >= 1 && var.master_rotation_days <= 90 && floor(var.master_rotation_days) == var.master_rotation_days, false)
    error_message = "Set master_rotation_days to a whole number from 1 to 90."
  }
}
