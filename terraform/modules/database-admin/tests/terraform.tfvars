# What all test files of this module start from.
name                       = "platform"
account_id                 = "111122223333"
region                     = "eu-central-1"
admin_role_arns            = ["arn:aws:iam::111122223333:role/database-engineers"]
vpc_id                     = "vpc-0123456789abcdef0"
subnet_id                  = "subnet-0a"
database_security_group_id = "sg-0database"
master_secret_arn          = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-x"
master_secret_kms_key_arn  = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"
