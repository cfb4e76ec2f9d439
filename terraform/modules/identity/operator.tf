locals {
  instance_roles = "${local.iam}:role${var.iam_path}${var.role_name_prefix}*"

  # Each boundary with the namespaces that it is for (none: for all), and what its statements' Sids end with.
  boundaries = concat(
    [{ suffix = "", arn = local.boundary_arn, namespaces = [] }],
    [for number, arn in sort(values(local.grant_boundary_arns)) : {
      suffix     = "OfGrant${number + 1}"
      arn        = arn
      namespaces = one([for name, grant in local.reaching_grants : contains(grant.namespaces, "*") ? [] : sort(distinct(grant.namespaces)) if local.grant_boundary_arns[name] == arn])
    }],
  )
  boundary_arns = local.boundaries[*].arn

  role_tags = [for tag in ["cluster", "issuer", "name", "namespace"] : "appinstance-${tag}"]

  # All four tags, no other, and this cluster's issuer. ForAllValues holds for a request without tags as well, so each
  # is asked for.
  tags_of_a_role = {
    StringEquals = {
      "aws:RequestTag/appinstance-cluster" = var.cluster_name
      "aws:RequestTag/appinstance-issuer"  = var.oidc_issuer
    }
    Null = {
      "aws:RequestTag/appinstance-name"       = "false"
      "aws:RequestTag/${local.tag_namespace}" = "false"
    }
    "ForAllValues:StringEquals" = { "aws:TagKeys" = local.role_tags }
  }

  own_role       = { "aws:ResourceTag/appinstance-issuer" = var.oidc_issuer }
  role_removals  = ["iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"]
  role_creations = ["iam:CreateRole", "iam:TagRole"]

  # operator_policy() of operator/appinstance_operator/runtime/permissions.py, which the operator's tests hold against the
  # calls that it makes, and tests/terraform against these.
  operator_rights = concat(
    [
      {
        Sid      = "LookAtRolesOfInstances"
        Effect   = "Allow"
        Action   = ["iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies"]
        Resource = [local.instance_roles]
      },
      {
        # Of a role that does not exist, IAM knows the name but no path.
        Sid      = "LookForAbsentRoles"
        Effect   = "Allow"
        Action   = ["iam:GetRole"]
        Resource = ["${local.iam}:role/${var.role_name_prefix}*"]
      },
    ],
    [for boundary in local.boundaries : {
      # A grant's boundary goes onto roles of the grant's namespaces alone.
      Sid      = "CreateWithBoundaryAndTags${boundary.suffix}"
      Effect   = "Allow"
      Action   = ["iam:CreateRole"]
      Resource = [local.instance_roles]
      Condition = merge(local.tags_of_a_role, {
        StringEquals = merge(
          local.tags_of_a_role.StringEquals,
          { "iam:PermissionsBoundary" = boundary.arn },
          length(boundary.namespaces) == 0 ? {} : { "aws:RequestTag/${local.tag_namespace}" = boundary.namespaces },
        )
      })
    }],
    [
      {
        # CreateRole with tags needs it. What a role is tagged with stays, and a role of an earlier version gets no second
        # namespace, which would open two tenants.
        Sid      = "TagOnCreationAlone"
        Effect   = "Allow"
        Action   = ["iam:TagRole"]
        Resource = [local.instance_roles]
        Condition = merge(local.tags_of_a_role, {
          Null                 = merge(local.tags_of_a_role.Null, { "aws:ResourceTag/${local.earlier_tags}/namespace" = "true" })
          StringEqualsIfExists = { for tag in local.role_tags : "aws:ResourceTag/${tag}" => "$${aws:RequestTag/${tag}}" }
        })
      },
    ],
    [for boundary in local.boundaries : {
      Sid      = "WritePoliciesUnderTheBoundary${boundary.suffix}"
      Effect   = "Allow"
      Action   = ["iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
      Resource = [local.instance_roles]
      Condition = {
        StringEquals = merge(
          local.own_role,
          { "iam:PermissionsBoundary" = boundary.arn },
          length(boundary.namespaces) == 0 ? {} : { "aws:ResourceTag/${local.tag_namespace}" = boundary.namespaces },
        )
      }
    }],
    [
      {
        Sid       = "WriteTrustOfOwnRoles"
        Effect    = "Allow"
        Action    = ["iam:UpdateAssumeRolePolicy"]
        Resource  = [local.instance_roles]
        Condition = { StringEquals = merge(local.own_role, { "iam:PermissionsBoundary" = local.boundary_arns }) }
      },
      {
        Sid       = "RemoveOwnRoles"
        Effect    = "Allow"
        Action    = local.role_removals
        Resource  = [local.instance_roles]
        Condition = { StringEquals = local.own_role }
      },
      {
        Sid       = "RemoveRolesOfEarlierVersions"
        Effect    = "Allow"
        Action    = local.role_removals
        Resource  = [local.instance_roles]
        Condition = { StringEquals = { "aws:ResourceTag/${local.earlier_tags}/cluster" = var.cluster_name } }
      },
    ],
  )

  # They stand whatever is allowed besides.
  operator_denials = [
    {
      # Its own role, the other platform roles and the boundaries.
      Sid      = "NothingOfThePlatform"
      Effect   = "Deny"
      Action   = ["iam:*"]
      Resource = ["${local.iam}:role${local.platform_path}*", "${local.iam}:policy${local.platform_path}*"]
    },
    {
      Sid    = "BoundaryStaysAsItIs"
      Effect = "Deny"
      Action = [
        "iam:CreatePolicyVersion",
        "iam:DeletePolicy",
        "iam:DeletePolicyVersion",
        "iam:SetDefaultPolicyVersion",
      ]
      Resource = local.boundary_arns
    },
    {
      Sid      = "BoundaryStaysOnRoles"
      Effect   = "Deny"
      Action   = ["iam:DeleteRolePermissionsBoundary", "iam:DeleteUserPermissionsBoundary"]
      Resource = ["*"]
    },
    {
      # Absent counts as not equal.
      Sid       = "NoOtherBoundary"
      Effect    = "Deny"
      Action    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary"]
      Resource  = ["*"]
      Condition = { StringNotEquals = { "iam:PermissionsBoundary" = local.boundary_arns } }
    },
    {
      # The boundary caps a role by its tags.
      Sid      = "TagsStayOnRoles"
      Effect   = "Deny"
      Action   = ["iam:UntagRole"]
      Resource = ["*"]
    },
    {
      Sid       = "NoRoleWithoutNamespace"
      Effect    = "Deny"
      Action    = local.role_creations
      Resource  = ["*"]
      Condition = { Null = { "aws:RequestTag/${local.tag_namespace}" = "true" } }
    },
    {
      # Absent counts as not equal.
      Sid       = "NoRoleOfAnotherCluster"
      Effect    = "Deny"
      Action    = local.role_creations
      Resource  = ["*"]
      Condition = { StringNotEquals = { "aws:RequestTag/appinstance-issuer" = var.oidc_issuer } }
    },
    {
      Sid      = "NamespaceStaysOnRoles"
      Effect   = "Deny"
      Action   = ["iam:TagRole"]
      Resource = ["*"]
      Condition = {
        # A negated condition also holds where the tag is absent, as on a role that is being created.
        Null            = { "aws:ResourceTag/${local.tag_namespace}" = "false" }
        StringNotEquals = { "aws:ResourceTag/${local.tag_namespace}" = "$${aws:RequestTag/${local.tag_namespace}}" }
      }
    },
    {
      # It writes trust policies, so it could name itself in one.
      Sid      = "TakesNoRole"
      Effect   = "Deny"
      Action   = ["sts:AssumeRole"]
      Resource = ["*"]
    },
  ]

  operator_policy = jsonencode({ Version = "2012-10-17", Statement = concat(local.operator_rights, local.operator_denials) })
}
