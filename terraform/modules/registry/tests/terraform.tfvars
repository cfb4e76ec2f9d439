# What all test files of this module start from.
name       = "appinstance"
account_id = "111122223333"
region     = "eu-central-1"
