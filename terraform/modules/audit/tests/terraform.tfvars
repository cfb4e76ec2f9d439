# What all test files of this module start from.
name             = "platform"
account_id       = "111122223333"
region           = "eu-central-1"
logs_kms_key_arn = "arn:aws:kms:eu-central-1:111122223333:key/11112222-3333-4444-5555-666677778888"
