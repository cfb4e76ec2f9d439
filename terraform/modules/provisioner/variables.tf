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
  description = "The AWS region."
  type        = string
}

variable "partition" {
  description = "The AWS partition, for ARNs."
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "aws-us-gov"], var.partition)
    error_message = "Set partition to aws or aws-us-gov."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}

variable "namespace" {
  description = "The operator's namespace, in which the provisioner's pods run."
  type        = string
  default     = "appinstance-system"
}

variable "oidc_provider_arn" {
  description = "The cluster's OIDC provider in IAM."
  type        = string
}

variable "oidc_issuer" {
  description = "The cluster's issuer without https://."
  type        = string
}

variable "bucket_name" {
  description = "The bucket of dumps."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "Set bucket_name to 3 to 63 lowercase letters, digits and hyphens, without dots: they break TLS."
  }
}

variable "dump_retention_days" {
  description = "Days that a dump is kept."
  type        = number
  default     = 365

  validation {
    condition     = var.dump_retention_days >= 7 && var.dump_retention_days <= 3650
    error_message = "Set dump_retention_days to a number from 7 to 3650: a dump is what is left of a deleted database."
  }
}

variable "dump_admin_role_arns" {
  description = "Roles of people who may read and remove dumps besides the provisioner."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.dump_admin_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9_+=,.@/-]+$", arn))])
    error_message = "Set dump_admin_role_arns to ARNs of roles, without wildcards."
  }
}

variable "force_destroy" {
  description = "Delete the bucket with the dumps in it."
  type        = bool
  default     = false
}

variable "secrets_prefix" {
  description = "Under which instances have their entries, such as apps/."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_+=.@-]+/$", var.secrets_prefix))
    error_message = "Set secrets_prefix to one part of a path and a slash, such as apps/."
  }
}

variable "secrets_kms_key_arn" {
  description = "The key of instances' entries."
  type        = string
}

variable "database_kms_key_arn" {
  description = "The database's key, by which dumps are encrypted too."
  type        = string
}

variable "master_secret_arn" {
  description = "The entry with the administrator's login, which RDS manages."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^*]+$", var.master_secret_arn))
    error_message = "Set master_secret_arn to the ARN of one entry, without wildcards."
  }
}

variable "master_secret_kms_key_arn" {
  description = "The key of that entry."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "database_security_group_id" {
  description = "The database's group, which is to admit the provisioner's."
  type        = string
}

variable "database_port" {
  description = "The database's port."
  type        = number
  default     = 3306
}

variable "endpoint_security_group_id" {
  description = "The group of AWS's interface endpoints."
  type        = string
}

variable "cluster_security_group_id" {
  description = "The cluster's group, behind which DNS runs."
  type        = string
}

variable "s3_endpoint_type" {
  description = "How S3 is reached from the VPC: gateway or interface."
  type        = string
  default     = "interface"

  validation {
    condition     = contains(["gateway", "interface"], var.s3_endpoint_type)
    error_message = "Set s3_endpoint_type to gateway or interface."
  }
}

variable "s3_prefix_list_id" {
  description = "AWS's list of S3's ranges, for a gateway endpoint."
  type        = string
  default     = null
}
