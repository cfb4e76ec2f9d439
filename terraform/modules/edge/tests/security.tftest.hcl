# Plans alone: to apply the web ACL costs seconds, since its schema is nested deeply.
mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "security" {
  command = plan

  assert {
    condition     = toset([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].managed_rule_group_statement[0].name if length(rule.statement[0].managed_rule_group_statement) == 1]) == toset(["AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet", "AWSManagedRulesSQLiRuleSet"])
    error_message = "The four managed rule groups must be there: address reputation, common, known bad inputs and SQL injection."
  }

  assert {
    condition = alltrue([
      for rule in aws_wafv2_web_acl.this.rule : length(rule.override_action[0].none) == 1
      if length(rule.statement[0].managed_rule_group_statement) == 1
    ])
    error_message = "A managed rule group must act by itself; an override to count would switch it off."
  }

  assert {
    condition = toset(flatten([
      for rule in aws_wafv2_web_acl.this.rule : [for override in rule.statement[0].managed_rule_group_statement[0].rule_action_override : override.name]
      if length(rule.statement[0].managed_rule_group_statement) == 1
    ])) == toset(["SizeRestrictions_BODY", "CrossSiteScripting_BODY", "SQLi_BODY", "SQLiExtendedPatterns_BODY"])
    error_message = "Only the rules on bodies that a picture sets off may count; all others must block."
  }

  assert {
    condition = alltrue([
      for rule in aws_wafv2_web_acl.this.rule : length(rule.action[0].block) == 1
      if contains(["rate-site", "rate-sign-in", "body"], rule.name)
    ])
    error_message = "The rate rules and the rule on bodies must block."
  }

  assert {
    condition = alltrue([
      for rule in aws_wafv2_web_acl.this.rule : alltrue([
        rule.statement[0].rate_based_statement[0].aggregate_key_type == "IP",
        rule.statement[0].rate_based_statement[0].evaluation_window_sec == 300,
        rule.action[0].block[0].custom_response[0].response_code == 429,
      ]) if startswith(rule.name, "rate-")
    ])
    error_message = "Rates must be counted by address over five minutes and answered with 429."
  }

  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : length(rule.statement[0].rate_based_statement[0].scope_down_statement) if rule.name == "rate-site"]) == 0
    error_message = "The site's rate must count every request, without a scope."
  }

  assert {
    condition = { for rule in aws_wafv2_web_acl.this.rule : rule.name => rule.statement[0].rate_based_statement[0].limit if startswith(rule.name, "rate-") } == {
      rate-site    = 2000
      rate-sign-in = 20
    }
    error_message = "By default the site allows 2000 requests in five minutes and sign-in 20."
  }

  assert {
    condition = alltrue([
      for path in ["/api/v1/auth/sign-in", "/api/v1/auth/sign-up", "/api/v1/auth/token", "/api/v1/auth/sign-in/"] : can(regex(
        one([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].rate_based_statement[0].scope_down_statement[0].regex_match_statement[0].regex_string if rule.name == "rate-sign-in"]),
        path,
      ))
    ])
    error_message = "Every path of the app that takes a password must be under the tighter rate."
  }

  assert {
    condition = [
      for transformation in one([for rule in aws_wafv2_web_acl.this.rule : rule.statement[0].rate_based_statement[0].scope_down_statement[0].regex_match_statement[0].text_transformation if rule.name == "rate-sign-in"]) : transformation.type
      if transformation.priority == 0
    ] == ["URL_DECODE"]
    error_message = "The path must be decoded before it is compared, or one escaped letter evades the sign-in rate."
  }

  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.this.rule : toset([
        for part in rule.statement[0].and_statement[0].statement : "${part.byte_match_statement[0].positional_constraint} ${part.byte_match_statement[0].search_string} ${one(part.byte_match_statement[0].text_transformation).type}"
      ]) if rule.name == "upload"
    ]) == toset(["EXACTLY PUT NONE", "EXACTLY /api/v1/users/me/avatar NONE"])
    error_message = "Only PUT on exactly the upload path may be marked as an upload."
  }

  assert {
    condition     = one([for rule in aws_wafv2_web_acl.this.rule : length(rule.action[0].count) if rule.name == "upload"]) == 1
    error_message = "The upload may only be marked; allowing it would end the evaluation and skip every other rule."
  }

  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.this.rule : toset(flatten([
        for part in rule.statement[0].and_statement[0].statement : [
          for alternative in part.or_statement[0].statement : alternative.label_match_statement[0].key
        ] if length(part.or_statement) == 1
      ])) if rule.name == "body"
      ]) == toset([
      "awswaf:managed:aws:core-rule-set:SizeRestrictions_Body",
      "awswaf:managed:aws:core-rule-set:CrossSiteScripting_Body",
      "awswaf:managed:aws:sql-database:SQLi_Body",
      "awswaf:managed:aws:sql-database:SQLiExtendedPatterns_Body",
    ])
    error_message = "What the managed rules only count must be blocked by its label."
  }

  assert {
    condition = one([
      for rule in aws_wafv2_web_acl.this.rule : flatten([
        for part in rule.statement[0].and_statement[0].statement : part.not_statement[0].statement[0].label_match_statement[0].key
        if length(part.not_statement) == 1
      ]) if rule.name == "body"
    ]) == [one([for rule in aws_wafv2_web_acl.this.rule : one(rule.rule_label).name if rule.name == "upload"])]
    error_message = "The only exception from the rule on bodies is the mark of the upload."
  }

  assert {
    condition = (
      one([for rule in aws_wafv2_web_acl.this.rule : rule.priority if rule.name == "body"]) >
      max([for rule in aws_wafv2_web_acl.this.rule : rule.priority if rule.name != "body"]...)
    )
    error_message = "The rule on bodies must come last, for it reads the labels of the others."
  }

  assert {
    condition     = toset([for field in aws_wafv2_web_acl_logging_configuration.this.redacted_fields : field.single_header[0].name]) == toset(["authorization", "cookie"])
    error_message = "Tokens must stay out of the log: the headers authorization and cookie are redacted."
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.waf.name, "aws-waf-logs-") && one(aws_wafv2_web_acl_logging_configuration.this.log_destination_configs) == aws_cloudwatch_log_group.waf.arn
    error_message = "The web ACL must log to its own group, whose name begins with aws-waf-logs-."
  }

  assert {
    condition     = aws_cloudwatch_log_group.waf.kms_key_id == var.logs_kms_key_arn && aws_cloudwatch_log_group.waf.retention_in_days == 365
    error_message = "The log must be under the given key and kept for a year."
  }

  assert {
    condition = (
      aws_wafv2_web_acl_logging_configuration.this.logging_filter[0].default_behavior == "DROP" &&
      toset(flatten([for filter in aws_wafv2_web_acl_logging_configuration.this.logging_filter[0].filter : [for condition in filter.condition : condition.action_condition[0].action]])) == toset(["BLOCK", "COUNT", "EXCLUDED_AS_COUNT"])
    )
    error_message = "By default only what was blocked or counted is logged, since allowed paths name pictures."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_cloudwatch_log_resource_policy.waf.policy_document).Statement : alltrue([
        statement.Principal == { Service = "delivery.logs.amazonaws.com" },
        statement.Resource == "${aws_cloudwatch_log_group.waf.arn}:*",
        statement.Condition.StringEquals["aws:SourceAccount"] == "111122223333",
        statement.Condition.ArnLike["aws:SourceArn"] == "arn:aws:logs:eu-central-1:111122223333:*",
      ])
    ])
    error_message = "Only the log delivery of this account and region may write, and only to this group."
  }
}

run "access_logs" {
  command = plan

  assert {
    condition = jsondecode(aws_s3_bucket_policy.access_logs[0].policy).Statement[1] == {
      Sid       = "LoadBalancersOfThisAccountWrite"
      Effect    = "Allow"
      Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::platform-load-balancer-logs-111122223333/AWSLogs/111122223333/*"
    } && length([for statement in jsondecode(aws_s3_bucket_policy.access_logs[0].policy).Statement : statement if statement.Effect == "Allow"]) == 1
    error_message = "Load balancers of this account may write their logs, and nobody may do anything else."
  }

  assert {
    condition     = jsondecode(aws_s3_bucket_policy.access_logs[0].policy).Statement[0].Effect == "Deny" && jsondecode(aws_s3_bucket_policy.access_logs[0].policy).Statement[0].Condition == { Bool = { "aws:SecureTransport" = "false" } }
    error_message = "The logs must be refused to everybody without TLS."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.access_logs[0].rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "Load balancers write only under S3's own encryption."
  }

  assert {
    condition     = alltrue([for switch in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] : aws_s3_bucket_public_access_block.access_logs[0][switch]])
    error_message = "The logs must not become public."
  }

  assert {
    condition     = aws_s3_bucket_lifecycle_configuration.access_logs[0].rule[0].expiration[0].days == 365
    error_message = "The logs must go after the time that they are to be kept."
  }
}

run "without_access_logs" {
  command = plan

  variables {
    access_logs = false
  }

  assert {
    condition     = length(aws_s3_bucket.access_logs) == 0 && output.access_log_bucket_name == null
    error_message = "Where no logs are wanted there must be no bucket."
  }
}
