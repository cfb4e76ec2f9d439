# The chain: internet -> edge -> frontend and backend -> database. A link names a group, never a range,
# except the first. Rules are resources of their own: another module may add one without a dispute.

# Edge: the load balancer ---------------------------------------------------------------------------

resource "aws_security_group" "edge" {
  #checkov:skip=CKV2_AWS_5: the load balancer controller attaches it to the load balancers that it makes
  name        = "${var.name}-edge"
  description = "Load balancer: HTTP and HTTPS in, only the pods out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-edge" })
}

resource "aws_vpc_security_group_ingress_rule" "edge_http" {
  #checkov:skip=CKV_AWS_260: port 80 answers with the redirect to HTTPS and nothing else
  for_each = var.edge_ingress_cidrs

  security_group_id = aws_security_group.edge.id
  description       = "HTTP, to be redirected to HTTPS"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80

  tags = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "edge_https" {
  for_each = var.edge_ingress_cidrs

  security_group_id = aws_security_group.edge.id
  description       = "HTTPS"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "edge_to_frontend" {
  security_group_id            = aws_security_group.edge.id
  description                  = "Requests and health checks to frontend pods"
  referenced_security_group_id = aws_security_group.frontend.id
  ip_protocol                  = "tcp"
  from_port                    = var.frontend_port
  to_port                      = var.frontend_port

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "edge_to_backend" {
  security_group_id            = aws_security_group.edge.id
  description                  = "Requests and health checks to backend pods"
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = var.backend_port
  to_port                      = var.backend_port

  tags = var.tags
}

# Internal edge: load balancers of the private networks, where they are offered ----------------------------

resource "aws_security_group" "internal_edge" {
  #checkov:skip=CKV2_AWS_5: the load balancer controller attaches it to the internal load balancers that it makes
  count = length(var.internal_ingress_cidrs) > 0 ? 1 : 0

  name        = "${var.name}-internal-edge"
  description = "Internal load balancer: HTTP and HTTPS of the named networks in, only the pods out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-internal-edge" })
}

resource "aws_vpc_security_group_ingress_rule" "internal_edge_http" {
  for_each = var.internal_ingress_cidrs

  security_group_id = aws_security_group.internal_edge[0].id
  description       = "HTTP, to be redirected to HTTPS"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 80
  to_port           = 80

  tags = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "internal_edge_https" {
  for_each = var.internal_ingress_cidrs

  security_group_id = aws_security_group.internal_edge[0].id
  description       = "HTTPS"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "internal_edge_to_frontend" {
  count = length(aws_security_group.internal_edge)

  security_group_id            = aws_security_group.internal_edge[0].id
  description                  = "Requests and health checks to frontend pods"
  referenced_security_group_id = aws_security_group.frontend.id
  ip_protocol                  = "tcp"
  from_port                    = var.frontend_port
  to_port                      = var.frontend_port

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "internal_edge_to_backend" {
  count = length(aws_security_group.internal_edge)

  security_group_id            = aws_security_group.internal_edge[0].id
  description                  = "Requests and health checks to backend pods"
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = var.backend_port
  to_port                      = var.backend_port

  tags = var.tags
}

# Frontend pods -------------------------------------------------------------------------------------

resource "aws_security_group" "frontend" {
  #checkov:skip=CKV2_AWS_5: the VPC CNI attaches it to pods that a SecurityGroupPolicy selects
  name        = "${var.name}-frontend"
  description = "Frontend pods: the load balancer in, DNS out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-frontend" })
}

resource "aws_vpc_security_group_ingress_rule" "frontend_from_edge" {
  security_group_id            = aws_security_group.frontend.id
  description                  = "Requests from the load balancer"
  referenced_security_group_id = aws_security_group.edge.id
  ip_protocol                  = "tcp"
  from_port                    = var.frontend_port
  to_port                      = var.frontend_port

  tags = var.tags
}

# A group is the same for all instances: which of the two edges reaches one, its policy says (edge.internal).
resource "aws_vpc_security_group_ingress_rule" "frontend_from_internal_edge" {
  count = length(aws_security_group.internal_edge)

  security_group_id            = aws_security_group.frontend.id
  description                  = "Requests from the internal load balancer"
  referenced_security_group_id = aws_security_group.internal_edge[0].id
  ip_protocol                  = "tcp"
  from_port                    = var.frontend_port
  to_port                      = var.frontend_port

  tags = var.tags
}

# A pod with a group of its own is reached by its node's kubelet through the network, not from within. Ordinary pods share the
# nodes' group, so it reaches the port of health and metrics alone: who calls the serving port comes through the edge.
resource "aws_vpc_security_group_ingress_rule" "frontend_probes" {
  security_group_id            = aws_security_group.frontend.id
  description                  = "Probes by the kubelet"
  referenced_security_group_id = var.cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.health_port
  to_port                      = var.health_port

  tags = var.tags
}

# Backend pods and the migration's --------------------------------------------------------------------

resource "aws_security_group" "backend" {
  #checkov:skip=CKV2_AWS_5: the VPC CNI attaches it to pods that a SecurityGroupPolicy selects
  name        = "${var.name}-backend"
  description = "Backend pods: the load balancer in; DNS, database and AWS endpoints out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-backend" })
}

resource "aws_vpc_security_group_ingress_rule" "backend_from_edge" {
  security_group_id            = aws_security_group.backend.id
  description                  = "Requests from the load balancer"
  referenced_security_group_id = aws_security_group.edge.id
  ip_protocol                  = "tcp"
  from_port                    = var.backend_port
  to_port                      = var.backend_port

  tags = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "backend_from_internal_edge" {
  count = length(aws_security_group.internal_edge)

  security_group_id            = aws_security_group.backend.id
  description                  = "Requests from the internal load balancer"
  referenced_security_group_id = aws_security_group.internal_edge[0].id
  ip_protocol                  = "tcp"
  from_port                    = var.backend_port
  to_port                      = var.backend_port

  tags = var.tags
}

# As for the frontend.
resource "aws_vpc_security_group_ingress_rule" "backend_probes" {
  security_group_id            = aws_security_group.backend.id
  description                  = "Probes by the kubelet, and metrics"
  referenced_security_group_id = var.cluster_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.health_port
  to_port                      = var.health_port

  tags = var.tags
}

# A group is the same for all instances: which of them call each other their policies say (spec.access).
resource "aws_vpc_security_group_ingress_rule" "backend_from_backend" {
  count = var.backends_call_each_other ? 1 : 0

  security_group_id            = aws_security_group.backend.id
  description                  = "Calls between backends"
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = var.backend_port
  to_port                      = var.backend_port

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "backend_to_backend" {
  count = var.backends_call_each_other ? 1 : 0

  security_group_id            = aws_security_group.backend.id
  description                  = "Calls between backends"
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = var.backend_port
  to_port                      = var.backend_port

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "backend_to_database" {
  security_group_id            = aws_security_group.backend.id
  description                  = "MySQL"
  referenced_security_group_id = aws_security_group.database.id
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port

  tags = var.tags
}

# What spec.network.egress opens in an instance's NetworkPolicy its group must let out too.
resource "aws_vpc_security_group_egress_rule" "backend_to_allowed" {
  for_each = var.backend_egress_cidrs

  security_group_id = aws_security_group.backend.id
  description       = "Networks that instances may name (spec.network); which of them, and which port, their policies say"
  cidr_ipv4         = each.value
  ip_protocol       = "-1"

  tags = var.tags
}

resource "aws_vpc_security_group_egress_rule" "backend_to_endpoints" {
  security_group_id            = aws_security_group.backend.id
  description                  = "STS and S3 through their interface endpoints"
  referenced_security_group_id = var.endpoint_security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443

  tags = var.tags
}

# A gateway endpoint leaves S3 its public addresses, so no group stands for it, only AWS's list of ranges.
resource "aws_vpc_security_group_egress_rule" "backend_to_s3_gateway" {
  count = var.s3_endpoint_type == "gateway" ? 1 : 0

  security_group_id = aws_security_group.backend.id
  description       = "S3 through its gateway endpoint"
  prefix_list_id    = var.s3_prefix_list_id
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = var.tags
}

locals {
  outside = merge([
    for name, place in var.outside : { for cidr in place.cidrs : "${name} ${cidr}" => { name = name, cidr = cidr, port = place.port } }
  ]...)
}

# Mail and the identity provider lie beyond the platform: no group stands for them, only their networks.
resource "aws_vpc_security_group_egress_rule" "backend_to_outside" {
  for_each = local.outside

  security_group_id = aws_security_group.backend.id
  description       = each.value.name
  cidr_ipv4         = each.value.cidr
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port

  tags = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "endpoints_from_backend" {
  security_group_id            = var.endpoint_security_group_id
  description                  = "HTTPS from backend pods"
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443

  tags = var.tags
}

# DNS: CoreDNS runs on the nodes, behind the cluster's group --------------------------------------------

locals {
  # UDP first; an answer that does not fit in a datagram is asked for again over TCP.
  dns = {
    for pair in setproduct(["frontend", "backend"], ["udp", "tcp"]) : join("-", pair) => {
      protocol = pair[1]
      group_id = pair[0] == "frontend" ? aws_security_group.frontend.id : aws_security_group.backend.id
      pods     = pair[0]
    }
  }
}

resource "aws_vpc_security_group_egress_rule" "dns" {
  for_each = local.dns

  security_group_id            = each.value.group_id
  description                  = "DNS"
  referenced_security_group_id = var.cluster_security_group_id
  ip_protocol                  = each.value.protocol
  from_port                    = 53
  to_port                      = 53

  tags = var.tags
}

resource "aws_vpc_security_group_ingress_rule" "dns" {
  for_each = local.dns

  security_group_id            = var.cluster_security_group_id
  description                  = "DNS from ${each.value.pods} pods"
  referenced_security_group_id = each.value.group_id
  ip_protocol                  = each.value.protocol
  from_port                    = 53
  to_port                      = 53

  tags = var.tags
}

# Database --------------------------------------------------------------------------------------------

# Without any egress rule: the database answers, and never calls.
resource "aws_security_group" "database" {
  #checkov:skip=CKV2_AWS_5: the module database attaches it to the RDS instance
  name        = "${var.name}-database"
  description = "Database: backend pods in, nothing out"
  vpc_id      = var.vpc_id

  tags = merge(var.tags, { Name = "${var.name}-database" })
}

resource "aws_vpc_security_group_ingress_rule" "database_from_backend" {
  security_group_id            = aws_security_group.database.id
  description                  = "MySQL from backend pods"
  referenced_security_group_id = aws_security_group.backend.id
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port

  tags = var.tags
}

# A bastion, a VPN's endpoint: from where administrators make schemas and accounts.
resource "aws_vpc_security_group_ingress_rule" "database_from_administrators" {
  for_each = var.database_admin_security_group_ids

  security_group_id            = aws_security_group.database.id
  description                  = "MySQL from administrators"
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = var.database_port
  to_port                      = var.database_port

  tags = var.tags
}
