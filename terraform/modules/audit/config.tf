locals {
  config_trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "ConfigOnly"
      Effect    = "Allow"
      Principal = { Service = "config.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.account_id } }
    }]
  })

  config_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DeliverRecords"
        Effect    = "Allow"
        Action    = "s3:PutObject"
        Resource  = "${local.config_prefix}/*"
        Condition = { StringEquals = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
      {
        Sid      = "LookAtTheBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketAcl", "s3:ListBucket"]
        Resource = local.bucket_arn
      },
      {
        Sid      = "EncryptRecords"
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = aws_kms_key.audit.arn
      },
    ]
  })

  # Identifier of the managed rule, its parameters, and the promise of the platform that it watches.
  config_rules = {
    cloudtrail-enabled         = { identifier = "MULTI_REGION_CLOUD_TRAIL_ENABLED", parameters = {}, promise = "Every region is recorded." }
    cloudtrail-validated       = { identifier = "CLOUD_TRAIL_LOG_FILE_VALIDATION_ENABLED", parameters = {}, promise = "Records can't be changed unseen." }
    cloudtrail-encrypted       = { identifier = "CLOUD_TRAIL_ENCRYPTION_ENABLED", parameters = {}, promise = "Records are under a key of ours." }
    log-groups-encrypted       = { identifier = "CLOUDWATCH_LOG_GROUP_ENCRYPTED", parameters = {}, promise = "Logs are under a key of ours." }
    keys-rotate                = { identifier = "CMK_BACKING_KEY_ROTATION_ENABLED", parameters = {}, promise = "Keys rotate every year." }
    database-encrypted         = { identifier = "RDS_STORAGE_ENCRYPTED", parameters = {}, promise = "Databases are encrypted." }
    database-private           = { identifier = "RDS_INSTANCE_PUBLIC_ACCESS_CHECK", parameters = {}, promise = "Databases have no public address." }
    database-multi-az          = { identifier = "RDS_MULTI_AZ_SUPPORT", parameters = {}, promise = "Databases survive a zone." }
    database-deletion-guarded  = { identifier = "RDS_INSTANCE_DELETION_PROTECTION_ENABLED", parameters = {}, promise = "Databases are not deleted by mistake." }
    database-backed-up         = { identifier = "DB_INSTANCE_BACKUP_ENABLED", parameters = { backupRetentionMinimum = "7" }, promise = "A week of backups at least." }
    buckets-not-public-read    = { identifier = "S3_BUCKET_PUBLIC_READ_PROHIBITED", parameters = {}, promise = "No bucket is read by the public." }
    buckets-not-public-write   = { identifier = "S3_BUCKET_PUBLIC_WRITE_PROHIBITED", parameters = {}, promise = "No bucket is written by the public." }
    buckets-tls-only           = { identifier = "S3_BUCKET_SSL_REQUESTS_ONLY", parameters = {}, promise = "Buckets refuse requests without TLS." }
    buckets-encrypted          = { identifier = "S3_BUCKET_SERVER_SIDE_ENCRYPTION_ENABLED", parameters = {}, promise = "Buckets are encrypted." }
    secrets-under-own-key      = { identifier = "SECRETSMANAGER_USING_CMK", parameters = {}, promise = "Secrets are under a key of ours." }
    cluster-endpoint-private   = { identifier = "EKS_ENDPOINT_NO_PUBLIC_ACCESS", parameters = {}, promise = "The API server is not on the internet." }
    cluster-secrets-encrypted  = { identifier = "EKS_SECRETS_ENCRYPTED", parameters = {}, promise = "The cluster's secrets are under a key of ours." }
    nodes-imdsv2               = { identifier = "EC2_IMDSV2_CHECK", parameters = {}, promise = "Nodes give credentials only to IMDSv2." }
    volumes-encrypted          = { identifier = "ENCRYPTED_VOLUMES", parameters = {}, promise = "Volumes are encrypted." }
    default-group-closed       = { identifier = "VPC_DEFAULT_SECURITY_GROUP_CLOSED", parameters = {}, promise = "Default security groups let nothing through." }
    flow-logs-enabled          = { identifier = "VPC_FLOW_LOGS_ENABLED", parameters = {}, promise = "Traffic is recorded." }
    internet-ports             = { identifier = "VPC_SG_OPEN_ONLY_TO_AUTHORIZED_PORTS", parameters = { authorizedTcpPorts = "80,443" }, promise = "Only 80 and 443 are open to the internet." }
    load-balancers-have-waf    = { identifier = "ALB_WAF_ENABLED", parameters = {}, promise = "Every load balancer has a web ACL." }
    load-balancers-redirect    = { identifier = "ALB_HTTP_TO_HTTPS_REDIRECTION_CHECK", parameters = {}, promise = "HTTP leads to HTTPS." }
    root-without-keys          = { identifier = "IAM_ROOT_ACCESS_KEY_CHECK", parameters = {}, promise = "Root has no access keys." }
    root-with-mfa              = { identifier = "ROOT_ACCOUNT_MFA_ENABLED", parameters = {}, promise = "Root needs a second factor." }
    no-administrator-statement = { identifier = "IAM_POLICY_NO_STATEMENTS_WITH_ADMIN_ACCESS", parameters = {}, promise = "No policy of ours allows everything." }
  }
}

resource "aws_iam_role" "config" {
  count = var.enable_config ? 1 : 0

  name               = "${var.name}-config"
  path               = "/platform/"
  description        = "Config reads how resources are set and writes it to the audit bucket"
  assume_role_policy = local.config_trust
  tags               = local.tags
}

# AWS's own list of what Config must read; it grows with each service.
resource "aws_iam_role_policy_attachment" "config" {
  count = var.enable_config ? 1 : 0

  role       = aws_iam_role.config[0].name
  policy_arn = "arn:${var.partition}:iam::aws:policy/service-role/AWS_ConfigRole"
}

resource "aws_iam_role_policy" "config" {
  count = var.enable_config ? 1 : 0

  name   = "deliver"
  role   = aws_iam_role.config[0].name
  policy = local.config_policy
}

resource "aws_config_configuration_recorder" "this" {
  count = var.enable_config ? 1 : 0

  name     = var.name
  role_arn = aws_iam_role.config[0].arn

  recording_group {
    all_supported                 = true
    include_global_resource_types = true
  }

  depends_on = [aws_iam_role_policy_attachment.config, aws_iam_role_policy.config]
}

resource "aws_config_delivery_channel" "this" {
  count = var.enable_config ? 1 : 0

  name           = var.name
  s3_bucket_name = aws_s3_bucket.audit.id
  s3_key_prefix  = "config"
  s3_kms_key_arn = aws_kms_key.audit.arn

  snapshot_delivery_properties {
    delivery_frequency = "TwentyFour_Hours"
  }

  depends_on = [aws_config_configuration_recorder.this, aws_s3_bucket_policy.audit]
}

resource "aws_config_configuration_recorder_status" "this" {
  count = var.enable_config ? 1 : 0

  name       = aws_config_configuration_recorder.this[0].name
  is_enabled = true

  depends_on = [aws_config_delivery_channel.this]
}

resource "aws_config_config_rule" "this" {
  for_each = { for key, rule in local.config_rules : key => rule if var.enable_config }

  name             = "${var.name}-${each.key}"
  description      = each.value.promise
  input_parameters = length(each.value.parameters) > 0 ? jsonencode(each.value.parameters) : null
  tags             = local.tags

  source {
    owner             = "AWS"
    source_identifier = each.value.identifier
  }

  depends_on = [aws_config_configuration_recorder.this]
}
