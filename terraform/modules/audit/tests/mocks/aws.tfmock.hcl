# What AWS would have made up, for all test files of this module.
mock_resource "aws_kms_key" {
  defaults = {
    arn    = "arn:aws:kms:eu-central-1:111122223333:key/99990000-3333-4444-5555-666677778888"
    key_id = "99990000-3333-4444-5555-666677778888"
  }
}
mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:/aws/cloudtrail/platform-audit"
  }
}
mock_resource "aws_iam_role" {
  defaults = {
    arn = "arn:aws:iam::111122223333:role/platform/platform-trail"
  }
}
mock_resource "aws_cloudtrail" {
  defaults = {
    arn = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/platform-audit"
  }
}
