# The kinds of subnets stay apart, and load balancers go where the pods admit them.

mock_provider "aws" {}

override_data {
  target = data.aws_subnet.this["subnet-private-a"]
  values = { id = "subnet-private-a", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.0.0/20" }
}

override_data {
  target = data.aws_subnet.this["subnet-private-b"]
  values = { id = "subnet-private-b", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1b", cidr_block = "10.64.16.0/20" }
}

override_data {
  target = data.aws_subnet.this["subnet-public-a"]
  values = { id = "subnet-public-a", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.64.0/24" }
}

override_data {
  target = data.aws_subnet.this["subnet-public-b"]
  values = { id = "subnet-public-b", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1b", cidr_block = "10.64.65.0/24" }
}

override_data {
  target = data.aws_subnet.this["subnet-database-a"]
  values = { id = "subnet-database-a", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.80.0/24" }
}

override_data {
  target = data.aws_subnet.this["subnet-database-b"]
  values = { id = "subnet-database-b", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1b", cidr_block = "10.64.81.0/24" }
}

override_data {
  target = data.aws_subnet.this["subnet-endpoint-a"]
  values = { id = "subnet-endpoint-a", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.96.0/26" }
}

override_data {
  target = data.aws_subnets.tagged_for_elb
  values = { ids = ["subnet-public-b", "subnet-public-a"] }
}

run "each_kind_is_what_lies_there" {
  command = plan

  assert {
    condition     = output.public_subnet_cidrs == ["10.64.64.0/24", "10.64.65.0/24"] && toset(output.public_subnets_tagged_for_elb) == toset(output.public_subnet_cidrs)
    error_message = "The pods must admit the subnets in which load balancers are placed, and no other."
  }

  assert {
    condition     = output.database_subnet_cidrs == ["10.64.80.0/24", "10.64.81.0/24"] && output.endpoint_subnet_cidrs == ["10.64.96.0/26"] && output.private_subnet_cidrs == ["10.64.0.0/20", "10.64.16.0/20"]
    error_message = "Database, endpoints, nodes and pods must each have the ranges of their own subnets."
  }

  assert {
    condition     = output.s3_prefix_list_id == null && length(output.s3_prefix_list_cidrs) == 0
    error_message = "Without a gateway nothing of S3's public ranges may be opened."
  }
}

run "a_load_balancer_among_the_pods" {
  command = plan

  override_data {
    target = data.aws_subnets.tagged_for_elb
    values = { ids = ["subnet-public-b", "subnet-public-a", "subnet-private-a"] }
  }

  expect_failures = [data.aws_subnets.tagged_for_elb]
}

run "a_subnet_of_another_vpc" {
  command = plan

  override_data {
    target = data.aws_subnet.this["subnet-database-a"]
    values = { id = "subnet-database-a", vpc_id = "vpc-0bbbbbbbbbbbbbbb2", availability_zone = "eu-central-1a", cidr_block = "10.64.80.0/24" }
  }

  expect_failures = [data.aws_subnet.this["subnet-database-a"]]
}

run "one_subnet_of_two_kinds" {
  command = plan

  variables {
    endpoint_subnet_ids = ["subnet-private-a"]
  }

  expect_failures = [var.private_subnet_ids]
}

run "internal_load_balancers_where_the_pods_admit_them" {
  command = plan

  variables {
    internal_subnet_ids = ["subnet-internal-a", "subnet-internal-b"]
  }

  override_data {
    target = data.aws_subnet.this["subnet-internal-a"]
    values = { id = "subnet-internal-a", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.128.0/24" }
  }

  override_data {
    target = data.aws_subnet.this["subnet-internal-b"]
    values = { id = "subnet-internal-b", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1b", cidr_block = "10.64.129.0/24" }
  }

  override_data {
    target = data.aws_subnets.tagged_for_internal_elb[0]
    values = { ids = ["subnet-internal-b", "subnet-internal-a"] }
  }

  assert {
    condition     = output.internal_subnet_cidrs == ["10.64.128.0/24", "10.64.129.0/24"] && toset(output.internal_subnets_tagged_for_elb) == toset(output.internal_subnet_cidrs)
    error_message = "The pods must admit the subnets in which internal load balancers are placed."
  }
}

run "an_internal_load_balancer_among_the_pods" {
  command = plan

  variables {
    internal_subnet_ids = ["subnet-internal-a", "subnet-internal-b"]
  }

  override_data {
    target = data.aws_subnet.this["subnet-internal-a"]
    values = { id = "subnet-internal-a", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.128.0/24" }
  }

  override_data {
    target = data.aws_subnet.this["subnet-internal-b"]
    values = { id = "subnet-internal-b", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1b", cidr_block = "10.64.129.0/24" }
  }

  override_data {
    target = data.aws_subnets.tagged_for_internal_elb[0]
    values = { ids = ["subnet-internal-b", "subnet-internal-a", "subnet-private-a"] }
  }

  expect_failures = [data.aws_subnets.tagged_for_internal_elb[0]]
}

run "internal_load_balancers_among_the_pods_by_their_name" {
  command = plan

  variables {
    internal_subnet_ids = ["subnet-private-a", "subnet-private-b"]
  }

  override_data {
    target = data.aws_subnets.tagged_for_internal_elb[0]
    values = { ids = ["subnet-private-a", "subnet-private-b"] }
  }

  expect_failures = [var.private_subnet_ids]
}
