mock_provider "aws" {
  source = "./tests/mocks"
}

run "outputs" {
  command = apply

  assert {
    condition     = output.bucket_name == "demo-dumps"
    error_message = "The bucket has the name that was given."
  }

  assert {
    condition     = length(output.policies) == 5
    error_message = "Two roles with a policy and a trust each, and the bucket's policy."
  }
}

run "through_a_gateway" {
  command = plan

  variables {
    s3_endpoint_type  = "gateway"
    s3_prefix_list_id = "pl-00000001"
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.s3_gateway[0].prefix_list_id == "pl-00000001"
    error_message = "A gateway endpoint is reached by AWS's list of ranges."
  }
}
