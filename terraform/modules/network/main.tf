locals {
  zone_index = { for index, zone in var.availability_zones : zone => index }

  # Every range is a fixed part of the /16, so each can be named in a NetworkPolicy before anything exists:
  #   x.y.0.0/18    private, a /20 per zone (a fourth is free)
  #   x.y.64.0/20   public, a /24 per zone
  #   x.y.80.0/20   database, a /24 per zone
  #   x.y.96.0/24   endpoints, a /26 per zone
  #   x.y.112.0/24  nat, a /28 per zone
  #   x.y.128.0/20  internal load balancers, a /24 per zone, where they are offered
  cidrs = {
    private  = { for zone, index in local.zone_index : zone => cidrsubnet(var.cidr, 4, index) }
    public   = { for zone, index in local.zone_index : zone => cidrsubnet(var.cidr, 8, 64 + index) }
    database = { for zone, index in local.zone_index : zone => cidrsubnet(var.cidr, 8, 80 + index) }
    endpoint = { for zone, index in local.zone_index : zone => cidrsubnet(var.cidr, 10, 96 * 4 + index) }
    nat      = { for zone, index in local.zone_index : zone => cidrsubnet(var.cidr, 12, 112 * 16 + index) }
    internal = { for zone, index in local.zone_index : zone => cidrsubnet(var.cidr, 8, 128 + index) }
  }

  # The zone whose NAT gateway carries a zone's traffic.
  nat_zone  = { for zone in var.availability_zones : zone => var.single_nat_gateway ? var.availability_zones[0] : zone }
  nat_zones = toset(values(local.nat_zone))

  cluster_tag = { "kubernetes.io/cluster/${var.cluster_name}" = "shared" }
  # The load balancer controller's, by scheme (its pkg/networking/subnet_resolver.go at 225f445).
  elb_tag          = "kubernetes.io/role/elb"
  internal_elb_tag = "kubernetes.io/role/internal-elb"

  internal_zones = var.internal_load_balancers ? local.zone_index : {}
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = merge(var.tags, { Name = var.name })
}

# Whatever is started without a group of its own gets this one: it admits and reaches nothing.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "${var.name}-default-unused" })
}

# A subnet without an association falls back to this table: it leads nowhere.
resource "aws_default_route_table" "this" {
  default_route_table_id = aws_vpc.this.default_route_table_id
  route                  = []

  tags = merge(var.tags, { Name = "${var.name}-default-unused" })
}

# Subnets ------------------------------------------------------------------------------------------

# Nodes and pods. Without the internal-elb tag: a load balancer among the pods would have addresses
# that no NetworkPolicy could tell from those of pods.
resource "aws_subnet" "private" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = local.cidrs.private[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, local.cluster_tag, { Name = "${var.name}-private-${each.key}" })
}

# The load balancer alone: NetworkPolicies admit these ranges, so nothing else may have an address here.
resource "aws_subnet" "public" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = local.cidrs.public[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, local.cluster_tag, {
    Name            = "${var.name}-public-${each.key}"
    (local.elb_tag) = "1"
  })
}

# Internal load balancers alone, for the same reason as the public ones: policies of instances that ask for them admit these ranges.
resource "aws_subnet" "internal" {
  for_each = local.internal_zones

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = local.cidrs.internal[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, local.cluster_tag, {
    Name                     = "${var.name}-internal-${each.key}"
    (local.internal_elb_tag) = "1"
  })
}

# NAT gateways need a public route, but must not sit in the load balancer's ranges.
resource "aws_subnet" "nat" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = local.cidrs.nat[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-nat-${each.key}" })
}

resource "aws_subnet" "database" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = local.cidrs.database[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-database-${each.key}" })
}

# Interface endpoints alone, so that a policy which names these ranges opens AWS's services and no pod.
resource "aws_subnet" "endpoint" {
  for_each = local.zone_index

  vpc_id                  = aws_vpc.this.id
  availability_zone       = each.key
  cidr_block              = local.cidrs.endpoint[each.key]
  map_public_ip_on_launch = false

  tags = merge(var.tags, { Name = "${var.name}-endpoint-${each.key}" })
}

# Ways out -----------------------------------------------------------------------------------------

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = var.name })
}

resource "aws_eip" "nat" {
  for_each = local.nat_zones

  domain = "vpc"

  tags = merge(var.tags, { Name = "${var.name}-nat-${each.key}" })

  depends_on = [aws_internet_gateway.this]
}

resource "aws_nat_gateway" "this" {
  for_each = local.nat_zones

  allocation_id = aws_eip.nat[each.key].id
  subnet_id     = aws_subnet.nat[each.key].id

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })

  depends_on = [aws_internet_gateway.this]
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "${var.name}-public" })
}

resource "aws_route" "public" {
  route_table_id         = aws_route_table.public.id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.this.id
}

resource "aws_route_table_association" "public" {
  for_each = local.zone_index

  route_table_id = aws_route_table.public.id
  subnet_id      = aws_subnet.public[each.key].id
}

resource "aws_route_table_association" "nat" {
  for_each = local.zone_index

  route_table_id = aws_route_table.public.id
  subnet_id      = aws_subnet.nat[each.key].id
}

# Leads to the VPC alone; whoever peers it or has a VPN adds the way back to the people there.
resource "aws_route_table" "internal" {
  count = var.internal_load_balancers ? 1 : 0

  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "${var.name}-internal" })
}

resource "aws_route_table_association" "internal" {
  for_each = local.internal_zones

  route_table_id = aws_route_table.internal[0].id
  subnet_id      = aws_subnet.internal[each.key].id
}

resource "aws_route_table" "private" {
  for_each = local.zone_index

  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "${var.name}-private-${each.key}" })
}

resource "aws_route" "private" {
  for_each = local.zone_index

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[local.nat_zone[each.key]].id
}

resource "aws_route_table_association" "private" {
  for_each = local.zone_index

  route_table_id = aws_route_table.private[each.key].id
  subnet_id      = aws_subnet.private[each.key].id
}

# No route is ever added to this table: the database and the endpoints answer within the VPC only.
resource "aws_route_table" "isolated" {
  vpc_id = aws_vpc.this.id

  tags = merge(var.tags, { Name = "${var.name}-isolated" })
}

resource "aws_route_table_association" "database" {
  for_each = local.zone_index

  route_table_id = aws_route_table.isolated.id
  subnet_id      = aws_subnet.database[each.key].id
}

resource "aws_route_table_association" "endpoint" {
  for_each = local.zone_index

  route_table_id = aws_route_table.isolated.id
  subnet_id      = aws_subnet.endpoint[each.key].id
}
