# What all test files of this module start from.
name                       = "platform"
account_id                 = "111122223333"
region                     = "eu-central-1"
web_acl_name               = "platform"
db_instance_identifier     = "platform"
db_allocated_storage_gib   = 50
db_max_connections         = 300
cluster_name               = "platform"
trail_log_group_name       = "/aws/cloudtrail/platform-audit"
application_log_group_name = "/aws/containerinsights/platform/application"
operator_metrics           = { namespace = "AppInstance", cluster = "platform", interval_seconds = 60 }
