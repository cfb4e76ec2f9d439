locals {
  # Fluent Bit puts a JSON line of a container under log_processed, and where it came from under
  # kubernetes. Names of events: app/appinstance_app/auth/service.py and middleware/requests.py,
  # operator/appinstance_operator/reconcile/reconciler.py; both log with structlog, External Secrets with zap.
  application_filters = {
    sign-in-failures = {
      pattern     = "{ ($.log_processed.event = \"sign_in.refused\") || (($.log_processed.event = \"request\") && ($.log_processed.status = 429)) }"
      threshold   = var.thresholds.sign_in_failures_per_5_minutes
      description = "Many sign-ins are refused or slowed down: somebody guesses passwords. See the clients' addresses in the application log."
    }
    sessions-revoked = {
      pattern     = "{ $.log_processed.event = \"session.revoked\" }"
      threshold   = 1
      description = "A used refresh token came again, so the session was ended: it may have been stolen. See the user in the event."
    }
    operator-errors = {
      pattern     = "{ ($.kubernetes.namespace_name = \"${var.operator_namespace}\") && (($.log_processed.level = \"error\") || ($.log_processed.level = \"critical\")) }"
      threshold   = var.thresholds.operator_errors_per_5_minutes
      description = "The operator logs errors. See its log in the namespace ${var.operator_namespace}."
    }
    external-secrets-errors = {
      pattern     = "{ ($.kubernetes.namespace_name = \"${var.external_secrets_namespace}\") && ($.log_processed.level = \"error\") }"
      threshold   = var.thresholds.external_secrets_errors_per_5_minutes
      description = "External Secrets can't read entries, so passwords grow old. See kubectl get externalsecrets -A."
    }
  }

  # Roles whose daily work changes IAM roles or security groups; nobody should wake up for it.
  issuer = "$.userIdentity.sessionContext.sessionIssuer.arn"
  not_routine = length(var.routine_role_arns) == 0 ? "" : format(
    " && ((%s NOT EXISTS) || (%s))",
    local.issuer,
    join(" && ", [for arn in var.routine_role_arns : "(${local.issuer} != \"${arn}\")"]),
  )

  # Trust policies of a kind that the operator never writes: without the cluster's provider, or with an account, role or user beside it (a
  # service takes no role without iam:PassRole). The trail has the document as it was sent, as a string (DataDog/stratus-red-team,
  # aws.persistence.iam-backdoor-role, logs of 2024-08-01). A filter reads text, and escaped letters pass: docs/adr/0050.
  trust_documents = { CreateRole = "assumeRolePolicyDocument", UpdateAssumeRolePolicy = "policyDocument" }
  strange_trust = var.operator_trust == null ? [] : [
    for event, field in local.trust_documents : format(
      "(($.eventName = \"%[1]s\") && (($.requestParameters.%[2]s != \"*%[3]s*\") || ($.requestParameters.%[2]s = \"*AWS*\")))",
      event, field, var.operator_trust.oidc_provider_arn,
    )
  ]
  trust_filters = var.operator_trust == null ? {} : {
    strange-trust = {
      pattern     = "{ (${local.issuer} = \"${var.operator_trust.role_arn}\") && (${join(" || ", local.strange_trust)}) }"
      threshold   = 1
      description = "The operator's role lets somebody take a role who is no pod of the cluster. It never does: its token may be stolen. Take the role's sessions away and look at the trail."
    }
  }

  trail_filters = merge(local.trust_filters, {
    root-use = {
      pattern     = "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != \"AwsServiceEvent\") }"
      threshold   = 1
      description = "Somebody works as root. Find out who, and why."
    }
    iam-changes = {
      pattern     = "{ ($.eventSource = \"iam.amazonaws.com\") && ($.readOnly IS FALSE)${local.not_routine} }"
      threshold   = 1
      description = "A role, policy, user or key of IAM was changed, or somebody tried. The trail tells by whom."
    }
    boundary-changes = {
      pattern     = "{ ($.eventName = \"DeleteRolePermissionsBoundary\") || ($.eventName = \"PutRolePermissionsBoundary\") || ($.eventName = \"DeleteUserPermissionsBoundary\") || ($.eventName = \"PutUserPermissionsBoundary\") }"
      threshold   = 1
      description = "A permissions boundary was taken off or changed, whoever did it: an instance's role may now do more than its own."
    }
    secrets-refused = {
      pattern     = "{ ($.eventSource = \"secretsmanager.amazonaws.com\") && ($.errorCode = \"AccessDenied*\") }"
      threshold   = 1
      description = "Somebody was refused a secret. An instance that names another's entry does that, and so does an intruder."
    }
    calls-refused = {
      pattern     = "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"
      threshold   = var.thresholds.refused_calls_per_5_minutes
      description = "Many calls to AWS are refused: something is set up wrong, or somebody tries what its credentials can do."
    }
    console-without-mfa = {
      pattern     = "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") && ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = \"Success\") }"
      threshold   = 1
      description = "Somebody signed in to the console without a second factor."
    }
    console-failures = {
      pattern     = "{ ($.eventName = \"ConsoleLogin\") && ($.errorMessage = \"Failed authentication\") }"
      threshold   = 5
      description = "Sign-ins to the console fail: somebody guesses passwords."
    }
    audit-changes = {
      pattern     = "{ (($.eventSource = \"cloudtrail.amazonaws.com\") && ($.readOnly IS FALSE)) || ($.eventName = \"StopConfigurationRecorder\") || ($.eventName = \"DeleteConfigurationRecorder\") || ($.eventName = \"PutConfigurationRecorder\") || ($.eventName = \"DeleteDeliveryChannel\") || ($.eventName = \"PutDeliveryChannel\") || ($.eventName = \"DeleteDetector\") || ($.eventName = \"UpdateDetector\") || ($.eventName = \"DisableSecurityHub\") }"
      threshold   = 1
      description = "What records and watches the account was changed or stopped: the first thing an intruder does."
    }
    key-changes = {
      pattern     = "{ ($.eventSource = \"kms.amazonaws.com\") && (($.eventName = \"DisableKey\") || ($.eventName = \"ScheduleKeyDeletion\") || ($.eventName = \"PutKeyPolicy\") || ($.eventName = \"DisableKeyRotation\")) }"
      threshold   = 1
      description = "A key is disabled, deleted, opened or no longer rotates. A deletion can be cancelled within its window."
    }
    bucket-changes = {
      pattern     = "{ ($.eventSource = \"s3.amazonaws.com\") && (($.eventName = \"PutBucket*\") || ($.eventName = \"DeleteBucket*\") || ($.eventName = \"*PublicAccessBlock\")) && ($.readOnly IS FALSE) }"
      threshold   = 1
      description = "A bucket's policy, encryption, versioning, lifecycle or public access was changed."
    }
    security-group-changes = {
      pattern     = "{ ($.eventSource = \"ec2.amazonaws.com\") && (($.eventName = \"AuthorizeSecurityGroup*\") || ($.eventName = \"RevokeSecurityGroup*\") || ($.eventName = \"ModifySecurityGroup*\") || ($.eventName = \"CreateSecurityGroup\") || ($.eventName = \"DeleteSecurityGroup\"))${local.not_routine} }"
      threshold   = 1
      description = "A security group was changed, and not by a role that does so daily."
    }
    network-changes = {
      pattern     = "{ ($.eventSource = \"ec2.amazonaws.com\") && (($.eventName = \"CreateRoute*\") || ($.eventName = \"ReplaceRoute*\") || ($.eventName = \"DeleteRoute*\") || ($.eventName = \"CreateNetworkAcl*\") || ($.eventName = \"ReplaceNetworkAcl*\") || ($.eventName = \"DeleteNetworkAcl*\") || ($.eventName = \"*InternetGateway\") || ($.eventName = \"CreateVpc*\") || ($.eventName = \"ModifyVpc*\") || ($.eventName = \"DeleteVpc*\") || ($.eventName = \"DeleteFlowLogs\")) }"
      threshold   = 1
      description = "A route, network ACL, gateway, endpoint, VPC or flow log was changed."
    }
    cluster-access-changes = {
      pattern     = "{ ($.eventSource = \"eks.amazonaws.com\") && (($.eventName = \"*AccessEntry\") || ($.eventName = \"*AccessPolicy\") || ($.eventName = \"UpdateClusterConfig\") || ($.eventName = \"DeleteCluster\")) && ($.readOnly IS FALSE) }"
      threshold   = 1
      description = "Who may enter the cluster, or how its API server is reached, was changed."
    }
    database-changes = {
      pattern     = "{ ($.eventSource = \"rds.amazonaws.com\") && (($.eventName = \"ModifyDBInstance\") || ($.eventName = \"DeleteDBInstance\") || ($.eventName = \"ModifyDBParameterGroup\") || ($.eventName = \"ModifyDBSnapshotAttribute\") || ($.eventName = \"CopyDBSnapshot\") || ($.eventName = \"StartExportTask\")) }"
      threshold   = 1
      description = "The database was changed, or a snapshot of it shared, copied or exported."
    }
  })

  log_filters = merge(
    { for key, filter in local.application_filters : key => merge(filter, { log_group = var.application_log_group_name }) },
    { for key, filter in local.trail_filters : key => merge(filter, { log_group = var.trail_log_group_name }) },
  )
}

resource "aws_cloudwatch_log_metric_filter" "this" {
  for_each = local.log_filters

  name           = "${var.name}-${each.key}"
  log_group_name = each.value.log_group
  pattern        = each.value.pattern

  metric_transformation {
    name      = each.key
    namespace = "${var.name}/events"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "log" {
  for_each = local.log_filters

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = "${var.name}/events"
  metric_name         = each.key
  statistic           = "Sum"
  period              = 300
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = each.value.threshold
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching" # the filter counts nothing where nothing matches
  alarm_actions       = [aws_sns_topic.alarms.arn]
  tags                = local.tags

  depends_on = [aws_cloudwatch_log_metric_filter.this]
}
