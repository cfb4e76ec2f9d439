terraform {
  required_version = ">= 1.11"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.47, < 7.0"
    }
    helm = {
      source  = "hashicorp/helm"
      version = ">= 3.2, < 4.0"
    }
  }

  # Filled by -backend-config=backend.hcl, which terraform/bootstrap prints.
  backend "s3" {}
}
