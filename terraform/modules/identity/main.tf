locals {
  # The platform's own roles and policies. The operator is denied this path whatever else it is allowed.
  platform_path = "/platform/"

  iam          = "arn:${var.partition}:iam::${var.account_id}"
  secrets      = "arn:${var.partition}:secretsmanager:${var.region}:${var.account_id}:secret"
  boundary_arn = "${local.iam}:policy${local.platform_path}${local.boundary_name}"

  boundary_name = "${var.name}-instance-boundary"

  role_policies = {
    operator                 = local.operator_policy
    external-secrets         = local.external_secrets_policy
    load-balancer-controller = local.load_balancer_controller_policy
    cloudwatch-agent         = local.cloudwatch_agent_policy
  }
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
}

resource "aws_iam_policy" "boundary" {
  name        = local.boundary_name
  path        = local.platform_path
  description = "The most that a role of an instance can do, whatever its own policy says"
  policy      = local.boundary_policy
  tags        = var.tags
}
