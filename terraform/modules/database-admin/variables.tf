variable "name" {
  description = "The platform's name: names of resources begin with it."
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
  description = "The region of the database."
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

variable "admin_role_arns" {
  description = "Roles of people who administer the database: who works as one of them may take the role made here."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.admin_role_arns) > 0 && alltrue([for arn in var.admin_role_arns : can(regex("^arn:aws[a-z-]*:iam::${var.account_id}:role/[A-Za-z0-9_+=,.@/-]+$", arn))])
    error_message = "admin_role_arns must be ARNs of roles of this account, at least one, without wildcards; write them as in arn:aws:iam::123456789012:role/database-engineers."
  }
}

variable "vpc_id" {
  description = "The VPC of the database."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be the id of a VPC (vpc-…); pass the network module's output."
  }
}

variable "subnet_id" {
  description = "A private subnet with a way to Systems Manager, in which the host stands."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.subnet_id, "subnet-")
    error_message = "subnet_id must be the id of a subnet (subnet-…); pass one of the network module's private ones."
  }
}

variable "database_security_group_id" {
  description = "The database's group, which the host's is let into."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.database_security_group_id, "sg-")
    error_message = "database_security_group_id must be the id of a security group (sg-…); pass the security-groups module's output."
  }
}

variable "database_port" {
  description = "Port of the database."
  type        = number
  default     = 3306
  nullable    = false
}

variable "master_secret_arn" {
  description = "The entry with the administrator's password, which RDS makes."
  type        = string
  nullable    = false
}

variable "master_secret_kms_key_arn" {
  description = "The key of that entry."
  type        = string
  nullable    = false
}

variable "instance_type" {
  description = "Type of the host, with an ARM processor."
  type        = string
  default     = "t4g.nano"
  nullable    = false
}

variable "longest_minutes" {
  description = "Minutes after which a host that was forgotten ends itself."
  type        = number
  default     = 480
  nullable    = false

  validation {
    condition     = var.longest_minutes >= 10 && var.longest_minutes <= 1440 && floor(var.longest_minutes) == var.longest_minutes
    error_message = "longest_minutes must be a whole number from 10 to 1440, a day."
  }
}
