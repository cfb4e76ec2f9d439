# What all test files of this module start from.
region                  = "eu-central-1"
availability_zones      = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
domain                  = "apps.example.com"
zone_id                 = "Z0123456789ABCDEFGHIJ"
cluster_admin_role_arns = ["arn:aws:iam::123456789012:role/platform-engineers"]
database_ca_bundle      = "-----BEGIN CERTIFICATE-----"
iam_cidrs               = ["52.94.0.0/22"]
operator = {
  image_repository = "example/operator"
  image_digest     = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
}
