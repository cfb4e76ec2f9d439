locals {
  kinds = {
    private  = var.private_subnet_ids
    public   = var.public_subnet_ids
    database = var.database_subnet_ids
    endpoint = var.endpoint_subnet_ids
    internal = var.internal_subnet_ids
  }
}

data "aws_subnet" "this" {
  for_each = toset(concat(values(local.kinds)...))

  id = each.key

  lifecycle {
    postcondition {
      condition     = self.vpc_id == var.vpc_id
      error_message = "${self.id} is a subnet of another VPC; name subnets of the VPC that vpc_id names."
    }
  }
}

# Where the load balancer controller places internet-facing load balancers (its documentation, "Subnet Discovery"): the pods admit the
# public subnets alone, so one anywhere else would reach nothing, and a neighbour in there would reach the pods.
data "aws_subnets" "tagged_for_elb" {
  filter {
    name   = "vpc-id"
    values = [var.vpc_id]
  }

  filter {
    name   = "tag:kubernetes.io/role/elb"
    values = ["1", ""]
  }

  lifecycle {
    postcondition {
      condition     = toset(self.ids) == toset(var.public_subnet_ids)
      error_message = "The tag kubernetes.io/role/elb=1 must be on the public subnets and on no other subnet of the VPC, as load balancers are placed by it; it is on ${join(", ", sort(self.ids))}."
    }
  }
}

# The same for internal ones, where they are offered. Elsewhere the tag says nothing to this platform.
data "aws_subnets" "tagged_for_internal_elb" {
  count = length(var.internal_subnet_ids) > 0 ? 1 : 0

  filter {
    name   = "vpc-id"
    values = [var.vpc_id]
  }

  filter {
    name   = "tag:kubernetes.io/role/internal-elb"
    values = ["1", ""]
  }

  lifecycle {
    postcondition {
      condition     = toset(self.ids) == toset(var.internal_subnet_ids)
      error_message = "The tag kubernetes.io/role/internal-elb=1 must be on the internal load balancers' subnets and on no other subnet of the VPC, as they are placed by it; it is on ${join(", ", sort(self.ids))}."
    }
  }
}

data "aws_prefix_list" "s3" {
  count = var.s3_endpoint_type == "gateway" ? 1 : 0

  name = "com.amazonaws.${var.region}.s3"
}
