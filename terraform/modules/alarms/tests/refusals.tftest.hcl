mock_provider "aws" {
  source = "./tests/mocks"
}

run "first_wrong_value_of_each" {
  command = plan

  variables {
    name                       = "Platform"
    account_id                 = "1111"
    region                     = "Frankfurt"
    partition                  = "amazon"
    kms_deletion_window_days   = 31
    email_addresses            = ["platform"]
    web_acl_name               = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/platform/1"
    db_instance_identifier     = "arn:aws:rds:eu-central-1:111122223333:db:platform"
    db_allocated_storage_gib   = 5
    db_max_connections         = 0
    cluster_name               = "arn:aws:eks:eu-central-1:111122223333:cluster/platform"
    trail_log_group_name       = "arn:aws:logs:eu-central-1:111122223333:log-group:x"
    application_log_group_name = "arn:aws:logs:eu-central-1:111122223333:log-group:x"
    operator_namespace         = "AppInstances"
    external_secrets_namespace = "a_b"
    routine_role_arns          = ["arn:aws:iam::111122223333:role/*"]
    thresholds                 = { alb_latency_seconds = 0 }
  }

  expect_failures = [
    var.name,
    var.account_id,
    var.region,
    var.partition,
    var.kms_deletion_window_days,
    var.email_addresses,
    var.web_acl_name,
    var.db_instance_identifier,
    var.db_allocated_storage_gib,
    var.db_max_connections,
    var.cluster_name,
    var.trail_log_group_name,
    var.application_log_group_name,
    var.operator_namespace,
    var.external_secrets_namespace,
    var.routine_role_arns,
    var.thresholds,
  ]
}

run "second_wrong_value_of_each" {
  command = plan

  variables {
    routine_role_arns = [for i in range(4) : "arn:aws:iam::111122223333:role/a${i}"]
    thresholds        = { database_cpu_percent = 100 }
  }

  expect_failures = [
    var.routine_role_arns,
    var.thresholds,
  ]
}

run "an_incident_service_without_tls" {
  command = plan
  variables {
    https_endpoints = { pagerduty = "http://events.pagerduty.com/integration/0123/enqueue" }
  }
  expect_failures = [var.https_endpoints]
}

run "trust_of_a_role_by_its_name" {
  command = plan

  variables {
    operator_trust = { role_arn = "platform-operator", oidc_provider_arn = "arn:aws:iam::111122223333:oidc-provider/x" }
  }

  expect_failures = [var.operator_trust]
}
