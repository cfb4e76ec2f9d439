# The group of its pods: database, AWS's endpoints and DNS, and nobody comes in. Rules are resources of their own, so that these
# stand beside those of modules/security-groups.

resource "aws_security_group" "this" {
  #checkov:skip=CKV2_AWS_5: the VPC CNI attaches it to pods that a SecurityGroupPolicy selects
  name        = "${var.name}-provisioner"
  description = "Provisioner pods: nothing in; database, AWS endpoints and DNS out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-provisioner" })
}

locals {
  # Where it goes, and what has to let it in.
  ways = {
    database  = { group = var.database_security_group_id, protocol = "tcp", port = var.database_port, what = "MySQL" }
    endpoints = { group = var.endpoint_security_group_id, protocol = "tcp", port = 443, what = "HTTPS to STS, Secrets Manager and S3" }
    dns-udp   = { group = var.cluster_security_group_id, protocol = "udp", port = 53, what = "DNS" }
    dns-tcp   = { group = var.cluster_security_group_id, protocol = "tcp", port = 53, what = "DNS" }
  }
}

resource "aws_vpc_security_group_egress_rule" "this" {
  for_each = local.ways

  security_group_id            = aws_security_group.this.id
  description                  = each.value.what
  referenced_security_group_id = each.value.group
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "this" {
  for_each = local.ways

  security_group_id            = each.value.group
  description                  = "${each.value.what} from provisioner pods"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = each.value.protocol
  from_port                    = each.value.port
  to_port                      = each.value.port

  tags = var.tags
}

# A gateway endpoint leaves S3 its public addresses, so no group stands for it, only AWS's list of ranges.
resource "aws_vpc_security_group_egress_rule" "s3_gateway" {
  count = var.s3_endpoint_type == "gateway" ? 1 : 0

  security_group_id = aws_security_group.this.id
  description       = "S3 through its gateway endpoint"
  prefix_list_id    = var.s3_prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = var.tags
}
