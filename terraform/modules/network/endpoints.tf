locals {
  # Stolen keys of another account are of no use from inside the VPC, and data cannot leave with them.
  own_principals = {
    Sid       = "PrincipalsOfThisAccount"
    Effect    = "Allow"
    Principal = "*"
    Action    = "*" # An endpoint policy only narrows: what a principal may do is granted by IAM.
    Resource  = "*" # EKS's own images, for one, are in another account's registry.
    Condition = { StringEquals = { "aws:PrincipalAccount" = var.account_id } }
  }

  endpoint_policies = merge(
    { for service in var.interface_endpoints : service => jsonencode({
      Version   = "2012-10-17"
      Statement = [local.own_principals]
    }) },
    {
      sts = jsonencode({
        Version = "2012-10-17"
        Statement = [
          local.own_principals,
          {
            # A pod that asks for its role (IRSA) has no account yet: the request is not signed.
            Sid       = "RolesOfThisAccountByWebIdentity"
            Effect    = "Allow"
            Principal = "*"
            Action    = "sts:AssumeRoleWithWebIdentity"
            Resource  = "arn:${var.partition}:iam::${var.account_id}:role/*"
          },
        ]
      })
      s3 = jsonencode({
        Version = "2012-10-17"
        Statement = [
          merge(local.own_principals, {
            Sid = "PrincipalsAndBucketsOfThisAccount"
            # Nothing is copied into a bucket of somebody else, not even with this account's rights.
            Condition = {
              StringEquals = {
                "aws:PrincipalAccount" = var.account_id
                "aws:ResourceAccount"  = var.account_id
              }
            }
          }),
          {
            # ECR hands out addresses in its own bucket, signed with its own account's rights.
            Sid       = "LayersOfContainerImages"
            Effect    = "Allow"
            Principal = "*"
            Action    = "s3:GetObject"
            Resource  = "arn:${var.partition}:s3:::prod-${var.region}-starport-layer-bucket/*"
          },
          {
            # Amazon Linux 2023 keeps its packages in a bucket of its own, al2023-repos-<region>-de612dc2 ("AL2023 - Networking";
            # docs.aws.amazon.com/linux/al2023/ug/deterministic-upgrades.html; as dnf prints it in another region:
            # github.com/shamimice03/aws-secure-env, `dnf repolist -v`); a node that installs or updates one asks without
            # signing. Agents of Systems Manager have no rights on the nodes, so its buckets stay out.
            Sid       = "PackagesOfTheNodesSystem"
            Effect    = "Allow"
            Principal = "*"
            Action    = "s3:GetObject"
            Resource  = "arn:${var.partition}:s3:::al2023-repos-${var.region}-de612dc2/*"
          },
        ]
      })
    },
  )

  interface_endpoints = setunion(
    var.interface_endpoints,
    var.s3_endpoint_type == "interface" ? toset(["s3"]) : toset([]),
  )
}

resource "aws_security_group" "endpoint" {
  #checkov:skip=CKV2_AWS_5: it is attached to the interface endpoints below, whose number checkov cannot tell
  name        = "${var.name}-endpoints"
  description = "Interface endpoints: HTTPS from the private subnets, nothing out"
  vpc_id      = aws_vpc.this.id

  tags = merge(var.tags, { Name = "${var.name}-endpoints" })
}

resource "aws_vpc_security_group_ingress_rule" "endpoint" {
  for_each = local.cidrs.private

  security_group_id = aws_security_group.endpoint.id
  description       = "HTTPS from nodes and pods in ${each.key}"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443

  tags = var.tags
}

resource "aws_vpc_endpoint" "interface" {
  for_each = local.interface_endpoints

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  subnet_ids          = [for zone in var.availability_zones : aws_subnet.endpoint[zone].id]
  security_group_ids  = [aws_security_group.endpoint.id]
  private_dns_enabled = true
  policy              = local.endpoint_policies[each.key]

  dynamic "dns_options" {
    for_each = each.key == "s3" ? [1] : []

    content {
      # S3's name must lead to this endpoint from inside the VPC, where no gateway endpoint stands beside it.
      private_dns_only_for_inbound_resolver_endpoint = false
    }
  }

  tags = merge(var.tags, { Name = "${var.name}-${each.key}" })
}

resource "aws_vpc_endpoint" "s3_gateway" {
  count = var.s3_endpoint_type == "gateway" ? 1 : 0

  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.s3"
  route_table_ids   = [for zone in var.availability_zones : aws_route_table.private[zone].id]
  policy            = local.endpoint_policies["s3"]

  tags = merge(var.tags, { Name = "${var.name}-s3" })
}
