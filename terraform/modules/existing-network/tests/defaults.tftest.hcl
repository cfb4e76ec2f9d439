# With a gateway, S3's ranges come from AWS's own list.

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

override_data {
  target = data.aws_prefix_list.s3
  values = { id = "pl-6ea54007", cidr_blocks = ["3.5.136.0/22", "52.219.170.0/23"] }
}

run "s3_by_a_gateway" {
  command = plan

  variables {
    s3_endpoint_type = "gateway"
  }

  assert {
    condition     = output.s3_prefix_list_id == "pl-6ea54007" && output.s3_prefix_list_cidrs == ["3.5.136.0/22", "52.219.170.0/23"]
    error_message = "Backends must reach the ranges that AWS lists for S3."
  }
}
