# Plans alone: to apply the web ACL costs seconds, since its schema is nested deeply.
mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "defaults" {
  command = plan

  assert {
    condition     = aws_acm_certificate.this.domain_name == "apps.example.com" && toset(aws_acm_certificate.this.subject_alternative_names) == toset(["*.apps.example.com"])
    error_message = "The certificate must be for the domain and all names directly below it."
  }

  assert {
    condition     = aws_acm_certificate.this.validation_method == "DNS" && aws_acm_certificate.this.key_algorithm == "EC_prime256v1"
    error_message = "The certificate must be validated by DNS and have an elliptic key."
  }

  assert {
    condition     = aws_route53_record.validation.name == "_a1b2.apps.example.com." && one(aws_route53_record.validation.records) == "_c3d4.acm-validations.aws." && aws_route53_record.validation.zone_id == "Z0123456789ABCDEFGHIJ"
    error_message = "One record in the given zone must prove both the domain and its wildcard."
  }

  assert {
    condition     = output.certificate_arn == aws_acm_certificate.this.arn
    error_message = "The output must be the certificate, once it is validated."
  }

  assert {
    condition     = aws_wafv2_web_acl.this.scope == "REGIONAL" && length(aws_wafv2_web_acl.this.default_action[0].allow) == 1
    error_message = "The web ACL must be regional, as load balancers need, and let through what no rule blocks."
  }

  assert {
    condition     = length(distinct([for rule in aws_wafv2_web_acl.this.rule : rule.priority])) == length(aws_wafv2_web_acl.this.rule)
    error_message = "Every rule needs its own priority."
  }

  assert {
    condition     = output.web_acl_name == one(aws_wafv2_web_acl.this.visibility_config).metric_name
    error_message = "The web ACL's name must be its metric's name, for alarms find it by that."
  }

  assert {
    condition     = output.web_acl_arn == aws_wafv2_web_acl.this.arn && output.domain == "apps.example.com"
    error_message = "The outputs must be those of the web ACL and the domain."
  }
}

run "limits_and_log_can_be_set" {
  command = plan

  variables {
    log_allowed_requests             = true
    rate_limit_per_5_minutes         = 5000
    sign_in_rate_limit_per_5_minutes = 40
    sign_in_paths                    = ["/login.php", "/enter"]
  }

  assert {
    condition     = { for rule in aws_wafv2_web_acl.this.rule : rule.name => rule.statement[0].rate_based_statement[0].limit if startswith(rule.name, "rate-") } == { rate-site = 5000, rate-sign-in = 40 }
    error_message = "The limits must be the given ones."
  }

  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].rate_based_statement[0].scope_down_statement[0].regex_match_statement[0].regex_string if rule.name == "rate-sign-in"]) == "^(/login\\.php|/enter)/?$"
    error_message = "The given paths must be matched to the letter, a dot as a dot."
  }

  assert {
    condition     = length(aws_wafv2_web_acl_logging_configuration.this.logging_filter) == 0
    error_message = "Without a filter every request is logged."
  }
}

run "granted_domains" {
  command = plan

  variables {
    more_domains = { "tv.example.org" = "Z0ORG" }
  }

  override_resource {
    target          = aws_acm_certificate.this
    override_during = plan
    values = {
      arn = "arn:aws:acm:eu-central-1:111122223333:certificate/11112222-3333-4444-5555-666677778888"
      domain_validation_options = [for domain in ["apps.example.com", "tv.example.org"] : {
        domain_name           = domain
        resource_record_name  = "_a1b2.${domain}."
        resource_record_type  = "CNAME"
        resource_record_value = "_c3d4.acm-validations.aws."
      }]
    }
  }

  assert {
    condition     = toset(aws_acm_certificate.this.subject_alternative_names) == toset(["*.apps.example.com", "tv.example.org", "*.tv.example.org"])
    error_message = "The certificate must be for each granted domain and all names directly below it."
  }

  assert {
    condition     = { for domain, record in aws_route53_record.validation_more : record.zone_id => record.name } == { Z0ORG = "_a1b2.tv.example.org." }
    error_message = "A granted domain must be proved in its own zone."
  }
}
