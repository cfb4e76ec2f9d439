mock_provider "aws" {
  source = "./tests/mocks"
}

run "name_with_capitals" {
  command = plan

  variables {
    name = "Platform"
  }

  expect_failures = [var.name]
}

run "account_too_short" {
  command = plan

  variables {
    account_id = "12345"
  }

  expect_failures = [var.account_id]
}

run "region_misspelt" {
  command = plan

  variables {
    region = "frankfurt"
  }

  expect_failures = [var.region]
}

run "partition_unknown" {
  command = plan

  variables {
    partition = "aws-mars"
  }

  expect_failures = [var.partition]
}

run "cluster_name_with_a_wildcard" {
  command = plan

  variables {
    cluster_name = "platform-*"
  }

  expect_failures = [var.cluster_name]
}

run "provider_arn_that_is_none" {
  command = plan

  variables {
    oidc_provider_arn = "oidc.eks.eu-central-1.amazonaws.com/id/0123"
    oidc_issuer       = "oidc.eks.eu-central-1.amazonaws.com/id/0123"
  }

  expect_failures = [var.oidc_provider_arn]
}

run "issuer_with_https" {
  command = plan

  variables {
    oidc_issuer = "https://oidc.eks.eu-central-1.amazonaws.com/id/0123"
  }

  expect_failures = [var.oidc_issuer]
}

run "issuer_of_another_cluster" {
  command = plan

  variables {
    oidc_issuer = "oidc.eks.eu-central-1.amazonaws.com/id/9999"
  }

  expect_failures = [var.oidc_issuer]
}

run "path_without_slash" {
  command = plan

  variables {
    iam_path = "appinstances"
  }

  expect_failures = [var.iam_path]
}

run "path_with_a_wildcard" {
  command = plan

  variables {
    iam_path = "/*/"
  }

  expect_failures = [var.iam_path]
}

run "path_of_the_platform" {
  command = plan

  variables {
    iam_path = "/platform/apps/"
  }

  expect_failures = [var.iam_path]
}

run "prefix_empty" {
  command = plan

  variables {
    role_name_prefix = ""
  }

  expect_failures = [var.role_name_prefix]
}

run "prefix_too_long" {
  command = plan

  variables {
    role_name_prefix = "appinstances-of-blue-"
  }

  expect_failures = [var.role_name_prefix]
}

run "all_buckets" {
  command = plan

  variables {
    media_bucket_arn = "arn:aws:s3:::*"
  }

  expect_failures = [var.media_bucket_arn]
}

run "media_key_by_wildcard" {
  command = plan

  variables {
    media_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/*"
  }

  expect_failures = [var.media_kms_key_arn]
}

run "grant_with_capitals" {
  command = plan

  variables {
    grants = { Mail = { namespaces = ["acme"], secret_prefixes = ["shared/mail/"] } }
  }

  expect_failures = [var.grants]
}

run "grant_for_nobody" {
  command = plan

  variables {
    grants = { mail = { namespaces = [], secret_prefixes = ["shared/mail/"] } }
  }

  expect_failures = [var.grants]
}

run "grant_for_namespaces_by_pattern" {
  command = plan

  variables {
    grants = { mail = { namespaces = ["acme-*"], secret_prefixes = ["shared/mail/"] } }
  }

  expect_failures = [var.grants]
}

run "grant_for_all_and_one" {
  command = plan

  variables {
    grants = { mail = { namespaces = ["*", "acme"], secret_prefixes = ["shared/mail/"] } }
  }

  expect_failures = [var.grants]
}

run "grant_of_half_a_name" {
  command = plan

  variables {
    grants = { mail = { namespaces = ["acme"], secret_prefixes = ["shared/mail"] } }
  }

  expect_failures = [var.grants]
}

run "grant_of_all_media" {
  command = plan

  variables {
    grants = { media = { namespaces = ["acme"], media_prefixes = ["*/"] } }
  }

  expect_failures = [var.grants]
}

run "grant_of_buckets_by_pattern" {
  command = plan

  variables {
    grants = { media = { namespaces = ["acme"], buckets = ["acme-*"] } }
  }

  expect_failures = [var.grants]
}

run "grant_of_the_platforms_entries" {
  command = plan

  variables {
    grants = { mail = { namespaces = ["acme"], secret_prefixes = ["platform/registry/"] } }
  }

  expect_failures = [var.grants]
}

run "two_boundaries_for_one_namespace" {
  command = plan

  variables {
    grants = {
      mail  = { namespaces = ["acme", "globex"], secret_prefixes = ["shared/mail/"] }
      media = { namespaces = ["hooli", "globex"], media_prefixes = ["shared/"] }
    }
  }

  expect_failures = [var.grants]
}

run "two_boundaries_for_all" {
  command = plan

  variables {
    grants = {
      mail  = { namespaces = ["*"], secret_prefixes = ["shared/mail/"] }
      media = { namespaces = ["hooli"], media_prefixes = ["shared/"] }
    }
  }

  expect_failures = [var.grants]
}

run "grant_longer_than_a_boundary" {
  command = plan

  variables {
    grants = { mail = { namespaces = ["acme"], secret_prefixes = [for number in range(80) : "shared/mail-of-team-${number}/"] } }
  }

  expect_failures = [aws_iam_policy.grant_boundary["mail"]]
}

run "more_grants_than_a_policy_holds" {
  command = plan

  variables {
    grants = { for number in range(12) : "mail-${number}" => { namespaces = ["team-${number}"], secret_prefixes = ["shared/mail-${number}/"] } }
  }

  expect_failures = [aws_iam_role_policy.this["operator"]]
}

run "secrets_prefix_without_slash" {
  command = plan

  variables {
    secrets_prefix = "apps"
  }

  expect_failures = [var.secrets_prefix]
}

run "secrets_prefix_with_a_wildcard" {
  command = plan

  variables {
    secrets_prefix = "*/"
  }

  expect_failures = [var.secrets_prefix]
}

run "platform_prefix_without_slash" {
  command = plan

  variables {
    platform_secrets_prefix = "platform"
  }

  expect_failures = [var.platform_secrets_prefix]
}

run "platform_prefix_among_the_instances" {
  command = plan

  variables {
    platform_secrets_prefix = "apps/platform/" # checkov:skip=CKV_SECRET_6:a name, no secret
  }

  expect_failures = [var.platform_secrets_prefix]
}

run "instances_among_the_platform" {
  command = plan

  variables {
    secrets_prefix = "platform/apps/" # checkov:skip=CKV_SECRET_6:a name, no secret
  }

  expect_failures = [var.platform_secrets_prefix]
}

run "secrets_key_by_alias" {
  command = plan

  variables {
    secrets_kms_key_arn = "alias/secrets" # checkov:skip=CKV_SECRET_6:a name, no secret
  }

  expect_failures = [var.secrets_kms_key_arn]
}

run "edge_group_by_name" {
  command = plan

  variables {
    edge_security_group_id = "edge"
  }

  expect_failures = [var.edge_security_group_id]
}

run "global_web_acl" {
  command = plan

  variables {
    web_acl_arn = "arn:aws:wafv2:us-east-1:123456789012:global/webacl/x/0a"
  }

  expect_failures = [var.web_acl_arn]
}

run "any_service_account" {
  command = plan

  variables {
    operator_service_account = { namespace = "appinstance-system", name = "*" }
  }

  expect_failures = [var.operator_service_account]
}

run "refuses_a_wildcard_as_domain" {
  command = plan
  variables {
    dns_zones = { "*.example.com" = "Z0APPS" }
  }
  expect_failures = [var.dns_zones]
}

run "refuses_a_zone_by_its_name" {
  command = plan
  variables {
    dns_zones = { "apps.example.com" = "example.com" }
  }
  expect_failures = [var.dns_zones]
}
