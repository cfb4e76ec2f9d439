locals {
  # Both keys: with sub alone, a token that was made for another audience would do.
  trusts = {
    for role, account in local.accounts : role => jsonencode({
      Version = "2012-10-17"
      Statement = [
        {
          Sid       = "OnlyThisServiceAccount"
          Effect    = "Allow"
          Principal = { Federated = var.oidc_provider_arn }
          Action    = "sts:AssumeRoleWithWebIdentity"
          Condition = {
            StringEquals = {
              "${var.oidc_issuer}:sub" = "system:serviceaccount:${var.namespace}:${account}"
              "${var.oidc_issuer}:aud" = "sts.amazonaws.com"
            }
          }
        },
      ]
    })
  }

  made_by_it = { "aws:RequestTag/appinstance-provisioned" = "true" }
  its_own    = { "aws:ResourceTag/appinstance-provisioned" = "true" }

  # provisioner_policy() of operator/appinstance_operator/runtime/provisioner_rights.py; a test compares.
  provisioner_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # Tags and names, to tell its own from what a team has made by hand.
        Sid      = "LookAtEntries"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret"]
        Resource = [local.entries, local.missing_entries]
      },
      {
        Sid       = "MakeEntries"
        Effect    = "Allow"
        Action    = ["secretsmanager:CreateSecret"]
        Resource  = [local.entries]
        Condition = { StringEquals = local.made_by_it }
      },
      {
        Sid      = "TagOnCreationAlone"
        Effect   = "Allow"
        Action   = ["secretsmanager:TagResource"]
        Resource = [local.entries]
        # An entry that is being made has no tag yet; one that is there has this one, or is not touched.
        Condition = { StringEquals = local.made_by_it, StringEqualsIfExists = local.its_own }
      },
      {
        Sid    = "KeepOwnEntries"
        Effect = "Allow"
        Action = [
          "secretsmanager:DeleteSecret",
          "secretsmanager:GetSecretValue",
          "secretsmanager:PutSecretValue",
          "secretsmanager:RestoreSecret",
        ]
        Resource  = [local.entries]
        Condition = { StringEquals = local.its_own }
      },
      {
        Sid       = "KeyOfEntries"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.secrets_kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      },
      {
        # It deletes none.
        Sid      = "KeepDumps"
        Effect   = "Allow"
        Action   = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
        Resource = ["${local.bucket_arn}/*"]
      },
      {
        Sid       = "KeyOfDumps"
        Effect    = "Allow"
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = [var.database_kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
      },
    ]
  })

  # Of all entries the one that RDS manages, for External Secrets to read as this account and as nobody else.
  administrator_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "ReadTheAdministratorsLogin"
        Effect   = "Allow"
        Action   = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
        Resource = [var.master_secret_arn]
      },
      {
        Sid       = "KeyOfTheAdministratorsLogin"
        Effect    = "Allow"
        Action    = ["kms:Decrypt"]
        Resource  = [var.master_secret_kms_key_arn]
        Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
      },
    ]
  })

  role_policies = {
    provisioner               = local.provisioner_policy
    provisioner-administrator = local.administrator_policy
  }

  bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TlsOnly"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # A Deny holds whatever IAM allows: no tenant's role, and no administrator's "*".
        Sid       = "NobodyElseTouchesDumps"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:DeleteObject*", "s3:GetObject*", "s3:PutObject*", "s3:RestoreObject"]
        Resource  = "${local.bucket_arn}/*"
        Condition = { ArnNotLike = { "aws:PrincipalArn" = concat([local.role_arns["provisioner"]], var.dump_admin_role_arns) } }
      },
      {
        # Dumps go by age alone, or by a person's hand.
        Sid       = "TheProvisionerRemovesNone"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["s3:DeleteObject", "s3:DeleteObjectVersion"]
        Resource  = "${local.bucket_arn}/*"
        Condition = { ArnLike = { "aws:PrincipalArn" = local.role_arns["provisioner"] } }
      },
      {
        # Null: a negated condition also matches where the header is absent, and then the bucket's default holds.
        Sid       = "NoOtherKey"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arn}/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption-aws-kms-key-id" = var.database_kms_key_arn }
        }
      },
      {
        Sid       = "NoOtherEncryption"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "${local.bucket_arn}/*"
        Condition = {
          Null            = { "s3:x-amz-server-side-encryption" = "false" }
          StringNotEquals = { "s3:x-amz-server-side-encryption" = "aws:kms" }
        }
      },
    ]
  })
}
