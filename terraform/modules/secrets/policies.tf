locals {
  # In a key's policy "*" is the key itself, in an entry's policy the entry: AWS takes nothing narrower.
  key_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RightsComeFromIamOfThisAccount"
        Effect    = "Allow"
        Principal = { AWS = "arn:${var.partition}:iam::${var.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        # So a right on the key alone, without one on the entry, opens nothing.
        Sid       = "OnlyThroughSecretsManager"
        Effect    = "Deny"
        Principal = { AWS = "*" }
        Action    = ["kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          StringNotEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" }
        }
      },
    ]
  })

  # A Deny holds whatever IAM allows, an administrator's "*" included. It allows nobody anything.
  entry_policies = {
    for name, readers in local.readers : name => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "NobodyElseReads"
          Effect    = "Deny"
          Principal = "*"
          Action    = "secretsmanager:GetSecretValue"
          Resource  = "*"
          Condition = { ArnNotLike = { "aws:PrincipalArn" = readers } }
        },
      ]
    })
  }
}
