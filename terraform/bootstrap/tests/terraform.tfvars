# What all test files of this module start from.
name   = "appinstance"
region = "eu-central-1"
