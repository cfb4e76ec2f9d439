# What AWS would have made up, for all test files of this module.
mock_resource "aws_cloudwatch_log_group" {
  defaults = { arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/vpc/appinstance/flow-logs" }
}
mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::111122223333:role/platform/appinstance-flow-logs" }
}
