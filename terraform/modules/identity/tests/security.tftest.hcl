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

  # Of both generations of roles: those of an earlier version have the second tag alone.
  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : statement.Resource if !contains(statement.Action, "s3:ListBucket")])) == toset([
      "arn:aws:s3:::platform-media/$${aws:PrincipalTag/appinstance-namespace}/*",
      "arn:aws:s3:::platform-media/$${aws:PrincipalTag/platform.appinstance.io/namespace}/*",
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:apps/$${aws:PrincipalTag/appinstance-namespace}/*",
      "arn:aws:secretsmanager:eu-central-1:123456789012:secret:apps/$${aws:PrincipalTag/platform.appinstance.io/namespace}/*",
      "arn:aws:kms:eu-central-1:123456789012:key/media", "arn:aws:kms:eu-central-1:123456789012:key/secrets",
    ])
    error_message = "The boundary must end at the objects and entries of the namespace that a role is tagged with, and their two keys."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : { resources = statement.Resource, condition = statement.Condition } if contains(statement.Action, "s3:ListBucket")] == [{
      resources = ["arn:aws:s3:::platform-media"]
      condition = { StringLike = { "s3:prefix" = ["$${aws:PrincipalTag/appinstance-namespace}/*", "$${aws:PrincipalTag/platform.appinstance.io/namespace}/*"] } }
    }]
    error_message = "A role must list the objects of its own namespace alone."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_policy.boundary.policy).Statement : can(statement.Condition.StringEquals["kms:ViaService"]) if length([for action in statement.Action : action if startswith(action, "kms:")]) > 0])
    error_message = "Keys must be usable through S3 and Secrets Manager alone."
  }

  assert {
    condition     = length(aws_iam_policy.grant_boundary) == 0
    error_message = "Without grants there must be no second boundary."
  }
}

run "grants" {
  variables {
    grants = {
      mail   = { namespaces = ["acme", "globex"], secret_prefixes = ["shared/mail/"] }
      videos = { namespaces = ["hooli"], media_prefixes = ["videos/"], buckets = ["platform-archive"] }
      site   = { namespaces = ["acme"] }
    }
  }

  assert {
    condition = { for name, boundary in aws_iam_policy.grant_boundary : name => "${boundary.path}${boundary.name}" } == {
      mail = "/platform/platform-grant-mail-boundary", videos = "/platform/platform-grant-videos-boundary"
    } && keys(output.grant_boundary_arns) == ["mail", "videos"]
    error_message = "Each grant that reaches entries or objects, and no other, must have a boundary of its own under /platform/."
  }

  assert {
    condition = alltrue([for boundary in values(aws_iam_policy.grant_boundary) :
    [for statement in jsondecode(boundary.policy).Statement : statement if !startswith(statement.Sid, "Granted")] == jsondecode(aws_iam_policy.boundary.policy).Statement])
    error_message = "A grant's boundary must hold what every namespace has, word for word."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.grant_boundary["mail"].policy).Statement : statement if startswith(statement.Sid, "Granted")] == [{
      Sid       = "GrantedEntries"
      Effect    = "Allow"
      Action    = ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"]
      Resource  = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shared/mail/*"]
      Condition = { StringEquals = { "aws:PrincipalTag/appinstance-namespace" = ["acme", "globex"] } }
    }]
    error_message = "A grant of entries must add exactly these, for roles of its namespaces alone."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_policy.grant_boundary["videos"].policy).Statement : statement if startswith(statement.Sid, "Granted")] == [
      {
        Sid    = "GrantedObjects"
        Effect = "Allow"
        Action = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
        Resource = [
          "arn:aws:s3:::platform-archive/$${aws:PrincipalTag/appinstance-namespace}/*",
          "arn:aws:s3:::platform-media/videos/*",
          "arn:aws:s3:::platform-archive/videos/*",
        ]
        Condition = { StringEquals = { "aws:PrincipalTag/appinstance-namespace" = ["hooli"] } }
      },
      {
        Sid      = "GrantedListing"
        Effect   = "Allow"
        Action   = ["s3:ListBucket"]
        Resource = ["arn:aws:s3:::platform-media", "arn:aws:s3:::platform-archive"]
        Condition = {
          StringEquals = { "aws:PrincipalTag/appinstance-namespace" = ["hooli"] }
          StringLike   = { "s3:prefix" = ["$${aws:PrincipalTag/appinstance-namespace}/*", "videos/*"] }
        }
      },
    ]
    error_message = "A grant of media must add exactly its prefixes and its buckets, for roles of its namespaces alone."
  }

  assert {
    condition = { for statement in jsondecode(output.policies["operator"]).Statement : statement.Sid => try(statement.Condition.StringEquals["aws:RequestTag/appinstance-namespace"], "any") if contains(statement.Action, "iam:CreateRole") && statement.Effect == "Allow" } == {
      CreateWithBoundaryAndTags = "any", CreateWithBoundaryAndTagsOfGrant1 = ["acme", "globex"], CreateWithBoundaryAndTagsOfGrant2 = ["hooli"]
    }
    error_message = "The operator must make roles with a grant's boundary for the grant's namespaces alone."
  }

  assert {
    condition = { for statement in jsondecode(output.policies["operator"]).Statement : statement.Sid => try(statement.Condition.StringEquals["aws:ResourceTag/appinstance-namespace"], "any") if contains(statement.Action, "iam:PutRolePermissionsBoundary") && statement.Effect == "Allow" } == {
      WritePoliciesUnderTheBoundary = "any", WritePoliciesUnderTheBoundaryOfGrant1 = ["acme", "globex"], WritePoliciesUnderTheBoundaryOfGrant2 = ["hooli"]
    }
    error_message = "The operator must put a grant's boundary onto roles of the grant's namespaces alone."
  }

  assert {
    condition = [for statement in jsondecode(output.policies["operator"]).Statement : statement.Condition.StringNotEquals["iam:PermissionsBoundary"] if statement.Sid == "NoOtherBoundary"][0] == [
      for name in ["instance", "grant-mail", "grant-videos"] : "arn:aws:iam::123456789012:policy/platform/platform-${name}-boundary"
    ]
    error_message = "Only the common boundary and those of the grants may be on a role."
  }
}

run "a_grant_for_all" {
  variables {
    grants = { mail = { namespaces = ["*"], secret_prefixes = ["shared/mail/"] } }
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_policy.grant_boundary["mail"].policy).Statement : { resources = statement.Resource, conditions = try(statement.Condition, "none") } if startswith(statement.Sid, "Granted")] == [{ resources = ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:shared/mail/*"], conditions = "none" }]
    error_message = "A grant for all namespaces must hold for each role, and hold nothing else."
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
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if statement.Effect == "Allow" && !can(statement.Condition)])) == toset([
      "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies", "iam:ListRolePolicies",
    ])
    error_message = "Without a condition the operator may only look."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Condition if statement.Effect == "Allow" && contains(statement.Action, "iam:CreateRole")] == [{
      StringEquals = {
        "iam:PermissionsBoundary"            = "arn:aws:iam::123456789012:policy/platform/platform-instance-boundary"
        "aws:RequestTag/appinstance-cluster" = "platform-blue"
        "aws:RequestTag/appinstance-issuer"  = "oidc.eks.eu-central-1.amazonaws.com/id/0123"
      }
      Null                        = { "aws:RequestTag/appinstance-name" = "false", "aws:RequestTag/appinstance-namespace" = "false" }
      "ForAllValues:StringEquals" = { "aws:TagKeys" = ["appinstance-cluster", "appinstance-issuer", "appinstance-name", "appinstance-namespace"] }
    }]
    error_message = "The operator must make no role without the boundary and the four tags by which it is known and capped."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Condition if statement.Effect == "Allow" && contains(statement.Action, "iam:TagRole")] == [{
      StringEquals = {
        "aws:RequestTag/appinstance-cluster" = "platform-blue"
        "aws:RequestTag/appinstance-issuer"  = "oidc.eks.eu-central-1.amazonaws.com/id/0123"
      }
      StringEqualsIfExists        = { for tag in ["cluster", "issuer", "name", "namespace"] : "aws:ResourceTag/appinstance-${tag}" => "$${aws:RequestTag/appinstance-${tag}}" }
      Null                        = { "aws:RequestTag/appinstance-name" = "false", "aws:RequestTag/appinstance-namespace" = "false", "aws:ResourceTag/platform.appinstance.io/namespace" = "true" }
      "ForAllValues:StringEquals" = { "aws:TagKeys" = ["appinstance-cluster", "appinstance-issuer", "appinstance-name", "appinstance-namespace"] }
    }]
    error_message = "The operator must not give a role that is tagged other tags: the boundary caps it by them."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Condition if statement.Effect == "Allow" && length(setintersection(statement.Action, ["iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"])) > 0] == [{
      StringEquals = {
        "iam:PermissionsBoundary"            = "arn:aws:iam::123456789012:policy/platform/platform-instance-boundary"
        "aws:ResourceTag/appinstance-issuer" = "oidc.eks.eu-central-1.amazonaws.com/id/0123"
      }
    }]
    error_message = "The operator must write policies under the boundary alone, onto roles of this cluster."
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement :
      try(statement.Condition.StringEquals["aws:ResourceTag/appinstance-issuer"], "none") == "oidc.eks.eu-central-1.amazonaws.com/id/0123"
      || try(statement.Condition.StringEquals["aws:ResourceTag/platform.appinstance.io/cluster"], "none") == "platform-blue"
    if statement.Effect == "Allow" && length(setintersection(statement.Action, ["iam:UpdateAssumeRolePolicy", "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy"])) > 0])
    error_message = "The operator must reach roles of this cluster alone, by their tags: another cluster's have the same path and prefix."
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if can(statement.Condition.StringEquals["aws:ResourceTag/platform.appinstance.io/cluster"])])) == toset([
      "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:DetachRolePolicy",
    ])
    error_message = "Roles of an earlier version may be removed, and nothing else."
  }

  assert {
    condition = length(setintersection(flatten([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if statement.Effect == "Allow"]), [
      "iam:*", "iam:AttachRolePolicy", "iam:PassRole", "iam:DeleteRolePermissionsBoundary", "iam:UpdateRole", "iam:CreatePolicyVersion", "iam:UntagRole", "iam:ListRoles", "sts:AssumeRole",
    ])) == 0
    error_message = "The operator may neither attach, pass, take, unbind, untag nor list roles."
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
      condition = { StringNotEquals = { "iam:PermissionsBoundary" = ["arn:aws:iam::123456789012:policy/platform/platform-instance-boundary"] } }
    }]
    error_message = "Creating a role or setting a boundary must be denied with any other boundary or none."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Sid => statement.Condition if statement.Effect == "Deny" && statement.Resource == ["*"] && contains(statement.Action, "iam:TagRole") } == {
      NoRoleWithoutNamespace = { Null = { "aws:RequestTag/appinstance-namespace" = "true" } }
      NoRoleOfAnotherCluster = { StringNotEquals = { "aws:RequestTag/appinstance-issuer" = "oidc.eks.eu-central-1.amazonaws.com/id/0123" } }
      NamespaceStaysOnRoles = {
        Null            = { "aws:ResourceTag/appinstance-namespace" = "false" }
        StringNotEquals = { "aws:ResourceTag/appinstance-namespace" = "$${aws:RequestTag/appinstance-namespace}" }
      }
    }
    error_message = "Tagging must be denied everywhere without a namespace, with another cluster's issuer, and with another namespace than a role has."
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Sid if statement.Effect == "Deny" && statement.Resource == ["*"] && contains(statement.Action, "iam:CreateRole")]) == toset(["NoOtherBoundary", "NoRoleWithoutNamespace", "NoRoleOfAnotherCluster"])
    error_message = "Creating a role must be denied everywhere without the boundary, without a namespace, and with another cluster's issuer."
  }

  assert {
    condition = length(setsubtract(["iam:DeleteRolePermissionsBoundary", "iam:UntagRole", "sts:AssumeRole"], flatten([
      for statement in jsondecode(aws_iam_role_policy.this["operator"].policy).Statement : statement.Action if statement.Effect == "Deny" && statement.Resource == ["*"] && !can(statement.Condition)
    ]))) == 0
    error_message = "Taking a boundary or a tag off, and taking a role, must be denied everywhere: the operator writes trust policies."
  }
}

run "external_secrets" {
  assert {
    condition     = jsondecode(aws_iam_role_policy.this["external-secrets"].policy).Statement == [{ Sid = "Nothing", Effect = "Deny", Action = ["*"], Resource = ["*"] }]
    error_message = "The controller's own role must open nothing: anybody's SecretStore without auth would borrow it."
  }
}

run "cloudwatch_agent" {
  assert {
    condition     = alltrue([for action in flatten([for statement in jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement : statement.Action]) : startswith(action, "logs:") || startswith(action, "cloudwatch:") || contains(["ec2:DescribeTags", "ec2:DescribeVolumes"], action)])
    error_message = "The agent may have log and metric actions only, and look at tags and volumes."
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement : statement.Action])) == toset(["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents", "cloudwatch:PutMetricData", "ec2:DescribeTags", "ec2:DescribeVolumes"])
    error_message = "The agent may write logs and metrics, and look up what it names them by; it may not make, change or remove groups."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement[0].Resource == ["arn:aws:logs:eu-central-1:123456789012:log-group:/aws/containerinsights/platform-blue/*"]
    error_message = "The agent may write to this cluster's log groups alone."
  }

  assert {
    condition     = can(jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement[1].Condition.StringEquals["cloudwatch:namespace"])
    error_message = "The agent's metrics must be bound to a namespace."
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.this["cloudwatch-agent"].policy).Statement[2].Condition == { StringEquals = { "aws:RequestedRegion" = "eu-central-1" } }
    error_message = "What the agent looks up must be of this region."
  }
}

run "load_balancer_controller" {
  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement : statement.Sid if contains(statement.Resource, "*")] == ["Look", "AskedForByWaf"]
    error_message = "Only looking, and what AWS binds to nothing, may reach all resources."
  }

  assert {
    condition = [for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
      { actions = statement.Action, resources = statement.Resource, condition = try(statement.Condition, "none") }
    if contains(statement.Action, "elasticloadbalancing:SetWebAcl")] == [{ actions = ["elasticloadbalancing:SetWebAcl"], resources = ["*"], condition = "none" }]
    error_message = "SetWebAcl has neither resource nor condition key at AWS: bound to one, no load balancer would ever get its web ACL."
  }

  assert {
    condition     = !contains(flatten([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement : statement.Action]), "wafv2:DisassociateWebACL")
    error_message = "No Ingress may take the web ACL off a load balancer."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement : alltrue([for action in statement.Action : can(regex("^(ec2|elasticloadbalancing):(Describe|Get)", action))]) if statement.Sid == "Look"])
    error_message = "What reaches all resources must be reading."
  }

  assert {
    # Everything that changes ELB is bound to the tag, either of the request or of the resource.
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
      try(statement.Condition.StringEquals["aws:RequestTag/elbv2.k8s.aws/cluster"], "none") == "platform-blue" || try(statement.Condition.StringEquals["aws:ResourceTag/elbv2.k8s.aws/cluster"], "none") == "platform-blue"
    if !contains(["Look", "AskedForByWaf"], statement.Sid) && anytrue([for action in statement.Action : startswith(action, "elasticloadbalancing:")])])
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
      && try(statement.Condition["ForAllValues:StringEquals"]["elasticloadbalancing:SecurityGroup"], []) == ["sg-0edge"]
    if length(setintersection(statement.Action, ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:SetSecurityGroups"])) > 0])
    error_message = "Every load balancer must carry the edge's security group and no other, and keep it."
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

run "external_dns" {
  variables {
    dns_zones = { "apps.example.com" = "Z0APPS", "example.org" = "Z0ORG" }
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.this["external-dns"].policy).Statement : statement.Resource[0] => [statement.Action, statement.Condition] if can(statement.Condition) } == {
      for zone, domain in { Z0APPS = "apps.example.com", Z0ORG = "example.org" } : "arn:aws:route53:::hostedzone/${zone}" => [["route53:ChangeResourceRecordSets"], {
        "ForAllValues:StringLike" = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = ["*.${domain}"] }
        "ForAllValues:StringEquals" = {
          "route53:ChangeResourceRecordSetsActions"     = ["CREATE", "DELETE", "UPSERT"]
          "route53:ChangeResourceRecordSetsRecordTypes" = ["A", "AAAA", "TXT"]
        }
        Null = { "route53:ChangeResourceRecordSetsNormalizedRecordNames" = "false", "route53:ChangeResourceRecordSetsRecordTypes" = "false" }
      }]
    }
    error_message = "external-dns may write addresses and its own marks of hosts below the domains, each in its zone, and nothing else."
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.this["external-dns"].policy).Statement : statement.Action])) == toset(["route53:ListHostedZones", "route53:ListResourceRecordSets", "route53:ChangeResourceRecordSets"])
    error_message = "external-dns may read and write records, and make or delete no zone."
  }

  assert {
    condition     = strcontains(aws_iam_role.this["external-dns"].assume_role_policy, "\"system:serviceaccount:external-dns:external-dns\"")
    error_message = "external-dns's role must trust its service account alone."
  }
}

run "nobody_writes_records_unasked" {
  assert {
    condition     = !contains(keys(aws_iam_role.this), "external-dns") && output.external_dns_role_arn == null
    error_message = "Without zones there must be no role for records."
  }
}

run "internal_load_balancers_carry_their_own_group" {
  command = apply

  variables {
    internal_edge_security_group_id = "sg-0inside"
  }

  assert {
    condition = alltrue([for statement in jsondecode(aws_iam_role_policy.this["load-balancer-controller"].policy).Statement :
      toset(try(statement.Condition["ForAnyValue:StringEquals"]["elasticloadbalancing:SecurityGroup"], [])) == toset(["sg-0edge", "sg-0inside"])
      && toset(try(statement.Condition["ForAllValues:StringEquals"]["elasticloadbalancing:SecurityGroup"], [])) == toset(["sg-0edge", "sg-0inside"])
    if length(setintersection(statement.Action, ["elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:SetSecurityGroups"])) > 0])
    error_message = "A load balancer must carry one of the two edges' groups and no other, and keep it."
  }
}
