# What AWS would have made up, for all test files of this module.
mock_resource "aws_kms_key" {
  defaults = {
    arn    = "arn:aws:kms:eu-central-1:111122223333:key/99990000-3333-4444-5555-666677778888"
    key_id = "99990000-3333-4444-5555-666677778888"
  }
}
mock_resource "aws_sns_topic" {
  defaults = {
    arn = "arn:aws:sns:eu-central-1:111122223333:platform-alarms"
  }
}
