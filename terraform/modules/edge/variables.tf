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
  description = "The region of the load balancers."
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

variable "domain" {
  description = "The domain below which the instances answer; the certificate is for it and for all names directly below it."
  type        = string

  validation {
    condition = (
      length(var.domain) <= 253 &&
      can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", var.domain))
    )
    error_message = "domain must be a lower-case DNS name without wildcard and without a dot at the end; write it like apps.example.com."
  }
}

variable "zone_id" {
  description = "The Route 53 hosted zone of the domain, where the record goes that proves to ACM whose it is."
  type        = string

  validation {
    condition     = can(regex("^Z[A-Z0-9]{1,31}$", var.zone_id))
    error_message = "zone_id must be the id of a Route 53 hosted zone, capital letters and digits that begin with Z; take it from the zone's page, without /hostedzone/."
  }
}

variable "more_domains" {
  description = "More domains below which instances answer (those of grants), each with its Route 53 zone; the certificate is for them too."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for domain, zone in var.more_domains : can(regex("^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)+[a-z][a-z0-9-]*[a-z0-9]$", domain)) && can(regex("^Z[A-Z0-9]{1,31}$", zone)) && domain != var.domain])
    error_message = "more_domains must be other lower-case DNS names than domain, without wildcards, each with the id of its hosted zone; write them like { \"tv.example.org\" = \"Z0123456789ABCDEFGHIJ\" }."
  }

  validation {
    # ACM's default quota is 10 domain names per certificate.
    condition     = length(var.more_domains) <= 4
    error_message = "more_domains must be at most 4: a certificate holds 10 names, two for each domain; put more instances below one of them."
  }
}

variable "logs_kms_key_arn" {
  description = "The key under which CloudWatch keeps the WAF's log."
  type        = string

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.logs_kms_key_arn))
    error_message = "logs_kms_key_arn must be the ARN of a KMS key, not of an alias; take the logs module's output kms_key_arn."
  }
}

variable "log_retention_days" {
  description = "How long the WAF's log is kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a retention that CloudWatch knows and at least a year: 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "log_allowed_requests" {
  description = "Log the requests that the WAF lets through too. Their paths hold the names of pictures."
  type        = bool
  default     = false
}

variable "rate_limit_per_5_minutes" {
  description = "Requests that one address may send in five minutes, to all instances together."
  type        = number
  default     = 2000

  validation {
    condition     = var.rate_limit_per_5_minutes >= 100 && var.rate_limit_per_5_minutes <= 2000000000 && floor(var.rate_limit_per_5_minutes) == var.rate_limit_per_5_minutes
    error_message = "rate_limit_per_5_minutes must be a whole number of at least 100 and at most 2000000000; a single visit of the page needs more than a few."
  }
}

variable "sign_in_rate_limit_per_5_minutes" {
  description = "Requests that one address may send in five minutes to the sign-in paths, to all instances together."
  type        = number
  default     = 20

  validation {
    condition     = var.sign_in_rate_limit_per_5_minutes >= 10 && floor(var.sign_in_rate_limit_per_5_minutes) == var.sign_in_rate_limit_per_5_minutes
    error_message = "sign_in_rate_limit_per_5_minutes must be a whole number of at least 10, the least that WAF can count; raise it."
  }

  validation {
    condition     = var.sign_in_rate_limit_per_5_minutes < var.rate_limit_per_5_minutes
    error_message = "sign_in_rate_limit_per_5_minutes must be below rate_limit_per_5_minutes, or it limits nothing; lower it."
  }
}

variable "sign_in_paths" {
  description = "Where the app takes passwords (app/appinstance_app/auth/routes.py)."
  type        = list(string)
  default     = ["/api/v1/auth/sign-in", "/api/v1/auth/sign-up", "/api/v1/auth/token"]

  validation {
    condition     = length(var.sign_in_paths) > 0 && alltrue([for path in var.sign_in_paths : can(regex("^/[A-Za-z0-9/._-]+$", path))])
    error_message = "sign_in_paths must hold at least one path, each beginning with / and made of letters, digits and / . _ -; write them without host and query."
  }
}

variable "upload_path" {
  description = "Where the app takes pictures, with PUT (app/appinstance_app/users/routes.py); the only path whose body may be large and binary."
  type        = string
  default     = "/api/v1/users/me/avatar"

  validation {
    condition     = can(regex("^/[A-Za-z0-9/._-]+$", var.upload_path)) && !contains(var.sign_in_paths, var.upload_path)
    error_message = "upload_path must be one path, beginning with / and made of letters, digits and / . _ -, and none of sign_in_paths; write it without host and query."
  }
}

variable "access_logs" {
  description = "Keep the load balancers' access logs in a bucket, for log_retention_days: addresses, paths and answers of all requests."
  type        = bool
  default     = true
  nullable    = false
}

variable "force_destroy" {
  description = "Delete the bucket of access logs with what is in it."
  type        = bool
  default     = false
  nullable    = false
}
