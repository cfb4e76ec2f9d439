mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name        = "demo"
  account_id  = "123456789012"
  bucket_name = "demo-media"
}

run "name" {
  command = plan

  variables {
    name = "Demo"
  }

  expect_failures = [var.name]
}

run "account_id" {
  command = plan

  variables {
    account_id = "1234"
  }

  expect_failures = [var.account_id]
}

run "partition" {
  command = plan

  variables {
    partition = "azure"
  }

  expect_failures = [var.partition]
}

run "bucket_with_dots" {
  command = plan

  variables {
    bucket_name = "media.example.com"
  }

  expect_failures = [var.bucket_name]
}

run "bucket_with_a_reserved_suffix" {
  command = plan

  variables {
    bucket_name = "media-s3alias"
  }

  expect_failures = [var.bucket_name]
}

run "bucket_too_long_for_its_logs" {
  command = plan

  variables {
    bucket_name = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
  }

  expect_failures = [var.bucket_name]
}

run "versions_for_ever" {
  command = plan

  variables {
    noncurrent_version_days = 3650
  }

  expect_failures = [var.noncurrent_version_days]
}

run "no_access_logs" {
  command = plan

  variables {
    access_log_retention_days = 0
  }

  expect_failures = [var.access_log_retention_days]
}

run "cloudfront_in_another_partition" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
    }
    partition = "aws-cn"
  }

  expect_failures = [var.cloudfront]
}

run "no_alias" {
  command = plan

  variables {
    cloudfront = {
      aliases         = []
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "alias_with_a_wildcard" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["*.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "certificate_of_another_region" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "private_key" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = format("-----BEGIN %[1]s-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END %[1]s-----", "PRIVATE KEY") }
    }
  }

  expect_failures = [var.cloudfront]
}

run "no_key" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = {}
    }
  }

  expect_failures = [var.cloudfront]
}

run "prefix_of_no_key" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
      key_prefixes    = { other = "acme/web/" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "no_key_for_the_rest" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
      key_prefixes    = { platform = "acme/web/" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "prefix_without_a_slash" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys = {
        platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        acme     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
      }
      key_prefixes = { acme = "acme" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "prefix_with_a_wildcard" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys = {
        platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        acme     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
      }
      key_prefixes = { acme = "*/" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "prefix_inside_another" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys = {
        platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        acme     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        beta     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
      }
      key_prefixes = { acme = "acme/", beta = "acme/web/" }
    }
  }

  expect_failures = [var.cloudfront]
}

run "six_keys_in_a_group" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys = {
        a = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        b = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        c = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        d = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        e = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
        f = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----"
      }
    }
  }

  expect_failures = [var.cloudfront]
}

run "price_class" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
      price_class     = "PriceClass_300"
    }
  }

  expect_failures = [var.cloudfront]
}

run "regional_web_acl" {
  command = plan

  variables {
    cloudfront = {
      aliases         = ["media.example.com"]
      certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"
      public_keys     = { platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----" }
      web_acl_arn     = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/a/1"
    }
  }

  expect_failures = [var.cloudfront]
}

run "refuses_records_of_other_names" {
  command = plan
  variables {
    alias_zones = { "www.example.com" = "Z0EXAMPLE" }
  }
  expect_failures = [var.alias_zones]
}
