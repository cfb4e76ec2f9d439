locals {
  # The other charts are installed by the addons module, under these names.
  service_accounts = merge({
    operator                 = var.operator_service_account
    external-secrets         = { namespace = "external-secrets", name = "external-secrets" }
    load-balancer-controller = { namespace = "kube-system", name = "aws-load-balancer-controller" }
    # Fluent Bit, which ships the logs, uses the agent's account.
    cloudwatch-agent = { namespace = "amazon-cloudwatch", name = "cloudwatch-agent" }
  }, length(var.dns_zones) == 0 ? {} : { external-dns = { namespace = "external-dns", name = "external-dns" } })

  # Both keys: with sub alone, a token that was made for another audience would do.
  trusts = {
    for role, account in local.service_accounts : role => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "OnlyThisServiceAccount"
          Effect    = "Allow"
          Principal = { Federated = var.oidc_provider_arn }
          Action    = "sts:AssumeRoleWithWebIdentity"
          Condition = {
            StringEquals = {
              "${var.oidc_issuer}:sub" = "system:serviceaccount:${account.namespace}:${account.name}"
              "${var.oidc_issuer}:aud" = "sts.amazonaws.com"
            }
          }
        },
      ]
    })
  }
}
