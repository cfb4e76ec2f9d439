# What all test files of this module start from.
region                            = "eu-central-1"
cluster_name                      = "platform-blue"
vpc_id                            = "vpc-0123456789abcdef0"
edge_security_group_id            = "sg-0edge"
cloudwatch_agent_role_arn         = "arn:aws:iam::123456789012:role/platform/platform-cloudwatch-agent"
external_secrets_role_arn         = "arn:aws:iam::123456789012:role/platform/platform-external-secrets" # checkov:skip=CKV_SECRET_6:a name, no secret
load_balancer_controller_role_arn = "arn:aws:iam::123456789012:role/platform/platform-load-balancer-controller"
logs_kms_key_arn                  = "arn:aws:kms:eu-central-1:123456789012:key/logs"
charts                            = { operator = { chart = "../../../charts/appinstance-operator", version = "0.1.0" } }
operator_values = {
  serviceAccount = { roleArn = "arn:aws:iam::123456789012:role/platform/platform-operator" }
  settings       = { clusterName = "platform-blue", region = "eu-central-1" }
}
external_dns_role_arn  = "arn:aws:iam::111122223333:role/platform/external-dns"
dns_zones              = { "apps.example.com" = "Z0123456789ABCDEFGHIJ" }
access_log_bucket_name = "platform-load-balancer-logs-111122223333"
