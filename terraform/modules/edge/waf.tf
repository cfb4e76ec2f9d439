locals {
  # Rules of the managed groups that judge the body. A picture is binary and larger than the 8 KB
  # that WAF reads behind a load balancer, so they would refuse every upload: they only label, and
  # the rule `body` blocks by label everywhere but on the upload.
  counted_rules = {
    AWSManagedRulesCommonRuleSet = {
      SizeRestrictions_BODY   = "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body"
      CrossSiteScripting_BODY = "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body"
    }
    AWSManagedRulesSQLiRuleSet = {
      SQLi_BODY                 = "awswaf:managed:aws:sql-database:SQLi_Body"
      SQLiExtendedPatterns_BODY = "awswaf:managed:aws:sql-database:SQLiExtendedPatterns_Body"
    }
  }
  body_labels = sort(flatten([for rules in values(local.counted_rules) : values(rules)]))

  # No version is pinned: AWS's default version is the one that it has tried, and it moves on.
  managed_rule_groups = {
    ip-reputation    = { priority = 10, group = "AWSManagedRulesAmazonIpReputationList" }
    common           = { priority = 20, group = "AWSManagedRulesCommonRuleSet" }
    known-bad-inputs = { priority = 30, group = "AWSManagedRulesKnownBadInputsRuleSet" }
    sqli             = { priority = 40, group = "AWSManagedRulesSQLiRuleSet" }
  }

  upload_label = "platform:upload"
}

resource "aws_wafv2_web_acl" "this" {
  #checkov:skip=CKV_AWS_192: known bad inputs are there, in a dynamic block that checkov can't see; a test asserts it
  name        = var.name
  description = "In front of all instances of ${var.name}"
  scope       = "REGIONAL"
  tags        = local.tags

  default_action {
    allow {}
  }

  # Answers 429, as the app's own limits do: a client that honours it slows down by itself.
  rule {
    name     = "rate-site"
    priority = 0

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit                 = var.rate_limit_per_5_minutes
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-rate-site"
      sampled_requests_enabled   = true
    }
  }

  rule {
    name     = "rate-sign-in"
    priority = 1

    action {
      block {
        custom_response {
          response_code = 429
        }
      }
    }

    statement {
      rate_based_statement {
        limit                 = var.sign_in_rate_limit_per_5_minutes
        evaluation_window_sec = 300
        aggregate_key_type    = "IP"

        scope_down_statement {
          regex_match_statement {
            regex_string = local.sign_in_regex

            field_to_match {
              uri_path {}
            }

            # The app decodes %73ign-in too; without this, one escaped letter evades the limit.
            text_transformation {
              priority = 0
              type     = "URL_DECODE"
            }
            text_transformation {
              priority = 1
              type     = "NORMALIZE_PATH"
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-rate-sign-in"
      sampled_requests_enabled   = true
    }
  }

  # Only a label for the rule `body`. Method and path are compared as they came, to the letter, so
  # that nothing that merely resembles the upload is let through.
  rule {
    name     = "upload"
    priority = 5

    action {
      count {}
    }

    rule_label {
      name = local.upload_label
    }

    statement {
      and_statement {
        statement {
          byte_match_statement {
            search_string         = "PUT"
            positional_constraint = "EXACTLY"

            field_to_match {
              method {}
            }

            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }

        statement {
          byte_match_statement {
            search_string         = var.upload_path
            positional_constraint = "EXACTLY"

            field_to_match {
              uri_path {}
            }

            text_transformation {
              priority = 0
              type     = "NONE"
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-upload"
      sampled_requests_enabled   = false
    }
  }

  dynamic "rule" {
    for_each = local.managed_rule_groups

    content {
      name     = rule.key
      priority = rule.value.priority

      override_action {
        none {}
      }

      statement {
        managed_rule_group_statement {
          vendor_name = "AWS"
          name        = rule.value.group

          dynamic "rule_action_override" {
            for_each = try(local.counted_rules[rule.value.group], {})

            content {
              name = rule_action_override.key

              action_to_use {
                count {}
              }
            }
          }
        }
      }

      visibility_config {
        cloudwatch_metrics_enabled = true
        metric_name                = "${var.name}-${rule.key}"
        sampled_requests_enabled   = true
      }
    }
  }

  # After the managed groups, whose labels it reads.
  rule {
    name     = "body"
    priority = 50

    action {
      block {}
    }

    statement {
      and_statement {
        statement {
          or_statement {
            dynamic "statement" {
              for_each = local.body_labels

              content {
                label_match_statement {
                  scope = "LABEL"
                  key   = statement.value
                }
              }
            }
          }
        }

        statement {
          not_statement {
            statement {
              label_match_statement {
                scope = "LABEL"
                key   = local.upload_label
              }
            }
          }
        }
      }
    }

    visibility_config {
      cloudwatch_metrics_enabled = true
      metric_name                = "${var.name}-body"
      sampled_requests_enabled   = true
    }
  }

  visibility_config {
    cloudwatch_metrics_enabled = true
    metric_name                = var.name
    sampled_requests_enabled   = true
  }
}

locals {
  # A dot is the only character of the validated paths that means something in a regular expression.
  sign_in_regex = "^(${join("|", [for path in var.sign_in_paths : replace(path, ".", "\\.")])})/?$"
}
