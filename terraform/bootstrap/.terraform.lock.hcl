# Versions are pinned here. The first `terraform init` that reaches the registry adds the hashes of the
# signed releases; commit them to your own copy (docs/adr/0011-provider-lock-files.md says why they are not here).

provider "registry.terraform.io/hashicorp/aws" {
  version     = "6.47.1"
  constraints = ">= 6.47.0, < 7.0.0"
}
