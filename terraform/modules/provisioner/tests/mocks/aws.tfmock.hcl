# What AWS would have made up, for all test files of this module.
mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/platform/mocked" }
}
mock_resource "aws_s3_bucket" {
  defaults = { arn = "arn:aws:s3:::demo-dumps" }
}
