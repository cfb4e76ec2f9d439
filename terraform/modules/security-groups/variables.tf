variable "name" {
  description = "The platform's name: the groups' names begin with it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must have 2 to 20 characters, a lower case letter first, then lower case letters, digits and hyphens; write for example \"appinstance\"."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "vpc_id" {
  description = "Id of the VPC."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.vpc_id, "vpc-")
    error_message = "vpc_id must be the id of a VPC (\"vpc-…\"): pass the output vpc_id of the module network."
  }
}

variable "edge_ingress_cidrs" {
  description = "Who may reach the load balancer: the internet by default, or for example a CDN's or an office's ranges."
  type        = set(string)
  default     = ["0.0.0.0/0"]
  nullable    = false

  validation {
    condition     = length(var.edge_ingress_cidrs) > 0
    error_message = "edge_ingress_cidrs must name at least one range, or nobody reaches the instances; write [\"0.0.0.0/0\"] for the internet."
  }

  validation {
    condition     = alltrue([for cidr in var.edge_ingress_cidrs : can(cidrnetmask(cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "edge_ingress_cidrs must hold IPv4 ranges without host bits, such as \"203.0.113.0/24\"."
  }
}

variable "internal_ingress_cidrs" {
  description = "Who may reach an internal load balancer, such as a VPN's or a peered VPC's network. Empty: none are offered."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.internal_ingress_cidrs : can(cidrnetmask(cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false) && !endswith(cidr, "/0")])
    error_message = "internal_ingress_cidrs must hold IPv4 ranges without host bits such as \"10.200.0.0/20\", never 0.0.0.0/0: what everybody may reach needs no internal load balancer."
  }
}

variable "backend_port" {
  description = "Port on which backend pods listen."
  type        = number
  default     = 8000
  nullable    = false

  validation {
    condition     = var.backend_port >= 1024 && var.backend_port <= 65535 && floor(var.backend_port) == var.backend_port
    error_message = "backend_port must be a whole number from 1024 to 65535: pods without privileges listen on no lower one."
  }
}

variable "frontend_port" {
  description = "Port on which frontend pods listen."
  type        = number
  default     = 8080
  nullable    = false

  validation {
    condition     = var.frontend_port >= 1024 && var.frontend_port <= 65535 && floor(var.frontend_port) == var.frontend_port
    error_message = "frontend_port must be a whole number from 1024 to 65535: pods without privileges listen on no lower one."
  }
}

variable "health_port" {
  description = "Port of health and metrics, on which the kubelet asks backend and frontend pods; not one that serves."
  type        = number
  default     = 9090
  nullable    = false

  validation {
    condition     = var.health_port >= 1024 && var.health_port <= 65535 && floor(var.health_port) == var.health_port
    error_message = "health_port must be a whole number from 1024 to 65535: pods without privileges listen on no lower one."
  }

  validation {
    condition     = !contains([var.backend_port, var.frontend_port], var.health_port)
    error_message = "health_port must not be backend_port or frontend_port: the nodes' group, which all ordinary pods share, would reach what serves."
  }
}

variable "backends_call_each_other" {
  description = "Open the backends' group to itself on backend_port, so that instances may call each other where both say so (spec.access); which ones, their NetworkPolicies say."
  type        = bool
  default     = false
  nullable    = false
}

variable "backend_egress_cidrs" {
  description = "Networks beyond the database and AWS's endpoints that backends may reach (spec.network.egress); their NetworkPolicies say which instance and which port."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for cidr in var.backend_egress_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false) && !endswith(cidr, "/0")])
    error_message = "backend_egress_cidrs must be networks without host bits such as 198.51.100.0/24, never 0.0.0.0/0."
  }
}

variable "database_admin_security_group_ids" {
  description = "Groups from which administrators reach the database, such as a bastion's; none by default."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.database_admin_security_group_ids : startswith(id, "sg-")]) && !contains(var.database_admin_security_group_ids, var.cluster_security_group_id)
    error_message = "database_admin_security_group_ids must be ids of security groups (sg-…), and not the cluster's: every ordinary pod shares that one."
  }
}

variable "database_port" {
  description = "Port of the database."
  type        = number
  default     = 3306
  nullable    = false

  validation {
    condition     = var.database_port >= 1150 && var.database_port <= 65535 && floor(var.database_port) == var.database_port
    error_message = "database_port must be a whole number from 1150 to 65535, the ports that RDS for MySQL accepts."
  }
}

variable "cluster_security_group_id" {
  description = "Id of the EKS cluster's security group, that of the nodes: probes come from it and CoreDNS answers in it."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.cluster_security_group_id, "sg-")
    error_message = "cluster_security_group_id must be the id of a security group (\"sg-…\"): pass the output of the module eks."
  }
}

variable "endpoint_security_group_id" {
  description = "Id of the interface endpoints' security group."
  type        = string
  nullable    = false

  validation {
    condition     = startswith(var.endpoint_security_group_id, "sg-")
    error_message = "endpoint_security_group_id must be the id of a security group (\"sg-…\"): pass the output of the module network."
  }
}

variable "outside" {
  description = "What backend pods use beyond the platform, by name (mail, identity_provider): its networks and its one port. Nothing by default."
  type        = map(object({ cidrs = set(string), port = number }))
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for cidr in flatten([for place in values(var.outside) : tolist(place.cidrs)]) : can(cidrnetmask(cidr)) && try(cidrsubnet(cidr, 0, 0) == cidr, false) && !endswith(cidr, "/0")])
    error_message = "outside must name IPv4 networks without host bits such as \"203.0.113.0/28\", never 0.0.0.0/0."
  }

  validation {
    condition     = alltrue([for place in values(var.outside) : place.port >= 1 && place.port <= 65535 && floor(place.port) == place.port])
    error_message = "outside must have whole numbers from 1 to 65535 as ports."
  }
}

variable "s3_endpoint_type" {
  description = "How S3 is reached: \"interface\" or \"gateway\", as in the module network. With a gateway the backend gets a rule for S3's ranges."
  type        = string
  default     = "interface"
  nullable    = false

  validation {
    condition     = contains(["interface", "gateway"], var.s3_endpoint_type)
    error_message = "s3_endpoint_type must be \"interface\" or \"gateway\"."
  }
}

variable "s3_prefix_list_id" {
  description = "Id of the list of S3's ranges; required with s3_endpoint_type gateway."
  type        = string
  default     = null

  validation {
    condition     = var.s3_endpoint_type != "gateway" || try(startswith(var.s3_prefix_list_id, "pl-"), false)
    error_message = "s3_prefix_list_id must be the id of a prefix list (\"pl-…\") when s3_endpoint_type is \"gateway\": pass the output of the module network."
  }
}
