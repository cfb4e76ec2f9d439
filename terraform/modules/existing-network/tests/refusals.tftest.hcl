# Each refusal, by its sentence.

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

run "region_by_its_long_name" {
  command = plan

  variables {
    region = "Frankfurt"
  }

  expect_failures = [var.region]
}

run "vpc_by_its_name" {
  command = plan

  variables {
    vpc_id = "platform"
  }

  expect_failures = [var.vpc_id]
}

run "private_subnets_by_their_ranges" {
  command = plan

  variables {
    private_subnet_ids = ["10.0.0.0/24", "10.0.1.0/24"]
  }

  expect_failures = [var.private_subnet_ids]
}

run "public_subnets_by_their_ranges" {
  command = plan

  variables {
    public_subnet_ids = ["10.0.0.0/24", "10.0.1.0/24"]
  }

  expect_failures = [var.public_subnet_ids]
}

run "database_subnets_by_their_ranges" {
  command = plan

  variables {
    database_subnet_ids = ["10.0.0.0/24", "10.0.1.0/24"]
  }

  expect_failures = [var.database_subnet_ids]
}

run "endpoint_subnets_by_their_ranges" {
  command = plan

  variables {
    endpoint_subnet_ids = ["10.0.0.0/24", "10.0.1.0/24"]
  }

  expect_failures = [var.endpoint_subnet_ids]
}

run "group_by_its_name" {
  command = plan

  variables {
    endpoint_security_group_id = "endpoints"
  }

  expect_failures = [var.endpoint_security_group_id]
}

run "another_way_to_s3" {
  command = plan

  variables {
    s3_endpoint_type = "internet"
  }

  expect_failures = [var.s3_endpoint_type]
}

run "public_subnets_of_one_zone" {
  command = plan

  override_data {
    target = data.aws_subnet.this["subnet-public-b"]
    values = { id = "subnet-public-b", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.70.0/24" }
  }

  expect_failures = [output.public_subnet_cidrs]
}

run "database_subnets_of_one_zone" {
  command = plan

  override_data {
    target = data.aws_subnet.this["subnet-database-b"]
    values = { id = "subnet-database-b", vpc_id = "vpc-0aaaaaaaaaaaaaaa1", availability_zone = "eu-central-1a", cidr_block = "10.64.70.0/24" }
  }

  expect_failures = [output.database_subnet_ids]
}

run "one_internal_subnet" {
  command = plan

  variables {
    internal_subnet_ids = ["subnet-internal-a"]
  }

  expect_failures = [var.internal_subnet_ids]
}
