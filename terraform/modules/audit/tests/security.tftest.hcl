mock_provider "aws" {
  source = "./tests/mocks"
}

run "security" {
  assert {
    condition     = aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.include_global_service_events && aws_cloudtrail.this.enable_log_file_validation
    error_message = "The trail must record all regions and global services, and its files must be validated."
  }

  assert {
    condition     = aws_cloudtrail.this.kms_key_id == aws_kms_key.audit.arn && aws_kms_key.audit.enable_key_rotation
    error_message = "The trail's files must be under the audit key, which rotates."
  }

  assert {
    condition     = aws_cloudtrail.this.cloud_watch_logs_group_arn == "${aws_cloudwatch_log_group.trail.arn}:*" && aws_cloudwatch_log_group.trail.kms_key_id == var.logs_kms_key_arn && aws_cloudwatch_log_group.trail.retention_in_days == 365
    error_message = "The trail must also write to its log group, which is encrypted and kept for a year."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.trail.policy).Statement : statement.Resource == "${aws_cloudwatch_log_group.trail.arn}:log-stream:111122223333_CloudTrail_*" && toset(statement.Action) == toset(["logs:CreateLogStream", "logs:PutLogEvents"])])
    error_message = "The trail's role may write to the trail's own streams and nothing else."
  }

  assert {
    condition     = one(jsondecode(aws_iam_role.trail.assume_role_policy).Statement).Principal == { Service = "cloudtrail.amazonaws.com" }
    error_message = "Only CloudTrail may take the trail's role."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.audit.policy).Statement : alltrue([
        statement.Effect == "Deny", statement.Principal == "*", statement.Action == "s3:*",
        toset(flatten([statement.Resource])) == toset(["arn:aws:s3:::platform-audit-111122223333-eu-central-1", "arn:aws:s3:::platform-audit-111122223333-eu-central-1/*"]),
        try(statement.Condition.Bool["aws:SecureTransport"] == "false", false),
      ])
    ])
    error_message = "The bucket must refuse everybody without TLS, for itself and its objects."
  }

  assert {
    condition = anytrue([
      for statement in jsondecode(aws_s3_bucket_policy.audit.policy).Statement : alltrue([
        statement.Effect == "Deny", statement.Principal == "*", !can(statement.Condition),
        toset(flatten([statement.Action])) == toset(["s3:DeleteObject", "s3:DeleteObjectVersion"]),
      ])
    ])
    error_message = "Nobody may delete records or their versions."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_s3_bucket_policy.audit.policy).Statement : anytrue([
        try(statement.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-central-1:111122223333:trail/platform-audit", false),
        try(statement.Condition.StringEquals["aws:SourceAccount"] == "111122223333" && statement.Principal == { Service = "config.amazonaws.com" }, false),
      ]) if statement.Effect == "Allow"
    ])
    error_message = "A service may use the bucket only for this trail or this account."
  }

  assert {
    condition = toset([for statement in jsondecode(aws_s3_bucket_policy.audit.policy).Statement : statement.Resource if statement.Effect == "Allow" && statement.Action == "s3:PutObject"]) == toset([
      "arn:aws:s3:::platform-audit-111122223333-eu-central-1/cloudtrail/AWSLogs/111122223333/*",
      "arn:aws:s3:::platform-audit-111122223333-eu-central-1/config/AWSLogs/111122223333/Config/*",
    ])
    error_message = "Each service may write below its own prefix only."
  }

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.audit.block_public_acls, aws_s3_bucket_public_access_block.audit.block_public_policy, aws_s3_bucket_public_access_block.audit.ignore_public_acls, aws_s3_bucket_public_access_block.audit.restrict_public_buckets])
    error_message = "The bucket must be closed to the public in all four ways."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.audit.versioning_configuration).status == "Enabled" && one(aws_s3_bucket_ownership_controls.audit.rule).object_ownership == "BucketOwnerEnforced" && !aws_s3_bucket.audit.force_destroy
    error_message = "The bucket must keep versions, own its objects, and not be destroyed with what it holds."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.audit.rule).apply_server_side_encryption_by_default).kms_master_key_id == aws_kms_key.audit.arn && one(one(aws_s3_bucket_server_side_encryption_configuration.audit.rule).apply_server_side_encryption_by_default).sse_algorithm == "aws:kms"
    error_message = "The bucket must encrypt with the audit key."
  }

  assert {
    condition     = one(one(aws_s3_bucket_lifecycle_configuration.audit.rule).expiration).days == 2557
    error_message = "Records must be kept for seven years."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_kms_key.audit.policy).Statement : can(statement.Condition) if can(statement.Principal.Service)])
    error_message = "Every service's right on the key must have a condition."
  }

  assert {
    condition = alltrue([
      for statement in jsondecode(aws_kms_key.audit.policy).Statement : try(statement.Condition.StringEquals["aws:SourceArn"] == "arn:aws:cloudtrail:eu-central-1:111122223333:trail/platform-audit", false)
      if try(statement.Principal.Service == "cloudtrail.amazonaws.com", false)
    ])
    error_message = "CloudTrail may use the key for this trail only."
  }

  assert {
    condition     = [for statement in jsondecode(aws_kms_key.audit.policy).Statement : statement.Principal.AWS if can(statement.Principal.AWS)] == ["arn:aws:iam::111122223333:root"]
    error_message = "Nobody but this account may be named in the key's policy."
  }

  assert {
    condition     = one(one(aws_config_configuration_recorder.this).recording_group).all_supported && one(one(aws_config_configuration_recorder.this).recording_group).include_global_resource_types && one(aws_config_configuration_recorder_status.this).is_enabled
    error_message = "Config must record everything, IAM too, and be switched on."
  }

  assert {
    condition     = one(aws_config_delivery_channel.this).s3_kms_key_arn == aws_kms_key.audit.arn
    error_message = "Config must deliver under the audit key."
  }

  assert {
    condition     = length(setsubtract(["RDS_STORAGE_ENCRYPTED", "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", "S3_BUCKET_PUBLIC_READ_PROHIBITED", "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", "S3_BUCKET_SSL_REQUESTS_ONLY", "EKS_ENDPOINT_NO_PUBLIC_ACCESS", "EKS_SECRETS_ENCRYPTED", "EC2_IMDSV2_CHECK", "VPC_DEFAULT_SECURITY_GROUP_CLOSED", "ALB_WAF_ENABLED", "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", "CMK_BACKING_KEY_ROTATION_ENABLED", "MULTI_REGION_CLOUD_TRAIL_ENABLED"], [for rule in aws_config_config_rule.this : one(rule.source).source_identifier])) == 0
    error_message = "Config must watch the platform's promises: private encrypted databases, buckets, cluster, nodes, groups, web ACLs, redirects, keys, the trail."
  }

  assert {
    condition     = jsondecode(aws_config_config_rule.this["internet-ports"].input_parameters).authorizedTcpPorts == "80,443"
    error_message = "Nothing but 80 and 443 may be open to the internet."
  }

  assert {
    condition     = one(jsondecode(one(aws_iam_role.config).assume_role_policy).Statement).Condition.StringEquals["aws:SourceAccount"] == "111122223333"
    error_message = "Config may take its role for this account only."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(one(aws_iam_role_policy.config).policy).Statement : !contains(flatten([statement.Resource]), "*")])
    error_message = "Config's own rights must name the bucket and the key."
  }
}

run "the_trail_under_a_bucket_key" {
  assert {
    condition = one(aws_s3_bucket_server_side_encryption_configuration.audit.rule[*]).bucket_key_enabled == false || [
      for statement in jsondecode(aws_kms_key.audit.policy).Statement : statement.Condition
      if contains(flatten([statement.Action]), "kms:Decrypt") && try(statement.Principal.Service, "") == "cloudtrail.amazonaws.com"
    ] == [{ StringEquals = { "aws:SourceArn" = "arn:aws:cloudtrail:${var.region}:${var.account_id}:trail/${var.name}-audit" } }]
    error_message = "With an S3 bucket key CloudTrail must be able to decrypt, for this trail alone, or CreateTrail is refused."
  }
}
