variable "name" {
  description = "The platform's name: the names of all resources begin with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must have 2 to 20 characters, a lower case letter first, then lower case letters, digits and hyphens; write for example \"appinstance\"."
  }
}

variable "region" {
  description = "The AWS region in which the state is kept."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region's code; write for example \"eu-central-1\"."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "state_bucket_name" {
  description = "Name of the state bucket; null makes one from name, account and region. Its access logs go to a bucket of the same name with \"-logs\"."
  type        = string
  default     = null

  validation {
    condition = var.state_bucket_name == null || (
      can(regex("^[a-z0-9][a-z0-9-]{1,56}[a-z0-9]$", var.state_bucket_name))
    )
    error_message = "state_bucket_name must have 3 to 58 lower case letters, digits and hyphens (no dots, which break TLS names; 5 more characters are for \"-logs\"), or be null."
  }
}

variable "noncurrent_version_days" {
  description = "After how many days an older version of a state is removed; the newest 20 stay longer."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.noncurrent_version_days >= 30 && floor(var.noncurrent_version_days) == var.noncurrent_version_days
    error_message = "noncurrent_version_days must be a whole number of 30 or more: older states are the way back from a bad apply."
  }
}

variable "access_log_retention_days" {
  description = "How many days the access logs of the state bucket are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.access_log_retention_days >= 1 && floor(var.access_log_retention_days) == var.access_log_retention_days
    error_message = "access_log_retention_days must be a whole number of 1 or more."
  }
}

variable "force_destroy" {
  description = "Lets `terraform destroy` delete the bucket with all states in it, and the table. Only for trying out."
  type        = bool
  default     = false
  nullable    = false
}
