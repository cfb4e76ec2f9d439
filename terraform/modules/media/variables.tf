variable "name" {
  description = "The platform's name."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,19}$", var.name))
    error_message = "Set name to 2 to 20 lowercase letters, digits and hyphens that begin with a letter."
  }
}

variable "account_id" {
  description = "The AWS account, 12 digits."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "Set account_id to the 12 digits of the AWS account."
  }
}

variable "partition" {
  description = "The AWS partition, for ARNs."
  type        = string
  default     = "aws"

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "Set partition to aws, aws-cn or aws-us-gov."
  }
}

variable "tags" {
  description = "Tags of all resources."
  type        = map(string)
  default     = {}
}

variable "bucket_name" {
  description = "The bucket of the avatars; its access logs go to `<bucket_name>-logs`."
  type        = string

  validation {
    condition = (
      can(regex("^[a-z0-9][a-z0-9-]{1,56}[a-z0-9]$", var.bucket_name)) &&
      !can(regex("^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|--x-s3)$", var.bucket_name))
    )
    error_message = "Set bucket_name to 3 to 58 lowercase letters, digits and hyphens, without dots (they break TLS) and without the prefixes and suffixes that S3 reserves."
  }
}

variable "noncurrent_version_days" {
  description = "Days that a replaced or deleted object can still be brought back."
  type        = number
  default     = 30

  validation {
    condition     = var.noncurrent_version_days >= 1 && var.noncurrent_version_days <= 365
    error_message = "Set noncurrent_version_days to a number from 1 to 365: what people delete must be gone one day."
  }
}

variable "access_log_retention_days" {
  description = "Days that access logs of the bucket and of CloudFront are kept."
  type        = number
  default     = 365

  validation {
    condition     = var.access_log_retention_days >= 30 && var.access_log_retention_days <= 3653
    error_message = "Set access_log_retention_days to a number from 30 to 3653."
  }
}

variable "force_destroy" {
  description = "Let a destroy delete the objects too; only for throw-away environments."
  type        = bool
  default     = false
}

variable "cloudfront" {
  description = <<-EOT
    Delivery by CloudFront with signed URLs; null for none, then the app hands the objects out itself.
    - `aliases`: the host names, each in the certificate.
    - `certificate_arn`: a certificate of ACM in us-east-1, where CloudFront looks.
    - `public_keys`: PEM by a name of your own. To rotate, add a second one, move the signers, remove the first.
    - `key_prefixes`: prefix (`<namespace>/<instance>/`) by the name of a key: that key opens the prefix
      alone, and no other key opens it. Keys without an entry open all the rest, so keep those with
      the platform's team; there must be at least one.
    - `price_class`, `web_acl_arn` (a web ACL of scope CLOUDFRONT).
  EOT
  type = object({
    aliases         = list(string)
    certificate_arn = string
    public_keys     = map(string)
    key_prefixes    = optional(map(string), {})
    price_class     = optional(string, "PriceClass_100")
    web_acl_arn     = optional(string)
  })
  default = null

  validation {
    condition     = var.cloudfront == null || var.partition == "aws"
    error_message = "Set cloudfront to null in partitions other than aws: CloudFront's certificates and logs live in us-east-1."
  }

  validation {
    condition = var.cloudfront == null || (
      length(try(var.cloudfront.aliases, [])) > 0 &&
      alltrue([for alias in try(var.cloudfront.aliases, []) : can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", alias))])
    )
    error_message = "Set cloudfront.aliases to at least one host name: under its own name CloudFront accepts TLS 1.0."
  }

  validation {
    condition = var.cloudfront == null || can(regex(
      "^arn:aws:acm:us-east-1:[0-9]{12}:certificate/.+$", try(var.cloudfront.certificate_arn, "")
    ))
    error_message = "Set cloudfront.certificate_arn to a certificate of ACM in us-east-1: CloudFront takes them from nowhere else."
  }

  validation {
    condition = alltrue([
      for name, pem in try(var.cloudfront.public_keys, {}) :
      can(regex("^[A-Za-z0-9_-]{1,64}$", name)) &&
      can(regex("^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+\n-----END PUBLIC KEY-----$", trimspace(pem)))
    ])
    error_message = "Set cloudfront.public_keys to public keys in PEM form (BEGIN PUBLIC KEY), named with letters, digits, hyphens and underscores; a private key never belongs here."
  }

  validation {
    condition = length(setsubtract(
      keys(try(var.cloudfront.key_prefixes, {})), keys(try(var.cloudfront.public_keys, {}))
    )) == 0
    error_message = "Set cloudfront.key_prefixes for names of cloudfront.public_keys only."
  }

  validation {
    condition = var.cloudfront == null || length(setsubtract(
      keys(try(var.cloudfront.public_keys, {})), keys(try(var.cloudfront.key_prefixes, {}))
    )) > 0
    error_message = "Set cloudfront.public_keys to at least one key without an entry in key_prefixes: with no key, whatever no prefix covers would be public."
  }

  validation {
    condition = alltrue([
      for prefix in values(try(var.cloudfront.key_prefixes, {})) :
      can(regex("^([a-z0-9][a-z0-9.-]*/)+$", prefix)) && length(prefix) <= 250
    ])
    error_message = "Set cloudfront.key_prefixes to prefixes such as acme/web/: lowercase, ending with a slash, without wildcards."
  }

  validation {
    condition = alltrue(flatten([
      for prefix in distinct(values(try(var.cloudfront.key_prefixes, {}))) : [
        for other in distinct(values(try(var.cloudfront.key_prefixes, {}))) :
        prefix == other || !startswith(other, prefix)
      ]
    ]))
    error_message = "Set cloudfront.key_prefixes so that none lies inside another: the outer one's key would open neither reliably."
  }

  validation {
    condition = alltrue([
      for names in concat(
        [setsubtract(keys(try(var.cloudfront.public_keys, {})), keys(try(var.cloudfront.key_prefixes, {})))],
        [for prefix in distinct(values(try(var.cloudfront.key_prefixes, {}))) :
        [for name, own in var.cloudfront.key_prefixes : name if own == prefix]],
      ) : length(names) <= 5
    ])
    error_message = "Set cloudfront.public_keys to at most five keys for one prefix, and five without: a key group holds no more."
  }

  validation {
    condition = contains(
      ["PriceClass_100", "PriceClass_200", "PriceClass_All"], try(var.cloudfront.price_class, "PriceClass_100")
    )
    error_message = "Set cloudfront.price_class to PriceClass_100, PriceClass_200 or PriceClass_All."
  }

  validation {
    condition = try(var.cloudfront.web_acl_arn, null) == null || can(regex(
      "^arn:aws:wafv2:us-east-1:[0-9]{12}:global/webacl/.+$", try(var.cloudfront.web_acl_arn, "")
    ))
    error_message = "Set cloudfront.web_acl_arn to a web ACL of scope CLOUDFRONT (us-east-1, global), or to null: a regional one does not fit."
  }
}

variable "alias_zones" {
  description = "The Route 53 zone of each of cloudfront.aliases whose record is to be made here."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.alias_zones), try(var.cloudfront.aliases, []))) == 0
    error_message = "Set alias_zones for names in cloudfront.aliases alone."
  }
}
