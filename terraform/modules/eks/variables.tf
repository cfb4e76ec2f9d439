variable "name" {
  description = "The platform's name; the beginning of every name that is made here."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "name must be 2 to 20 lower-case letters, digits and hyphens, beginning with a letter; shorten or rewrite it."
  }
}

variable "tags" {
  description = "Tags for every resource."
  type        = map(string)
  default     = {}
}

variable "account_id" {
  description = "The AWS account, for the ARNs in policies."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account; quote it, so that leading zeros stay."
  }
}

variable "region" {
  description = "The AWS region, for the ARNs in policies."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region; write it as in eu-central-1."
  }
}

variable "partition" {
  description = "The AWS partition, for the ARNs in policies."
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "partition must be aws, aws-cn or aws-us-gov; leave it out for the public regions."
  }
}

variable "cluster_name" {
  description = "The cluster's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,31}$", var.cluster_name))
    error_message = "cluster_name must be 2 to 32 lower-case letters, digits and hyphens, beginning with a letter; shorten or rewrite it."
  }
}

variable "kubernetes_version" {
  description = "The Kubernetes version of control plane and nodes. Raise it one minor version at a time, addon_versions with it."
  type        = string
  default     = "1.35"

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "kubernetes_version must be a minor version such as 1.35; leave the patch level to EKS."
  }
}

variable "support_type" {
  description = "STANDARD: EKS upgrades the control plane by itself when standard support ends. EXTENDED: it stays, at an hourly surcharge, until it is upgraded here."
  type        = string
  default     = "STANDARD"

  validation {
    condition     = contains(["STANDARD", "EXTENDED"], var.support_type)
    error_message = "support_type must be STANDARD or EXTENDED; choose who upgrades when support ends."
  }
}

variable "vpc_id" {
  description = "The VPC of the subnets, for the security group of the private endpoint."
  type        = string

  validation {
    condition     = can(regex("^vpc-[0-9a-z]+$", var.vpc_id))
    error_message = "vpc_id must be the id of a VPC (vpc-…); pass the network module's output."
  }
}

variable "subnet_ids" {
  description = "Private subnets in at least two zones, for the control plane's interfaces, the nodes and their pods."
  type        = list(string)

  validation {
    condition     = length(distinct(var.subnet_ids)) >= 2 && length(distinct(var.subnet_ids)) == length(var.subnet_ids)
    error_message = "subnet_ids must be at least two different subnets, each in another zone; pass the network module's private ones."
  }
}

variable "service_cidr" {
  description = "Addresses of Kubernetes Services; outside of the VPC and of what is connected to it."
  type        = string
  default     = "172.20.0.0/16"

  validation {
    condition     = can(regex("^[0-9.]+/(1[2-9]|2[0-4])$", var.service_cidr)) && try(cidrsubnet(var.service_cidr, 0, 0) == var.service_cidr, false)
    error_message = "service_cidr must be a canonical network from /12 to /24; clear its host bits."
  }
}

variable "endpoint_public_access" {
  description = "Also answer the Kubernetes API on a public address, for endpoint_public_access_cidrs alone. The private endpoint is always there."
  type        = bool
  default     = false
}

variable "endpoint_public_access_cidrs" {
  description = "Networks that reach the public endpoint; required with it."
  type        = list(string)
  default     = []

  validation {
    condition     = var.endpoint_public_access == (length(var.endpoint_public_access_cidrs) > 0)
    error_message = "endpoint_public_access_cidrs must name networks exactly when endpoint_public_access is true; set both or neither."
  }

  validation {
    condition     = alltrue([for cidr in var.endpoint_public_access_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr, false)])
    error_message = "endpoint_public_access_cidrs must be canonical networks such as 203.0.113.0/24; clear their host bits."
  }

  validation {
    condition     = alltrue([for cidr in var.endpoint_public_access_cidrs : try(tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "endpoint_public_access_cidrs must not admit everybody (0.0.0.0/0 or anything wider than /8); name the networks of your administrators."
  }
}

variable "private_endpoint_ingress_cidrs" {
  description = "Networks beyond the VPC's own nodes that reach the private endpoint, such as a VPN's."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.private_endpoint_ingress_cidrs : try(cidrsubnet(cidr, 0, 0) == cidr && tonumber(split("/", cidr)[1]) >= 8, false)])
    error_message = "private_endpoint_ingress_cidrs must be canonical networks no wider than /8; name the networks that administrators come from."
  }
}

variable "admin_role_arns" {
  description = "IAM roles that administer the cluster. Nobody else does: who creates it gets no rights by that."
  type        = list(string)

  validation {
    condition     = length(var.admin_role_arns) > 0
    error_message = "admin_role_arns must name at least one role; without one nobody could administer the cluster."
  }

  validation {
    condition     = alltrue([for arn in var.admin_role_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", arn))])
    error_message = "admin_role_arns must be ARNs of IAM roles (arn:aws:iam::…:role/…), never of sessions, users or the account's root; take the role behind them."
  }
}

variable "node_groups" {
  description = "Managed node groups by name. Sizes are per group and count over all subnets; after creation an autoscaler may move desired_size."
  type = map(object({
    instance_types = optional(list(string), ["m6i.large"])
    ami_type       = optional(string, "AL2023_x86_64_STANDARD")
    capacity_type  = optional(string, "ON_DEMAND")
    min_size       = optional(number, 3)
    max_size       = optional(number, 6)
    desired_size   = optional(number, 3)
    disk_size_gib  = optional(number, 50)
    labels         = optional(map(string), {})
    # The AMI's release, such as 1.35.0-20260318. Without one the newest of the day on which the group is made, and no other
    # until it is named or the group updated beside Terraform.
    release_version = optional(string)
  }))
  default = {
    default = {}
  }

  validation {
    condition     = length(var.node_groups) > 0 && alltrue([for key, _ in var.node_groups : can(regex("^[a-z][a-z0-9-]{0,29}$", key))])
    error_message = "node_groups must have at least one group, each named with up to 30 lower-case letters, digits and hyphens; rename or add one."
  }

  validation {
    condition     = alltrue([for group in var.node_groups : group.min_size >= 1 && group.min_size <= group.desired_size && group.desired_size <= group.max_size])
    error_message = "node_groups must have 1 <= min_size <= desired_size <= max_size in each group; correct the sizes."
  }

  validation {
    # Pods' security groups need trunk interfaces.
    condition     = alltrue(flatten([for group in var.node_groups : [length(group.instance_types) > 0, [for type in group.instance_types : contains(keys(local.branch_interfaces), type)]]]))
    error_message = "node_groups must use instance_types that give pods their own security groups (branch_interfaces.json lists them); burstable types (t3, t4g, …) and some others can't. Choose m6i.large or another of the list."
  }

  validation {
    condition     = alltrue([for group in var.node_groups : group.release_version == null || can(regex("^1\\.[0-9]{2}\\.[0-9]+-[0-9]{8}$", group.release_version))])
    error_message = "node_groups must have as release_version an AMI's release such as 1.35.0-20260318; `aws ssm get-parameter` shows the newest (README.md, Day two)."
  }

  validation {
    condition     = alltrue([for group in var.node_groups : contains(["ON_DEMAND", "SPOT"], group.capacity_type)])
    error_message = "node_groups must have capacity_type ON_DEMAND or SPOT; correct it."
  }

  validation {
    condition     = alltrue([for group in var.node_groups : startswith(group.ami_type, "AL2023_")])
    error_message = "node_groups must have an ami_type of Amazon Linux 2023 (AL2023_x86_64_STANDARD, AL2023_ARM_64_STANDARD); disks and start-up here are written for it."
  }

  validation {
    condition     = alltrue([for group in var.node_groups : group.disk_size_gib >= 20 && group.disk_size_gib <= 1000])
    error_message = "node_groups must have disk_size_gib from 20 to 1000; images need room, and nothing else is kept on nodes."
  }
}

variable "volume_kms_key_arn" {
  description = "Key over the nodes' disks, where the account's default for EBS is one that Auto Scaling's service-linked role may not use; its policy must admit that role. Without it the account's default."
  type        = string
  default     = null

  validation {
    condition     = var.volume_kms_key_arn == null || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.volume_kms_key_arn))
    error_message = "volume_kms_key_arn must be the ARN of a KMS key, or left out."
  }
}

variable "pod_security_group_enforcing_mode" {
  description = "strict: all traffic of a pod with its own security group passes it, also from the same node. standard: only what leaves or enters the node."
  type        = string
  default     = "strict"

  validation {
    condition     = contains(["strict", "standard"], var.pod_security_group_enforcing_mode)
    error_message = "pod_security_group_enforcing_mode must be strict or standard; leave it out for strict."
  }
}

variable "addon_versions" {
  description = "Versions of the EKS add-ons, all five. `aws eks describe-addon-versions --kubernetes-version 1.35` lists them."
  type = object({
    vpc-cni                = optional(string, "v1.21.1-eksbuild.8")
    coredns                = optional(string, "v1.14.2-eksbuild.4")
    kube-proxy             = optional(string, "v1.35.3-eksbuild.5")
    eks-pod-identity-agent = optional(string, "v1.3.10-eksbuild.3")
    metrics-server         = optional(string, "v0.8.1-eksbuild.6")
  })
  default = {}

  validation {
    condition     = alltrue([for version in values(var.addon_versions) : can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", version))])
    error_message = "addon_versions must be exact versions such as v1.21.1-eksbuild.8; never latest."
  }
}

variable "logs_kms_key_arn" {
  description = "The key for log groups."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key; pass the logs module's output."
  }
}

variable "log_retention_days" {
  description = "How long the control plane's logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention of CloudWatch of a year or more (365, 400, 545, 731, 1096, …); incidents are found late."
  }
}

variable "deletion_protection" {
  description = "Refuse to delete the cluster. Turn it off in an apply of its own before a destroy."
  type        = bool
  default     = true
}
