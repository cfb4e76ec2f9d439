# What AWS would have made up, for all test files of this module.
mock_resource "aws_kms_key" {
  defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001" }
}
mock_resource "aws_iam_role" {
  defaults = { arn = "arn:aws:iam::123456789012:role/platform/demo-mysql-monitoring" }
}
mock_resource "aws_db_instance" {
  defaults = {
    arn     = "arn:aws:rds:eu-central-1:123456789012:db:demo-mysql"
    address = "demo-mysql.abc.eu-central-1.rds.amazonaws.com"
    master_user_secret = [{
      secret_arn    = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:rds!db-1-AbCdEf"
      kms_key_id    = "arn:aws:kms:eu-central-1:123456789012:key/00000000-0000-0000-0000-000000000001"
      secret_status = "active"
    }]
  }
}

# Already in a plan: its name is made up by the provider.
mock_resource "aws_db_option_group" {
  override_during = plan
  defaults        = { id = "demo-mysql-84-mocked", name = "demo-mysql-84-mocked" }
}
