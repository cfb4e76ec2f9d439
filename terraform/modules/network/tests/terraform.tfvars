# What all test files of this module start from.
name               = "appinstance"
account_id         = "111122223333"
region             = "eu-central-1"
availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
cluster_name       = "appinstance"
logs_kms_key_arn   = "arn:aws:kms:eu-central-1:111122223333:key/11111111-2222-3333-4444-555555555555"
