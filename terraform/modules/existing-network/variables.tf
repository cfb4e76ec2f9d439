variable "region" {
  description = "The AWS region, whose S3 a gateway leads to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-\\d$", var.region))
    error_message = "region must be an AWS region such as eu-central-1."
  }
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be the id of a VPC (\"vpc-…\")."
  }
}

variable "private_subnet_ids" {
  description = "Ids of the subnets of nodes and pods."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.private_subnet_ids) >= 1 && alltrue([for id in var.private_subnet_ids : startswith(id, "subnet-")])
    error_message = "private_subnet_ids must be ids of subnets (\"subnet-…\"), one at least."
  }

  validation {
    condition = (
      length(distinct(concat(var.private_subnet_ids, var.public_subnet_ids, var.database_subnet_ids, var.endpoint_subnet_ids, var.internal_subnet_ids))) ==
      length(concat(var.private_subnet_ids, var.public_subnet_ids, var.database_subnet_ids, var.endpoint_subnet_ids, var.internal_subnet_ids))
    )
    error_message = "private_subnet_ids must share none with the other kinds, nor these among each other: policies tell pods, load balancers, database and endpoints apart by their subnets."
  }
}

variable "public_subnet_ids" {
  description = "Ids of the subnets of the load balancers alone: pods admit all of their addresses."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.public_subnet_ids) >= 2 && alltrue([for id in var.public_subnet_ids : startswith(id, "subnet-")])
    error_message = "public_subnet_ids must be ids of subnets (\"subnet-…\"), two at least."
  }
}

variable "database_subnet_ids" {
  description = "Ids of the subnets of the database."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.database_subnet_ids) >= 2 && alltrue([for id in var.database_subnet_ids : startswith(id, "subnet-")])
    error_message = "database_subnet_ids must be ids of subnets (\"subnet-…\"), two at least."
  }
}

variable "endpoint_subnet_ids" {
  description = "Ids of the subnets of the interface endpoints alone: backends reach all of their addresses on 443."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.endpoint_subnet_ids) >= 1 && alltrue([for id in var.endpoint_subnet_ids : startswith(id, "subnet-")])
    error_message = "endpoint_subnet_ids must be ids of subnets (\"subnet-…\"), one at least."
  }
}

variable "internal_subnet_ids" {
  description = "Ids of the subnets of internal load balancers alone: pods of instances that ask for one admit all of their addresses. Empty: none are offered."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.internal_subnet_ids) != 1 && alltrue([for id in var.internal_subnet_ids : startswith(id, "subnet-")])
    error_message = "internal_subnet_ids must be ids of subnets (\"subnet-…\"), two at least, or none."
  }
}

variable "endpoint_security_group_id" {
  description = "Id of the interface endpoints' security group; the backends' group is admitted to it."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.endpoint_security_group_id, "sg-")
    error_message = "endpoint_security_group_id must be the id of a security group (\"sg-…\")."
  }
}

variable "s3_endpoint_type" {
  description = "How S3 is reached in this VPC: \"interface\" or \"gateway\"."
  type        = string
  default     = "interface"
  nullable    = false

  validation {
    condition     = contains(["interface", "gateway"], var.s3_endpoint_type)
    error_message = "s3_endpoint_type must be \"interface\" or \"gateway\"."
  }
}
