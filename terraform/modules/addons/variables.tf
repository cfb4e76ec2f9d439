variable "tags" {
  description = "Tags for every resource."
  type        = map(string)
  default     = {}
}

variable "region" {
  description = "The AWS region; with a hop limit of one the load balancer controller can't ask the node for it."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of an AWS region; write it as in eu-central-1."
  }
}

variable "cluster_name" {
  description = "The EKS cluster."
  type        = string

  validation {
    condition     = can(regex("^[0-9A-Za-z][0-9A-Za-z_-]{0,99}$", var.cluster_name))
    error_message = "cluster_name must be the name of an EKS cluster, up to 100 letters, digits, hyphens and underscores; pass the eks module's output."
  }
}

variable "vpc_id" {
  description = "The cluster's VPC; with a hop limit of one the load balancer controller can't ask the node for it."
  type        = string

  validation {
    condition     = can(regex("^vpc-[0-9a-z]+$", var.vpc_id))
    error_message = "vpc_id must be the id of a VPC (vpc-…); pass the network module's output."
  }
}

variable "edge_security_group_id" {
  description = "The group that every load balancer carries; pods admit it alone."
  type        = string

  validation {
    condition     = can(regex("^sg-[0-9a-z]+$", var.edge_security_group_id))
    error_message = "edge_security_group_id must be the id of a security group (sg-…); pass the security-groups module's output."
  }
}

variable "cloudwatch_agent_role_arn" {
  description = "Role of the CloudWatch agent."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.cloudwatch_agent_role_arn))
    error_message = "cloudwatch_agent_role_arn must be the ARN of an IAM role; pass the identity module's output."
  }
}

variable "external_secrets_role_arn" {
  description = "Role of the External Secrets controller."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.external_secrets_role_arn))
    error_message = "external_secrets_role_arn must be the ARN of an IAM role; pass the identity module's output."
  }
}

variable "load_balancer_controller_role_arn" {
  description = "Role of the load balancer controller."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.load_balancer_controller_role_arn))
    error_message = "load_balancer_controller_role_arn must be the ARN of an IAM role; pass the identity module's output."
  }
}

variable "external_dns_role_arn" {
  description = "Role of external-dns; needed with dns_zones."
  type        = string
  default     = null

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$", var.external_dns_role_arn)) || (var.external_dns_role_arn == null && length(var.dns_zones) == 0)
    error_message = "external_dns_role_arn must be the ARN of an IAM role where there are dns_zones; pass the identity module's output."
  }
}

variable "access_log_bucket_name" {
  description = "Where load balancers keep their access logs: the edge module's output. null: nowhere."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_log_bucket_name))
    error_message = "access_log_bucket_name must be the name of a bucket, not its ARN; pass the edge module's output."
  }
}

variable "dns_zones" {
  description = "The Route 53 zone of each domain below which instances answer: external-dns writes the records of their hosts there. Empty: it is not installed."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "service_accounts" {
  description = "Under which names the charts are installed; the roles trust exactly these. The identity module's output of the same name."
  type        = map(object({ namespace = string, name = string }))
  default = {
    operator                 = { namespace = "appinstance-system", name = "appinstance-operator" }
    external-secrets         = { namespace = "external-secrets", name = "external-secrets" }
    load-balancer-controller = { namespace = "kube-system", name = "aws-load-balancer-controller" }
    cloudwatch-agent         = { namespace = "amazon-cloudwatch", name = "cloudwatch-agent" }
  }

  validation {
    condition     = alltrue([for key in ["operator", "external-secrets", "load-balancer-controller"] : contains(keys(var.service_accounts), key)])
    error_message = "service_accounts must name operator, external-secrets and load-balancer-controller; pass the identity module's output."
  }
}

variable "cloudwatch_addon_version" {
  description = "Version of the add-on amazon-cloudwatch-observability."
  type        = string
  default     = "v4.8.0-eksbuild.1"

  validation {
    condition     = can(regex("^v[0-9]+\\.[0-9]+\\.[0-9]+-eksbuild\\.[0-9]+$", var.cloudwatch_addon_version))
    error_message = "cloudwatch_addon_version must be an exact version such as v4.8.0-eksbuild.1; never latest."
  }

  validation {
    # Before, its logs of hosts are read from /var/log/messages and the like, which Amazon Linux 2023 has not; since, from the
    # journal (aws-observability/helm-charts#247, charts/amazon-cloudwatch-observability/values.yaml, host-log.conf).
    condition     = try(tonumber(regex("^v([0-9]+)\\.", var.cloudwatch_addon_version)[0]) * 1000 + tonumber(regex("^v[0-9]+\\.([0-9]+)\\.", var.cloudwatch_addon_version)[0]) >= 4008, true)
    error_message = "cloudwatch_addon_version must be v4.8.0 or later: earlier ones read no log of a node with Amazon Linux 2023."
  }
}

variable "charts" {
  description = "Where the charts come from, each pinned. A chart may be a folder (then its repository is an empty text, the operator's none) or an OCI address."
  type = object({
    external_secrets = optional(object({
      repository = optional(string, "https://charts.external-secrets.io")
      chart      = optional(string, "external-secrets")
      version    = optional(string, "0.20.4")
    }), {})
    load_balancer_controller = optional(object({
      repository = optional(string, "https://aws.github.io/eks-charts")
      chart      = optional(string, "aws-load-balancer-controller")
      version    = optional(string, "1.14.1")
    }), {})
    external_dns = optional(object({
      repository = optional(string, "https://kubernetes-sigs.github.io/external-dns/")
      chart      = optional(string, "external-dns")
      version    = optional(string, "1.21.1")
    }), {})
    operator = object({
      repository = optional(string)
      chart      = string
      version    = string
    })
  })

  validation {
    condition     = alltrue([for chart in values(var.charts) : can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+(-[0-9A-Za-z.-]+)?$", chart.version))])
    error_message = "charts must each have an exact version such as 1.14.1; no range, no latest."
  }

  validation {
    condition     = alltrue([for chart in values(var.charts) : coalesce(chart.repository, "-") == "-" || can(regex("^(https|oci)://", coalesce(chart.repository, "-")))])
    error_message = "charts must come over https:// or oci://; correct the repository."
  }
}

variable "operator_values" {
  description = "All values of charts/appinstance-operator. Whether they are right, the chart's schema says."
  type        = any

  validation {
    condition     = try(length(keys(var.operator_values.settings)) > 0, false)
    error_message = "operator_values must be the operator chart's values with its settings; pass the platform's output of the same name."
  }
}

variable "ssl_policy" {
  description = "TLS policy of listeners whose Ingress names none; the controller's own default is from 2016."
  type        = string
  default     = "ELBSecurityPolicy-TLS13-1-2-2021-06"

  validation {
    condition     = startswith(var.ssl_policy, "ELBSecurityPolicy-TLS13-1-2-") || startswith(var.ssl_policy, "ELBSecurityPolicy-TLS13-1-3-")
    error_message = "ssl_policy must be one of TLS 1.2 and later (ELBSecurityPolicy-TLS13-1-2-… or ELBSecurityPolicy-TLS13-1-3-…); older ones admit broken versions."
  }

  validation {
    condition     = !strcontains(var.ssl_policy, "-Ext")
    error_message = "ssl_policy must not be an extended one (…-Ext…), which adds weak ciphers for old clients; choose it without."
  }
}

variable "install_helm_releases" {
  description = "Install the charts. false where the Kubernetes API can't be reached from where Terraform runs."
  type        = bool
  default     = true
}

variable "already_installed" {
  description = "What the cluster has already and is left alone: any of external_secrets, load_balancer_controller, cloudwatch."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.already_installed, ["external_dns", "external_secrets", "load_balancer_controller", "cloudwatch"])) == 0
    error_message = "already_installed must hold nothing but external_dns, external_secrets, load_balancer_controller and cloudwatch: the operator is always installed."
  }
}

variable "helm_wait" {
  description = "Wait until the pods of a release are ready, and take back a release that fails."
  type        = bool
  default     = true
}

variable "helm_timeout_seconds" {
  description = "How long a release may take until its pods are ready."
  type        = number
  default     = 600

  validation {
    condition     = var.helm_timeout_seconds >= 60 && var.helm_timeout_seconds <= 3600
    error_message = "helm_timeout_seconds must be from 60 to 3600; images have to be pulled."
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
  description = "How long the logs of pods and nodes are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention of CloudWatch of a year or more (365, 400, 545, 731, 1096, …); incidents are found late."
  }
}
