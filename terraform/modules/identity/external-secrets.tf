locals {
  # Not the instances' entries: a SecretStore without `auth` borrows the controller's rights, whoever made it. Instances
  # bring roles of their own.
  external_secrets_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "EntriesOfThePlatform"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource = ["${local.secrets}:${var.platform_secrets_prefix}*"]
      },
      {
        Sid       = "SecretsKeyThroughSecretsManagerOnly"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.secrets_kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      },
    ]
  })
}
