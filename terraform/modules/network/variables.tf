variable "name" {
  description = "The platform's name: the names of all resources begin with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must have 2 to 20 characters, a lower case letter first, then lower case letters, digits and hyphens; write for example \"appinstance\"."
  }
}

variable "account_id" {
  description = "The AWS account's number: only its principals pass the endpoints."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account, without hyphens."
  }
}

variable "region" {
  description = "The AWS region of the network; the endpoints' service names contain it."
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

variable "cluster_name" {
  description = "The EKS cluster's name, for the tags by which the load balancer controller finds its subnets."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be an EKS cluster's name: up to 100 letters, digits, hyphens and underscores, a letter or digit first."
  }
}

variable "cidr" {
  description = "The VPC's range: a private /16 without host bits."
  type        = string
  default     = "10.20.0.0/16"
  nullable    = false

  validation {
    # Host bits in a range made NetworkPolicies time out at random, so none gets as far as that.
    condition     = try(cidrsubnet(var.cidr, 0, 0) == var.cidr && endswith(var.cidr, "/16"), false)
    error_message = "cidr must be an IPv4 /16 without host bits, since the subnets are fixed parts of it; write for example \"10.20.0.0/16\"."
  }

  validation {
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.cidr))
    error_message = "cidr must be in a private range (10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16); public addresses would hide real hosts of the internet."
  }
}

variable "availability_zones" {
  description = "The three zones, in the order in which subnets are numbered. To reorder them later is to replace the subnets."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.availability_zones) == 3 && length(distinct(var.availability_zones)) == 3
    error_message = "availability_zones must name exactly 3 different zones; write for example [\"eu-central-1a\", \"eu-central-1b\", \"eu-central-1c\"]."
  }

  validation {
    condition = alltrue([
      for zone in var.availability_zones : startswith(zone, var.region) && can(regex("^[a-z]$", trimprefix(zone, var.region)))
    ])
    error_message = "availability_zones must all be zones of the region in `region`: its code and one letter."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones instead of one each: a third of the price, but the loss of its zone cuts all pods off the internet."
  type        = bool
  default     = false
  nullable    = false
}

variable "internal_load_balancers" {
  description = "Subnets for internal load balancers, tagged for them and with a route table of their own."
  type        = bool
  default     = false
  nullable    = false
}

variable "interface_endpoints" {
  description = "Short names of the AWS services that get an interface endpoint, S3 apart (see s3_endpoint_type)."
  type        = set(string)
  default = [
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "monitoring",
    "secretsmanager",
    "sts",
  ]
  nullable = false

  validation {
    condition     = alltrue([for service in var.interface_endpoints : can(regex("^[a-z][a-z0-9.-]*$", service)) && !startswith(service, "com.amazonaws")])
    error_message = "interface_endpoints must hold services' short names such as \"secretsmanager\" or \"ecr.api\", without \"com.amazonaws\" and the region."
  }

  validation {
    condition     = !contains(var.interface_endpoints, "s3")
    error_message = "interface_endpoints must not hold \"s3\"; choose S3's endpoint with s3_endpoint_type."
  }

  validation {
    condition     = contains(var.interface_endpoints, "sts")
    error_message = "interface_endpoints must hold \"sts\": pods may reach only endpoints, and without this one none gets its IAM role."
  }
}

variable "s3_endpoint_type" {
  description = "How S3 is reached: \"interface\" (addresses in the VPC, which NetworkPolicies can name) or \"gateway\" (no charge, but S3's public ranges must be opened to the pods)."
  type        = string
  default     = "interface"
  nullable    = false

  validation {
    condition     = contains(["interface", "gateway"], var.s3_endpoint_type)
    error_message = "s3_endpoint_type must be \"interface\" or \"gateway\"."
  }
}

variable "logs_kms_key_arn" {
  description = "ARN of the key that encrypts log groups (module logs)."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key (not of an alias): pass the output kms_key_arn of the module logs."
  }
}

variable "log_retention_days" {
  description = "How many days flow logs are kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition = contains(
      [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653],
      var.log_retention_days,
    )
    error_message = "log_retention_days must be a period that CloudWatch Logs knows, such as 30, 90, 365 or 731; 0 (for ever) is not among them."
  }
}
