locals {
  # The platform's own roles and policies. The operator is denied this path whatever else it is allowed.
  platform_path = "/platform/"

  iam     = "arn:${var.partition}:iam::${var.account_id}"
  secrets = "arn:${var.partition}:secretsmanager:${var.region}:${var.account_id}:secret"

  # The prefix of the tags that roles of an earlier version carry.
  earlier_tags = "platform.appinstance.io"

  boundary_name = "${var.name}-instance-boundary"
  boundary_arn  = "${local.iam}:policy${local.platform_path}${local.boundary_name}"

  # A grant of domains or networks needs no rights in AWS; one that reaches entries or objects has a boundary of its own.
  reaching_grants      = { for name, grant in var.grants : name => grant if length(concat(grant.secret_prefixes, grant.media_prefixes, grant.buckets)) > 0 }
  grant_boundary_names = { for name in keys(local.reaching_grants) : name => "${var.name}-grant-${name}-boundary" }
  grant_boundary_arns  = { for name, boundary in local.grant_boundary_names : name => "${local.iam}:policy${local.platform_path}${boundary}" }

  role_policies = merge(
    {
      operator                 = local.operator_policy
      external-secrets         = local.external_secrets_policy
      load-balancer-controller = local.load_balancer_controller_policy
      cloudwatch-agent         = local.cloudwatch_agent_policy
    },
    length(var.dns_zones) == 0 ? {} : { external-dns = local.external_dns_policy },
  )
}

resource "aws_iam_role" "this" {
  for_each = local.role_policies

  name                 = "${var.name}-${each.key}"
  path                 = local.platform_path
  description          = "${each.key} of ${var.cluster_name}, taken by its service account alone"
  assume_role_policy   = local.trusts[each.key]
  max_session_duration = 3600
  tags                 = var.tags
}

# Inline: a policy that nobody else can attach, and that goes with its role.
resource "aws_iam_role_policy" "this" {
  for_each = local.role_policies

  name   = each.key
  role   = aws_iam_role.this[each.key].name
  policy = each.value

  lifecycle {
    precondition {
      condition     = length(each.value) <= 10240
      error_message = "The policy of ${each.key} is longer than the 10,240 characters that IAM takes; if it is the operator's, put grants of the same namespaces or entries into one."
    }
  }
}

resource "aws_iam_policy" "boundary" {
  name        = local.boundary_name
  path        = local.platform_path
  description = "The most that a role of an instance can do, whatever its own policy says"
  policy      = local.boundary_policy
  tags        = var.tags
}

resource "aws_iam_policy" "grant_boundary" {
  for_each = local.grant_boundary_names

  name        = each.value
  path        = local.platform_path
  description = "The most that a role of an instance can do in the namespaces of the grant ${each.key}"
  policy      = local.grant_boundary_policies[each.key]
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = length(local.grant_boundary_policies[each.key]) <= 6144
      error_message = "The boundary of the grant ${each.key} is longer than the 6,144 characters that IAM takes; name fewer prefixes and buckets in it."
    }
  }
}
