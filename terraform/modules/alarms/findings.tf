locals {
  # Config itself can't publish to an encrypted topic, and GuardDuty not at all: EventBridge can.
  finding_rules = {
    guardduty = {
      description = "GuardDuty found something serious"
      pattern = {
        source        = ["aws.guardduty"]
        "detail-type" = ["GuardDuty Finding"]
        detail        = { severity = [{ numeric = [">=", 4] }] }
      }
    }
    images = {
      description = "An image of the platform has a critical weakness"
      pattern = {
        source        = ["aws.ecr"]
        "detail-type" = ["ECR Image Scan"]
        detail = {
          "scan-status"             = ["COMPLETE"]
          "repository-name"         = [{ prefix = "${var.name}/" }]
          "finding-severity-counts" = { CRITICAL = [{ numeric = [">", 0] }] }
        }
      }
    }
    config = {
      description = "A resource no longer keeps a promise of the platform"
      pattern = {
        source        = ["aws.config"]
        "detail-type" = ["Config Rules Compliance Change"]
        detail = {
          messageType         = ["ComplianceChangeNotification"]
          configRuleName      = [{ prefix = "${var.name}-" }]
          newEvaluationResult = { complianceType = ["NON_COMPLIANT"] }
          # What kept it before and no longer does. Without, the first evaluation would mail every old finding of the account.
          oldEvaluationResult = { complianceType = ["COMPLIANT"] }
        }
      }
    }
  }
}

resource "aws_cloudwatch_event_rule" "findings" {
  for_each = { for key, rule in local.finding_rules : key => rule if var.notify_findings }

  name          = "${var.name}-findings-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
  tags          = local.tags
}

resource "aws_cloudwatch_event_target" "findings" {
  for_each = { for key, rule in local.finding_rules : key => rule if var.notify_findings }

  rule      = aws_cloudwatch_event_rule.findings[each.key].name
  target_id = "alarms"
  arn       = aws_sns_topic.alarms.arn
}
