# What all test files of this module start from.
name             = "platform"
account_id       = "123456789012"
region           = "eu-central-1"
cluster_name     = "platform"
vpc_id           = "vpc-0123456789abcdef0"
subnet_ids       = ["subnet-0a", "subnet-0b", "subnet-0c"]
admin_role_arns  = ["arn:aws:iam::123456789012:role/admin"]
logs_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/logs"
