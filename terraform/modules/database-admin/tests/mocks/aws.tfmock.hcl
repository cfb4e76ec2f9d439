# What AWS would have made up, for all test files of this module.
mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::111122223333:role/platform/platform-database-admin" }
}

mock_resource "aws_iam_instance_profile" {
  defaults = { arn = "arn:aws:iam::111122223333:instance-profile/platform/platform-database-host" }
}

mock_resource "aws_security_group" {
  defaults = { id = "sg-0host" }
}

mock_resource "aws_launch_template" {
  defaults = { id = "lt-0123456789abcdef0", arn = "arn:aws:ec2:eu-central-1:111122223333:launch-template/lt-0123456789abcdef0" }
}
