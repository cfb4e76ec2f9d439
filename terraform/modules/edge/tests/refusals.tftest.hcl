mock_provider "aws" {
  source = "./tests/mocks"
}

run "first_wrong_value_of_each" {
  command = plan

  variables {
    name                     = "Platform"
    account_id               = "1111"
    region                   = "Frankfurt"
    partition                = "amazon"
    domain                   = "*.example.com"
    zone_id                  = "/hostedzone/Z0123456789"
    logs_kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:alias/logs"
    log_retention_days       = 30
    rate_limit_per_5_minutes = 50
    sign_in_paths            = []
  }

  expect_failures = [
    var.name,
    var.account_id,
    var.region,
    var.partition,
    var.domain,
    var.zone_id,
    var.logs_kms_key_arn,
    var.log_retention_days,
    var.rate_limit_per_5_minutes,
    var.sign_in_paths,
  ]
}

run "second_wrong_value_of_each" {
  command = plan

  variables {
    name                     = "p"
    domain                   = "apps.example.com."
    rate_limit_per_5_minutes = 200.5
    sign_in_paths            = ["/api/(.*)"]
  }

  expect_failures = [
    var.name,
    var.domain,
    var.rate_limit_per_5_minutes,
    var.sign_in_paths,
  ]
}

# The validation of these two reads another variable, which has to be right then.
run "third_wrong_value_of_each" {
  command = plan

  variables {
    domain                           = "Apps.example.com"
    sign_in_rate_limit_per_5_minutes = 5
    upload_path                      = "/api/*"
  }

  expect_failures = [
    var.domain,
    var.sign_in_rate_limit_per_5_minutes,
    var.upload_path,
  ]
}

run "fourth_wrong_value_of_each" {
  command = plan

  variables {
    domain                           = "localhost"
    sign_in_rate_limit_per_5_minutes = 2000 # not below the site's
    upload_path                      = "/api/v1/auth/sign-in"
  }

  expect_failures = [
    var.domain,
    var.sign_in_rate_limit_per_5_minutes,
    var.upload_path,
  ]
}

run "refuses_more_names_than_a_certificate_holds" {
  command = plan
  variables {
    more_domains = { for letter in ["a", "b", "c", "d", "e"] : "${letter}.example.org" => "Z0ORG" }
  }
  expect_failures = [var.more_domains]
}

run "refuses_a_wildcard_among_more_domains" {
  command = plan
  variables {
    more_domains = { "*.example.org" = "Z0ORG" }
  }
  expect_failures = [var.more_domains]
}
