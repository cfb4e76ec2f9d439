mock_provider "aws" {
  source = "./tests/mocks"
}

run "trust" {
  assert {
    condition = { for role, made in aws_iam_role.this : role => jsondecode(made.assume_role_policy).Statement } == { for role, account in {
      operator                 = "appinstance-system:appinstance-operator"
      external-secrets         = "external-secrets:external-secrets"
      load-balancer-controller = "kube-system:aws-load-balancer-controller"
      cloudwatch-agent         = "amazon-cloudwatch:cloudwatch-agent"
      } : role => [{
        Sid       = "OnlyThisServiceAccount"
        Effect    = "Allow"
        Principal = { Federated = var.oidc_provider_arn }
        Action    = "sts:AssumeRoleWithWebIdentity"
        Condition = { StringEquals = {
          "oidc.eks.eu-central-1.amazonaws.com/id/0123:sub" = "system:serviceaccount:${account}"
          "oidc.eks.eu-central-1.amazonaws.com/id/0123:aud" = "sts.amazonaws.com"
        } }
    }] }
    error_message = "Each role must trust exactly one service account, with both sub and aud."
  }

  assert {
    condition     = alltrue([for role in values(aws_iam_role.this) : role.path == "/platform/"]) && aws_iam_policy.boundary.path == "/platform/"
    error_message = "The platform's roles and the boundary must lie under /platform/, which the operator is denied."
  }
}

run "boundary" {
  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Action])) == toset([
      "s3:DeleteObject", "s3:GetObject", "s3:PutObject", "s3:ListBucket",
      "secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue",
      "kms:Decrypt", "kms:GenerateDataKey",
    ])
    error_message = "The boundary must hold the actions that instances need and no other."
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Resource])) == toset([
      "arn:aws:s3:::platform-media", "arn:aws:s3:::platform-media/*",
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:apps/*",
      "arn:aws:kms:eu-central-1:123456789012:key/media", "arn:aws:kms:eu-central-1:123456789012:key/secrets",
    ])
    error_message = "The boundary must end at the media bucket, the instances' entries and their two keys."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : can(statement.Condition.StringEquals["kms:ViaService"]) if length([for action in statement.Action : action if startswith(action, "kms:")]) > 0])
    error_message = "Keys must be usable through S3 and Secrets Manager alone."
  }
}

run "operator" {
  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Resource == ["arn:aws:iam::123456789012:role/appinstances/appi-*"] if statement.Effect == "Allow" && statement.Sid != "LookForAbsentRoles"])
    error_message = "The operator may only reach roles under its path and prefix."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if statement.Sid == "LookForAbsentRoles"] == [["iam:GetRole"]]
    error_message = "Outside of its path the operator may only look."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement :
      try(statement.Condition.StringEquals["iam:PermissionsBoundary"], "none") == "arn:aws:iam::123456789012:policy/platform/platform-instance-boundary"
    if statement.Effect == "Allow" && length(setintersection(statement.Action, ["iam:CreateRole", "iam:PutRolePermissionsBoundary"])) > 0])
    error_message = "The operator must make no role without the boundary."
  }

  assert {
    condition = length(setintersection(flatten([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if statement.Effect == "Allow"]), [
      "iam:*", "iam:AttachRolePolicy", "iam:PassRole", "iam:DeleteRolePermissionsBoundary", "iam:UpdateRole", "iam:CreatePolicyVersion", "sts:AssumeRole",
    ])) == 0
    error_message = "The operator may neither attach, pass, take nor unbind roles."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : { actions = statement.Action, resources = statement.Resource } if statement.Sid == "NothingOfThePlatform" && statement.Effect == "Deny"] == [{
      actions   = ["iam:*"]
      resources = ["arn:aws:iam::123456789012:role/platform/*", "arn:aws:iam::123456789012:policy/platform/*"]
    }]
    error_message = "The operator must be denied everything under /platform/: its own role and the boundary."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : { resources = statement.Resource, condition = statement.Condition } if statement.Sid == "NoOtherBoundary" && statement.Effect == "Deny"] == [{
      resources = ["*"]
      condition = { StringNotEquals = { "iam:PermissionsBoundary" = "arn:aws:iam::123456789012:policy/platform/platform-instance-boundary" } }
    }]
    error_message = "Creating a role or setting a boundary must be denied with any other boundary or none."
  }

  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if statement.Effect == "Deny" && statement.Resource == ["*"] && !can(statement.Condition)]), "iam:DeleteRolePermissionsBoundary")
    error_message = "Taking a boundary off must be denied everywhere."
  }

  assert {
    condition     = contains(flatten([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if statement.Effect == "Deny" && statement.Resource == ["*"] && !can(statement.Condition)]), "sts:AssumeRole")
    error_message = "The operator writes trust policies, so taking a role must be denied to it."
  }
}

run "external_secrets" {
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["external-secrets"].policy).Statement : statement.Resource] == [["arn:aws:secretsmanager:eu-central-1:123456789012:secret:platform/*"], ["arn:aws:kms:eu-central-1:123456789012:key/secrets"]]
    error_message = "The controller's own rights must end at the platform's entries: any SecretStore without auth would borrow them."
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.this["external-secrets"].policy).Statement : statement.Action])) == toset(["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "kms:Decrypt"])
    error_message = "The controller may read, and nothing else."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this["external-secrets"].policy).Statement[1].Condition.StringEquals["kms:ViaService"] == "secretsmanager.eu-central-1.amazonaws.com"
    error_message = "The key must be usable through Secrets Manager alone."
  }
}

run "cloudwatch_agent" {
  assert {
    condition     = alltrue([for action in flatten([for statement in jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement : statement.Action]) : startswith(action, "logs:") || startswith(action, "cloudwatch:")])
    error_message = "The agent may have log and metric actions only."
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement : statement.Action])) == toset(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", "cloudwatch:PutMetricData"])
    error_message = "The agent may write logs and metrics; it may not make, change or remove groups."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement[0].Resource == ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/containerinsights/platform-blue/*"]
    error_message = "The agent may write to this cluster's log groups alone."
  }

  assert {
    condition     = can(jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement[1].Condition.StringEquals["cloudwatch:namespace"])
    error_message = "The agent's metrics must be bound to a namespace."
  }
}

run "load_balancer_controller" {
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement : statement.Sid if contains(statement.Resource, "*")] == ["Look"]
    error_message = "Only looking may reach all resources."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement : alltrue([for action in statement.Action : can(regex("^(ec2|elasticloadbalancing):(Describe|Get)", action))]) if statement.Sid == "Look"])
    error_message = "What reaches all resources must be reading."
  }

  assert {
    # Everything that changes ELB is bound to the tag, either of the request or of the resource.
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
      try(statement.Condition.StringEquals["aws:RequestTag/elbv2.k8s.aws/cluster"], "none") == "platform-blue" || try(statement.Condition.StringEquals["aws:ResourceTag/elbv2.k8s.aws/cluster"], "none") == "platform-blue"
    if statement.Sid != "Look" && anytrue([for action in statement.Action : startswith(action, "elasticloadbalancing:")])])
    error_message = "Load balancers, target groups, listeners and rules of others must be out of reach."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
    alltrue([for action in statement.Action : can(regex("^ec2:(Describe|Get)[A-Za-z]+$", action)) || !startswith(action, "ec2:")])])
    error_message = "Security groups are Terraform's alone; the controller must not make, tag or open one."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
      try(statement.Condition["ForAnyValue:StringEquals"]["elasticloadbalancing:SecurityGroup"], []) == ["sg-0edge"]
    if length(setintersection(statement.Action, ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:SetSecurityGroups"])) > 0])
    error_message = "Every load balancer must carry the edge's security group, and keep it."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement : alltrue([for action in statement.Action : !can(regex("^(shield|waf-regional|cognito-idp|acm):", action))])])
    error_message = "The controller needs no right to Shield, classic WAF, Cognito or certificates."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
      statement.Condition.StringEquals["iam:AWSServiceName"] == "elasticloadbalancing.amazonaws.com"
    if anytrue([for action in statement.Action : startswith(action, "iam:")])])
    error_message = "Of IAM the controller may only make ELB's own service-linked role."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
      statement.Condition.Null["aws:RequestTag/elbv2.k8s.aws/cluster"] == "true"
    if statement.Sid == "TagItsOwn"])
    error_message = "The cluster's tag must not be written on what exists: it decides what is in reach."
  }
}
