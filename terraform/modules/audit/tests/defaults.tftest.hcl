mock_provider "aws" {
  source = "./tests/mocks"
}

run "defaults" {
  assert {
    condition     = output.bucket_name == aws_s3_bucket.audit.id && aws_s3_bucket.audit.bucket == "platform-audit-111122223333-eu-central-1"
    error_message = "The bucket's name must be unique to the account and region."
  }

  assert {
    condition     = output.trail_log_group_name == "/aws/cloudtrail/platform-audit" && output.trail_arn == aws_cloudtrail.this.arn && output.kms_key_arn == aws_kms_key.audit.arn
    error_message = "The outputs must name the trail, its log group and the key."
  }

  assert {
    condition     = length(aws_cloudtrail.this.advanced_event_selector) == 1
    error_message = "By default the trail records management events alone; objects cost by the event."
  }

  assert {
    condition     = length(output.config_rule_names) >= 10 && alltrue([for name in output.config_rule_names : startswith(name, "platform-")])
    error_message = "At least ten rules must watch, each named after the platform."
  }

  assert {
    condition     = length(distinct([for rule in aws_config_config_rule.this : one(rule.source).source_identifier])) == length(aws_config_config_rule.this)
    error_message = "No managed rule may be there twice."
  }

  assert {
    condition     = length(aws_guardduty_detector.this) == 0 && length(aws_securityhub_account.this) == 0 && output.guardduty_detector_id == null
    error_message = "GuardDuty and Security Hub cost by use and must be asked for."
  }
}

run "guardduty" {
  variables {
    enable_guardduty = true
  }

  assert {
    condition     = toset([for feature in aws_guardduty_detector_feature.this : feature.name if feature.status == "ENABLED"]) == toset(["S3_DATA_EVENTS", "EKS_AUDIT_LOGS", "EBS_MALWARE_PROTECTION", "RDS_LOGIN_EVENTS"])
    error_message = "GuardDuty must watch objects, the cluster, volumes and the database."
  }

  assert {
    condition     = one(aws_guardduty_detector_feature.runtime).name == "RUNTIME_MONITORING" && one([for part in one(aws_guardduty_detector_feature.runtime).additional_configuration : part.status if part.name == "EKS_ADDON_MANAGEMENT"]) == "ENABLED"
    error_message = "GuardDuty must watch what runs on the nodes, with the agent that it installs itself."
  }
}

run "security_hub" {
  variables {
    enable_security_hub = true
  }

  assert {
    condition     = one(aws_securityhub_standards_subscription.this).standards_arn == "arn:aws:securityhub:eu-central-1::standards/aws-foundational-security-best-practices/v/1.0.0"
    error_message = "Security Hub must judge by AWS's foundational practices."
  }
}

run "data_events" {
  variables {
    data_event_bucket_arns = ["arn:aws:s3:::example-media"]
  }

  assert {
    condition = contains(flatten([
      for selector in aws_cloudtrail.this.advanced_event_selector : [
        for field in selector.field_selector : coalesce(field.starts_with, []) if field.field == "resources.ARN"
      ]
    ]), "arn:aws:s3:::example-media/")
    error_message = "The trail must record the objects of the given bucket, and of no other whose name begins alike."
  }

  assert {
    condition     = length(aws_cloudtrail.this.advanced_event_selector) == 2
    error_message = "Management events must still be recorded."
  }
}

run "without_config" {
  variables {
    enable_config = false
  }

  assert {
    condition     = length(aws_config_configuration_recorder.this) + length(aws_config_config_rule.this) + length(aws_iam_role.config) == 0
    error_message = "Without Config nothing of it may be made."
  }

  assert {
    condition     = alltrue([for statement in concat(jsondecode(aws_s3_bucket_policy.audit.policy).Statement, jsondecode(aws_kms_key.audit.policy).Statement) : !startswith(statement.Sid, "Config")])
    error_message = "Without Config its service may neither write nor encrypt."
  }
}

run "can_be_destroyed_in_tests" {
  variables {
    force_destroy = true
  }

  assert {
    condition     = aws_s3_bucket.audit.force_destroy && length([for statement in jsondecode(aws_s3_bucket_policy.audit.policy).Statement : statement if statement.Sid == "DenyDeletingRecords"]) == 0
    error_message = "With force_destroy the records must be deletable."
  }
}
