mock_provider "aws" {
  source = "./tests/mocks"
}

run "defaults" {
  assert {
    condition     = toset(keys(aws_iam_role.this)) == toset(["operator", "external-secrets", "load-balancer-controller", "cloudwatch-agent"])
    error_message = "There must be a role for each of the four controllers, and no other."
  }

  assert {
    condition     = output.iam_path == "/appinstances/" && output.role_name_prefix == "appi-"
    error_message = "Path and prefix must default to those of the operator's settings."
  }

  assert {
    condition     = output.service_accounts["operator"] == { namespace = "appinstance-system", name = "appinstance-operator" }
    error_message = "The operator's service account must be the one that its chart makes."
  }

  assert {
    condition     = toset(keys(output.policies)) == toset(["boundary", "operator", "external-secrets", "load-balancer-controller", "cloudwatch-agent", "operator-trust", "external-secrets-trust", "load-balancer-controller-trust", "cloudwatch-agent-trust"])
    error_message = "policies must hold every document of the module."
  }

  assert {
    condition     = alltrue([for document in values(output.policies) : alltrue([for statement in jsondecode(document).Statement : can(regex("^[A-Za-z0-9]+$", statement.Sid))])])
    error_message = "Every statement must have a Sid of letters and digits, as IAM asks."
  }

  assert {
    condition     = alltrue([for document in values(output.policies) : length(distinct([for statement in jsondecode(document).Statement : statement.Sid])) == length(jsondecode(document).Statement)])
    error_message = "Sids must be unique within a document, as IAM asks."
  }

  assert {
    condition     = alltrue([for policy in values(aws_iam_role_policy.this) : length(policy.policy) <= 10240])
    error_message = "An inline policy must fit IAM's 10,240 characters."
  }

  assert {
    condition     = length(aws_iam_policy.boundary.policy) <= 6144
    error_message = "The boundary must fit IAM's 6,144 characters."
  }

  assert {
    condition     = [for statement in jsondecode(output.policies["operator"]).Statement : statement.Condition.StringEquals["iam:PermissionsBoundary"] if statement.Sid == "CreateWithBoundaryAndTags"] == [output.permissions_boundary_arn]
    error_message = "The operator's policy must name the boundary by the ARN that it really gets."
  }
}

run "other_names" {
  variables {
    iam_path                 = "/tenants/blue/"
    role_name_prefix         = "blue-"
    operator_service_account = { namespace = "operators", name = "appi" }
  }

  assert {
    condition     = jsondecode(output.policies["operator"]).Statement[0].Resource == ["arn:aws:iam::123456789012:role/tenants/blue/blue-*"]
    error_message = "The operator's reach must follow path and prefix."
  }

  assert {
    condition     = jsondecode(output.policies["operator-trust"]).Statement[0].Condition.StringEquals["oidc.eks.eu-central-1.amazonaws.com/id/0123:sub"] == "system:serviceaccount:operators:appi"
    error_message = "The operator's trust must follow its service account."
  }
}

run "one_web_acl" {
  variables {
    web_acl_arn = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/platform/0a1b"
  }

  assert {
    condition     = [for statement in jsondecode(output.policies["load-balancer-controller"]).Statement : statement.Resource if statement.Sid == "WebAclOnLoadBalancers"][0][0] == "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/platform/0a1b"
    error_message = "A web ACL that is named must be the only one that load balancers can get."
  }
}

run "other_partition" {
  variables {
    partition           = "aws-us-gov"
    region              = "us-gov-west-1"
    oidc_provider_arn   = "arn:aws-us-gov:iam::123456789012:oidc-provider/oidc.eks.us-gov-west-1.amazonaws.com/id/0123"
    oidc_issuer         = "oidc.eks.us-gov-west-1.amazonaws.com/id/0123"
    media_bucket_arn    = "arn:aws-us-gov:s3:::platform-media"
    media_kms_key_arn   = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/media"
    secrets_kms_key_arn = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/secrets"
  }

  assert {
    condition     = alltrue([for document in values(output.policies) : !strcontains(document, "arn:aws:")])
    error_message = "Every ARN must be of the partition that is given."
  }
}
