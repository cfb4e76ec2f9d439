# The least that the platform needs to know; everything else has a default made for production.
# terraform plan -var-file=../examples/minimal/terraform.tfvars, from terraform/platform

region  = "eu-central-1"
domain  = "apps.example.com"
zone_id = "Z0123456789ABCDEFGHIJ"

availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]

cluster_admin_role_arns = ["arn:aws:iam::123456789012:role/platform-engineers"]

operator = {
  image_repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/appinstance/operator"
  image_digest     = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
}

# IAM's API; README.md says how to list the networks.
iam_cidrs = ["52.94.0.0/22", "52.119.192.0/18"]

# database_ca_bundle is too long for this file: export TF_VAR_database_ca_bundle="$(cat rds-bundle.pem)"
