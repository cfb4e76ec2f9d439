# What all test files of this module start from.
region                     = "eu-central-1"
vpc_id                     = "vpc-0aaaaaaaaaaaaaaa1"
private_subnet_ids         = ["subnet-private-a", "subnet-private-b"]
public_subnet_ids          = ["subnet-public-a", "subnet-public-b"]
database_subnet_ids        = ["subnet-database-a", "subnet-database-b"]
endpoint_subnet_ids        = ["subnet-endpoint-a"]
endpoint_security_group_id = "sg-0e0000000000000e1"
