# boundary_policy() of operator/appinstance_operator/desired/boundary.py, which tests hold these documents against.

locals {
  # The first is the namespace that the operator gives a role when it makes it, and may not change (operator.tf). Roles of
  # an earlier version have the second alone, and keep their rights until they are replaced.
  tag_namespace   = "appinstance-namespace"
  tenants         = [for tag in [local.tag_namespace, "${local.earlier_tags}/namespace"] : "$${aws:PrincipalTag/${tag}}"]
  tenant          = local.tenants[0]
  object_actions  = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
  reading_actions = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]

  # A role reaches what lies under the namespace that it is tagged with, whatever its own policy says: a wrong document
  # from a broken operator opens nothing of another tenant.
  boundary_statements = [
    {
      Sid      = "MediaObjects"
      Effect   = "Allow"
      Action   = local.object_actions
      Resource = [for tenant in local.tenants : "${var.media_bucket_arn}/${tenant}/*"]
    },
    {
      Sid       = "MediaListing"
      Effect    = "Allow"
      Action    = ["s3:ListBucket"]
      Resource  = [var.media_bucket_arn]
      Condition = { StringLike = { "s3:prefix" = [for tenant in local.tenants : "${tenant}/*"] } }
    },
    {
      Sid      = "EntriesOfTheNamespace"
      Effect   = "Allow"
      Action   = local.reading_actions
      Resource = [for tenant in local.tenants : "${local.secrets}:${var.secrets_prefix}${tenant}/*"]
    },
    {
      Sid       = "MediaKeyThroughS3Only"
      Effect    = "Allow"
      Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
      Resource  = [var.media_kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "s3.${var.region}.amazonaws.com" } }
    },
    {
      Sid       = "SecretsKeyThroughSecretsManagerOnly"
      Effect    = "Allow"
      Action    = ["kms:Decrypt"]
      Resource  = [var.secrets_kms_key_arn]
      Condition = { StringEquals = { "kms:ViaService" = "secretsmanager.${var.region}.amazonaws.com" } }
    },
  ]

  boundary_policy = jsonencode({ Version = "2012-10-17", Statement = local.boundary_statements })

  # What a grant adds: any of its buckets goes with any prefix, as in the operator's rule. For roles of its namespaces
  # alone: on another tenant's role, this boundary would open nothing more than the common one.
  grant_reach = {
    for name, grant in local.reaching_grants : name => {
      buckets   = [for bucket in grant.buckets : "arn:${var.partition}:s3:::${bucket}"]
      condition = contains(grant.namespaces, "*") ? {} : { StringEquals = { "aws:PrincipalTag/${local.tag_namespace}" = grant.namespaces } }
    }
  }

  grant_statements = {
    for name, grant in local.reaching_grants : name => [
      {
        Sid    = "GrantedObjects"
        Effect = "Allow"
        Action = local.object_actions
        Resource = concat(
          [for bucket in local.grant_reach[name].buckets : "${bucket}/${local.tenant}/*"],
          [for pair in setproduct(concat([var.media_bucket_arn], local.grant_reach[name].buckets), grant.media_prefixes) : "${pair[0]}/${pair[1]}*"],
        )
        Condition = local.grant_reach[name].condition
      },
      {
        Sid      = "GrantedListing"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = length(concat(grant.buckets, grant.media_prefixes)) == 0 ? [] : concat([var.media_bucket_arn], local.grant_reach[name].buckets)
        Condition = merge(local.grant_reach[name].condition, {
          StringLike = { "s3:prefix" = concat(["${local.tenant}/*"], [for prefix in grant.media_prefixes : "${prefix}*"]) }
        })
      },
      {
        Sid       = "GrantedEntries"
        Effect    = "Allow"
        Action    = local.reading_actions
        Resource  = [for prefix in grant.secret_prefixes : "${local.secrets}:${prefix}*"]
        Condition = local.grant_reach[name].condition
      },
    ]
  }

  grant_boundary_policies = {
    for name, statements in local.grant_statements : name => jsonencode({
      Version = "2012-10-17"
      Statement = concat(local.boundary_statements, [
        for statement in statements : { for element, value in statement : element => value if length(value) > 0 }
        if length(statement.Resource) > 0
      ])
    })
  }
}
