# What AWS would have made up, for all test files of this module.
mock_resource "aws_acm_certificate" {
  defaults = {
    arn = "arn:aws:acm:eu-central-1:111122223333:certificate/11112222-3333-4444-5555-666677778888"
    domain_validation_options = [
      {
        domain_name           = "apps.example.com"
        resource_record_name  = "_a1b2.apps.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_c3d4.acm-validations.aws."
      },
      {
        domain_name           = "*.apps.example.com"
        resource_record_name  = "_a1b2.apps.example.com."
        resource_record_type  = "CNAME"
        resource_record_value = "_c3d4.acm-validations.aws."
      },
    ]
  }
}
mock_resource "aws_wafv2_web_acl" {
  defaults = {
    arn = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/platform/11112222-3333-4444-5555-666677778888"
  }
}
mock_resource "aws_cloudwatch_log_group" {
  defaults = {
    arn = "arn:aws:logs:eu-central-1:111122223333:log-group:aws-waf-logs-platform"
  }
}
