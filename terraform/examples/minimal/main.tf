# The platform as a module of a root of one's own, with the least that it needs to know; everything else has a default made for production.

terraform {
  required_version = ">= 1.11"

  # Filled by -backend-config=backend.hcl, which terraform/bootstrap prints.
  backend "s3" {}
}

variable "database_ca_bundle" {
  description = "The PEM bundle of RDS's certificate authorities: export TF_VAR_database_ca_bundle=\"$(cat rds.pem)\"."
  type        = string
}

variable "install_addons" {
  description = "false for the first apply, when the API server can't be reached yet (README.md, Quickstart)."
  type        = bool
  default     = true
}

module "platform" {
  source = "../../platform" # or git::https://…/appinstance.git//terraform/platform?ref=v0.1.0

  name               = "acme"
  region             = "eu-central-1"
  domain             = "apps.example.com"
  zone_id            = "Z0123456789ABCDEFGHIJ"
  availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]

  cluster_admin_role_arns = ["arn:aws:iam::123456789012:role/platform-engineers"]
  database_ca_bundle      = var.database_ca_bundle
  install_addons          = var.install_addons

  # A path of a module is its root's: the chart lies beside terraform/.
  operator = {
    chart            = "${path.module}/../../../charts/appinstance-operator"
    image_repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/acme/operator"
    image_digest     = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }

  # IAM's API; README.md says how to list the networks.
  iam_cidrs = ["52.94.0.0/22", "52.119.192.0/18"]
}

output "platform" {
  description = "All outputs of the platform: terraform output -json platform."
  value       = module.platform
}
