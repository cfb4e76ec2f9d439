variable "name" {
  description = "The platform's name; the instance is called `<name>-mysql`."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name)) && !can(regex("--|-$", var.name))
    error_message = "Set name to 2 to 20 lowercase letters, digits and single hyphens that begin with a letter and end with none: RDS allows no other identifier."
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
  description = "The region of the database."
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

variable "subnet_ids" {
  description = "The isolated subnets of the database, at least two in different zones."
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2
    error_message = "Set subnet_ids to at least two different subnets: the standby needs a second zone."
  }
}

variable "security_group_id" {
  description = "The one security group of the database; its rules admit the backend alone."
  type        = string

  validation {
    condition     = can(regex("^sg-[0-9a-z]+$", var.security_group_id))
    error_message = "Set security_group_id to the id of a security group (sg-…)."
  }
}

variable "engine_version" {
  description = <<-EOT
    MySQL's version: `8.4`, and AWS brings the patches in the maintenance window, or an exact one
    such as `8.4.6`, which stays until it is changed here.
  EOT
  type        = string
  default     = "8.4"

  validation {
    condition     = can(regex("^8\\.4(\\.[0-9]+)?$", var.engine_version))
    error_message = "Set engine_version to 8.4 or 8.4.<patch>: the parameters and the audit plugin are those of MySQL 8.4."
  }
}

variable "instance_class" {
  description = "The instance class."
  type        = string
  default     = "db.t4g.medium"

  validation {
    condition = (
      can(regex("^db\\.[a-z0-9]+\\.[a-z0-9]+$", var.instance_class)) &&
      !can(regex("\\.(micro|small)$", var.instance_class))
    )
    error_message = "Set instance_class to a class of size medium or more, such as db.t4g.medium: Performance Insights does not run on micro and small ones."
  }
}

variable "allocated_storage_gib" {
  description = "Storage at creation, in GiB."
  type        = number
  default     = 50

  validation {
    condition     = var.allocated_storage_gib >= 20 && var.allocated_storage_gib <= 65536
    error_message = "Set allocated_storage_gib to a number from 20 to 65536: gp3 begins at 20."
  }
}

variable "max_allocated_storage_gib" {
  description = "The ceiling to which RDS grows the storage by itself, in GiB."
  type        = number
  default     = 200

  validation {
    condition     = var.max_allocated_storage_gib >= ceil(var.allocated_storage_gib * 1.26)
    error_message = "Set max_allocated_storage_gib to at least 1.26 times allocated_storage_gib: RDS asks for that much room, or growth may stop before its first step."
  }
}

variable "multi_az" {
  description = "Keep a standby in a second zone."
  type        = bool
  default     = true
}

variable "backup_retention_days" {
  description = "Days that automated backups are kept."
  type        = number
  default     = 14

  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "Set backup_retention_days to a number from 7 to 35: 35 is the most that RDS keeps."
  }
}

variable "backup_window" {
  description = "Daily backup window, UTC, outside the maintenance window."
  type        = string
  default     = "02:00-03:00"

  validation {
    condition     = can(regex("^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$", var.backup_window))
    error_message = "Set backup_window as hh:mm-hh:mm in UTC, such as 02:00-03:00."
  }
}

variable "maintenance_window" {
  description = "Weekly maintenance window, UTC."
  type        = string
  default     = "sun:03:30-sun:04:30"

  validation {
    condition = can(regex(
      "^(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]-(mon|tue|wed|thu|fri|sat|sun):[0-2][0-9]:[0-5][0-9]$",
      var.maintenance_window,
    ))
    error_message = "Set maintenance_window as ddd:hh:mm-ddd:hh:mm in UTC, such as sun:03:30-sun:04:30."
  }
}

variable "backup_copy_region" {
  description = "A second region to which automated backups are copied, under a key there; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.backup_copy_region == null || can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.backup_copy_region))
    error_message = "Set backup_copy_region to the name of an AWS region, or to null for no copy."
  }

  validation {
    condition     = var.backup_copy_region == null || var.backup_copy_region != var.region
    error_message = "Set backup_copy_region to another region than region: a copy in the same one survives nothing more."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the instance; set to false and apply before a destroy."
  type        = bool
  default     = true
}

variable "skip_final_snapshot" {
  description = "Delete without a last snapshot; only for throw-away environments."
  type        = bool
  default     = false
}

variable "final_snapshot_suffix" {
  description = "End of the last snapshot's name, `<name>-mysql-<suffix>`; change it when that name is taken."
  type        = string
  default     = "final"

  validation {
    condition     = can(regex("^[a-z0-9]+(-[a-z0-9]+)*$", var.final_snapshot_suffix))
    error_message = "Set final_snapshot_suffix to lowercase letters, digits and single hyphens."
  }
}

variable "apply_immediately" {
  description = "Apply changes at once instead of in the maintenance window."
  type        = bool
  default     = false
}

variable "ca_cert_identifier" {
  description = "The CA of the server's certificate; must be in the bundle that the operator's settings name."
  type        = string
  default     = "rds-ca-rsa2048-g1"

  validation {
    condition     = can(regex("^rds-ca-(rsa2048|rsa4096|ecc384)-g[0-9]+$", var.ca_cert_identifier))
    error_message = "Set ca_cert_identifier to a current CA of RDS, such as rds-ca-rsa2048-g1."
  }
}

variable "master_username" {
  description = "The administrator's name; the password is made, kept and rotated by RDS."
  type        = string
  default     = "platform_admin"

  validation {
    condition = (
      can(regex("^[a-z][a-z0-9_]{0,31}$", var.master_username)) &&
      !contains(["admin", "root", "rdsadmin", "mysql"], var.master_username)
    )
    error_message = "Set master_username to at most 32 lowercase letters, digits and underscores, and to none of admin, root, rdsadmin and mysql, which are tried first by an attacker or reserved."
  }
}

variable "performance_insights_retention_days" {
  description = "Days that Performance Insights keeps; 7 costs nothing."
  type        = number
  default     = 7

  validation {
    condition = (
      contains([7, 731], var.performance_insights_retention_days) ||
      (var.performance_insights_retention_days % 31 == 0 &&
        var.performance_insights_retention_days > 0 &&
      var.performance_insights_retention_days < 731)
    )
    error_message = "Set performance_insights_retention_days to 7, 731 or a multiple of 31 below that: RDS takes no other number."
  }
}

variable "monitoring_interval_seconds" {
  description = "How often enhanced monitoring reports."
  type        = number
  default     = 60

  validation {
    condition     = contains([1, 5, 10, 15, 30, 60], var.monitoring_interval_seconds)
    error_message = "Set monitoring_interval_seconds to 1, 5, 10, 15, 30 or 60."
  }
}

variable "logs_kms_key_arn" {
  description = "The key of the log groups."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "Set logs_kms_key_arn to the ARN of a KMS key: logs are never kept without one."
  }
}

variable "log_retention_days" {
  description = "Days that CloudWatch keeps the logs."
  type        = number
  default     = 365

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days,
    )
    error_message = "Set log_retention_days to a number that CloudWatch takes, such as 90, 365 or 731; never 0, which keeps logs for ever."
  }
}
