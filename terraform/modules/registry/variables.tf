variable "name" {
  description = "The platform's name: the first part of the repositories' names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must have 2 to 20 characters, a lower case letter first, then lower case letters, digits and hyphens; write for example \"appinstance\"."
  }
}

variable "account_id" {
  description = "The AWS account's number."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account, without hyphens."
  }
}

variable "region" {
  description = "The AWS region of the repositories."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be an AWS region's code; write for example \"eu-central-1\"."
  }
}

variable "partition" {
  description = "The AWS partition of every ARN: aws or aws-us-gov."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "aws-us-gov"], var.partition)
    error_message = "partition must be \"aws\" or \"aws-us-gov\"; the others name their services differently and are not supported."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "images" {
  description = "The images, a repository each: `<name>/<image>`."
  type        = set(string)
  default     = ["backend", "frontend", "operator", "provisioner"]
  nullable    = false

  validation {
    condition     = length(var.images) > 0 && alltrue([for image in var.images : can(regex("^[a-z0-9]+([._-][a-z0-9]+)*$", image))])
    error_message = "images must be names in lower-case letters and digits, with single dots, hyphens or underscores between; write for example \"backend\"."
  }
}

variable "untagged_days" {
  description = "Days until an image that no tag leads to is deleted."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.untagged_days >= 1 && floor(var.untagged_days) == var.untagged_days
    error_message = "untagged_days must be a whole number of days, at least 1."
  }
}

variable "force_delete" {
  description = "Delete repositories with the images in them."
  type        = bool
  default     = false
  nullable    = false
}
