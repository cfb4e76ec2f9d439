mock_provider "aws" {}

mock_provider "helm" {}

run "region_misspelt" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "cluster_name_with_a_wildcard" {
  command = plan

  variables {
    cluster_name = "my-*"
  }

  expect_failures = [var.cluster_name]
}

run "vpc_id_that_is_none" {
  command = plan

  variables {
    vpc_id = "10.20.0.0/16"
  }

  expect_failures = [var.vpc_id]
}

run "edge_group_by_name" {
  command = plan

  variables {
    edge_security_group_id = "edge"
  }

  expect_failures = [var.edge_security_group_id]
}

run "agent_role_by_name" {
  command = plan

  variables {
    cloudwatch_agent_role_arn = "cloudwatch-agent"
  }

  expect_failures = [var.cloudwatch_agent_role_arn]
}

run "external_secrets_role_by_name" {
  command = plan

  variables {
    external_secrets_role_arn = "external-secrets" # checkov:skip=CKV_SECRET_6:a name, no secret
  }

  expect_failures = [var.external_secrets_role_arn]
}

run "controller_role_by_name" {
  command = plan

  variables {
    load_balancer_controller_role_arn = "controller"
  }

  expect_failures = [var.load_balancer_controller_role_arn]
}

run "a_service_account_missing" {
  command = plan

  variables {
    service_accounts = { operator = { namespace = "appinstance-system", name = "appinstance-operator" } }
  }

  expect_failures = [var.service_accounts]
}

run "addon_latest" {
  command = plan

  variables {
    cloudwatch_addon_version = "latest"
  }

  expect_failures = [var.cloudwatch_addon_version]
}

run "chart_by_range" {
  command = plan

  variables {
    charts = { operator = { chart = "operator", version = "~> 0.1" } }
  }

  expect_failures = [var.charts]
}

run "chart_without_tls" {
  command = plan

  variables {
    charts = {
      external_secrets = { repository = "http://charts.external-secrets.io" }
      operator         = { chart = "operator", version = "0.1.0" }
    }
  }

  expect_failures = [var.charts]
}

run "operator_without_settings" {
  command = plan

  variables {
    operator_values = { image = { tag = "1" } }
  }

  expect_failures = [var.operator_values]
}

run "tls_policy_of_2016" {
  command = plan

  variables {
    ssl_policy = "ELBSecurityPolicy-2016-08"
  }

  expect_failures = [var.ssl_policy]
}

run "tls_policy_extended" {
  command = plan

  variables {
    ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Ext1-2021-06"
  }

  expect_failures = [var.ssl_policy]
}

run "no_time_to_start" {
  command = plan

  variables {
    helm_timeout_seconds = 10
  }

  expect_failures = [var.helm_timeout_seconds]
}

run "logs_key_by_alias" {
  command = plan

  variables {
    logs_kms_key_arn = "alias/logs"
  }

  expect_failures = [var.logs_kms_key_arn]
}

run "logs_for_a_month" {
  command = plan

  variables {
    log_retention_days = 30
  }

  expect_failures = [var.log_retention_days]
}

run "an_agent_that_reads_no_log_of_the_nodes" {
  command = plan
  variables {
    cloudwatch_addon_version = "v4.5.0-eksbuild.1"
  }
  expect_failures = [var.cloudwatch_addon_version]
}

run "refuses_zones_without_a_role" {
  command = plan
  variables {
    external_dns_role_arn = null
  }
  expect_failures = [var.external_dns_role_arn]
}

run "refuses_the_arn_of_a_bucket" {
  command = plan
  variables {
    access_log_bucket_name = "arn:aws:s3:::logs"
  }
  expect_failures = [var.access_log_bucket_name]
}
