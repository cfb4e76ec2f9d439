# What all test files of this module start from.
name                       = "appinstance"
vpc_id                     = "vpc-0123456789abcdef0"
cluster_security_group_id  = "sg-0c1c1c1c1c1c1c1c1"
endpoint_security_group_id = "sg-0e1e1e1e1e1e1e1e1"
