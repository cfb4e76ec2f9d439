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
  description = "The region of the audit bucket, the trail's home and Config."
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

variable "logs_kms_key_arn" {
  description = "The key under which CloudWatch keeps the trail's log group."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key, not of an alias; take the logs module's output kms_key_arn."
  }
}

variable "log_retention_days" {
  description = "How long events are kept in the trail's log group."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch knows and at least a year: 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
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

variable "bucket_retention_days" {
  description = "How long records are kept in the bucket."
  type        = number
  default     = 2557

  validation {
    condition     = var.bucket_retention_days >= 365 && floor(var.bucket_retention_days) == var.bucket_retention_days
    error_message = "bucket_retention_days must be a whole number of at least 365, for an incident is often found months later; raise it."
  }
}

variable "data_event_bucket_arns" {
  description = "Buckets of which the trail records every read and write of an object, for instance the media bucket. Costs per event."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.data_event_bucket_arns : can(regex("^arn:[a-z-]+:s3:::[a-z0-9][a-z0-9.-]+[a-z0-9]$", arn))])
    error_message = "data_event_bucket_arns must hold ARNs of buckets; write them like arn:aws:s3:::example-media, without a slash at the end."
  }
}

variable "enable_config" {
  description = "Record how resources are set and judge it by rules. An account has one recorder in a region: false where it exists already."
  type        = bool
  default     = true
}

variable "enable_guardduty" {
  description = "Watch for threats with GuardDuty. An account has one detector in a region: false where it exists already."
  type        = bool
  default     = false
}

variable "enable_security_hub" {
  description = "Judge the account by AWS's foundational practices with Security Hub, which builds on Config."
  type        = bool
  default     = false

  validation {
    condition     = !var.enable_security_hub || var.enable_config || var.config_recorder_exists
    error_message = "enable_security_hub needs Config: set enable_config, or config_recorder_exists where the account has its own recorder."
  }
}

variable "config_recorder_exists" {
  description = "The account already has a Config recorder in this region, so that Security Hub can go without enable_config."
  type        = bool
  default     = false

  validation {
    condition     = !(var.config_recorder_exists && var.enable_config)
    error_message = "config_recorder_exists and enable_config exclude each other, since an account has one recorder in a region; set enable_config to false."
  }
}

variable "force_destroy" {
  description = "Let terraform destroy delete the records, and let principals delete them too. For tests only."
  type        = bool
  default     = false
}
