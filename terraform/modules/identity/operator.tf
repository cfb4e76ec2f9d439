locals {
  instance_roles = "${local.iam}:role${var.iam_path}${var.role_name_prefix}*"

  # The Allow statements are operator_policy() of operator/appinstance_operator/runtime/permissions.py, which the operator's
  # tests hold against the calls that it makes. The Deny statements stand whatever is added to them later.
  operator_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "RolesOfInstances"
        Effect = "Allow"
        Action = [
          "iam:DeleteRole",
          "iam:DeleteRolePolicy",
          "iam:DetachRolePolicy",
          "iam:GetRole",
          "iam:GetRolePolicy",
          "iam:ListAttachedRolePolicies",
          "iam:ListRolePolicies",
          "iam:PutRolePolicy",
          "iam:TagRole",
          "iam:UpdateAssumeRolePolicy",
        ]
        Resource = [local.instance_roles]
      },
      {
        # Of a role that does not exist, IAM knows the name but no path.
        Sid      = "LookForAbsentRoles"
        Effect   = "Allow"
        Action   = ["iam:GetRole"]
        Resource = ["${local.iam}:role/${var.role_name_prefix}*"]
      },
      {
        Sid       = "OnlyWithTheBoundary"
        Effect    = "Allow"
        Action    = ["iam:CreateRole", "iam:PutRolePermissionsBoundary"]
        Resource  = [local.instance_roles]
        Condition = { StringEquals = { "iam:PermissionsBoundary" = local.boundary_arn } }
      },
      {
        # Its own role, the other platform roles and the boundary.
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
        Resource = [local.boundary_arn]
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
        Condition = { StringNotEquals = { "iam:PermissionsBoundary" = local.boundary_arn } }
      },
      {
        # It writes trust policies, so it could name itself in one.
        Sid      = "TakesNoRole"
        Effect   = "Deny"
        Action   = ["sts:AssumeRole"]
        Resource = ["*"]
      },
    ]
  })
}
