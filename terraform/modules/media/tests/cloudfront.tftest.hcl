# Security rules of the distribution, applied to the mock: its nested ids are known no earlier.
mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  name        = "demo"
  account_id  = "123456789012"
  bucket_name = "demo-media"
  cloudfront = {
    aliases         = ["media.example.com"]
    certificate_arn = "arn:aws:acm:us-east-1:123456789012:certificate/00000000-0000-0000-0000-000000000001"
    public_keys = {
      platform = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END PUBLIC KEY-----\n"
      acme     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8B\n-----END PUBLIC KEY-----"
      acme-new = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8C\n-----END PUBLIC KEY-----"
      beta     = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8D\n-----END PUBLIC KEY-----"
    }
    key_prefixes = {
      acme     = "acme/web/"
      acme-new = "acme/web/"
      beta     = "beta/web/"
    }
  }
}

run "names" {
  variables {
    alias_zones = { "media.example.com" = "Z0EXAMPLE" }
  }

  assert {
    condition     = toset([for record in aws_route53_record.media : "${record.zone_id} ${record.name} ${record.type}"]) == toset(["Z0EXAMPLE media.example.com A", "Z0EXAMPLE media.example.com AAAA"]) && alltrue([for record in aws_route53_record.media : one(record.alias).name == aws_cloudfront_distribution.media[0].domain_name])
    error_message = "The distribution's names must lead to it, by both families of addresses."
  }
}

run "cloudfront_reads_and_nobody_else" {
  command = apply

  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.media.policy).Statement : statement
      if statement.Effect == "Allow"
      ] == [{
        Sid       = "TheDistributionReads"
        Effect    = "Allow"
        Principal = { Service = "cloudfront.amazonaws.com" }
        Action    = "s3:GetObject"
        Resource  = "arn:aws:s3:::demo-media/*"
        Condition = { StringEquals = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/E1" } }
    }]
    error_message = "The bucket policy may allow reads to this one distribution and nothing else."
  }

  assert {
    condition = one([
      for statement in jsondecode(aws_kms_key.media.policy).Statement : jsonencode([statement.Action, statement.Condition])
      if statement.Sid == "TheDistributionReads"
    ]) == jsonencode(["kms:Decrypt", { StringEquals = { "aws:SourceArn" = "arn:aws:cloudfront::123456789012:distribution/E1" } }])
    error_message = "The key may decrypt for this one distribution, and do nothing else for it."
  }

  assert {
    condition = (
      aws_cloudfront_origin_access_control.media[0].signing_behavior == "always" &&
      aws_cloudfront_origin_access_control.media[0].signing_protocol == "sigv4" &&
      one(aws_cloudfront_distribution.media[0].origin[*].origin_access_control_id) == aws_cloudfront_origin_access_control.media[0].id
    )
    error_message = "CloudFront must sign its own requests to the bucket."
  }
}

run "cloudfront_serves_signed_urls_over_tls" {
  command = apply

  assert {
    condition = alltrue([
      for behavior in concat(
        aws_cloudfront_distribution.media[0].default_cache_behavior,
        aws_cloudfront_distribution.media[0].ordered_cache_behavior,
        ) : (
        behavior.viewer_protocol_policy == "https-only" &&
        length(behavior.trusted_key_groups) == 1 &&
        behavior.allowed_methods == toset(["GET", "HEAD"])
      )
    ])
    error_message = "Every behaviour must demand HTTPS and a signature, and take reads alone."
  }

  assert {
    condition = alltrue([
      for certificate in aws_cloudfront_distribution.media[0].viewer_certificate :
      certificate.minimum_protocol_version == "TLSv1.2_2021" && certificate.ssl_support_method == "sni-only"
    ])
    error_message = "Viewers must speak TLS 1.2 or newer."
  }

  assert {
    condition = (
      one(aws_cloudfront_distribution.media[0].default_cache_behavior[*].trusted_key_groups) ==
      tolist([aws_cloudfront_key_group.media[""].id])
    )
    error_message = "The rest of the bucket must open to the platform's keys alone."
  }

  assert {
    condition = {
      for behavior in aws_cloudfront_distribution.media[0].ordered_cache_behavior : behavior.path_pattern => one(behavior.trusted_key_groups)
      } == {
      "/acme/web/*" = aws_cloudfront_key_group.media["acme/web/"].id
      "/beta/web/*" = aws_cloudfront_key_group.media["beta/web/"].id
    }
    error_message = "Each prefix with keys of its own must open to these keys alone."
  }

  assert {
    condition = { for prefix, group in aws_cloudfront_key_group.media : prefix => group.items } == {
      ""          = toset([aws_cloudfront_public_key.media["platform"].id])
      "acme/web/" = toset([for name in ["acme", "acme-new"] : aws_cloudfront_public_key.media[name].id])
      "beta/web/" = toset([aws_cloudfront_public_key.media["beta"].id])
    }
    error_message = "A key must be in the group of its own prefix and in no other."
  }

  assert {
    condition     = output.cloudfront_key_pair_ids == { for name, key in aws_cloudfront_public_key.media : name => key.id }
    error_message = "The key pair ids must be given by the names of the keys."
  }

  assert {
    condition     = alltrue([for key in aws_cloudfront_public_key.media : endswith(key.encoded_key, "-----END PUBLIC KEY-----\n")])
    error_message = "Keys must end with one line break, as CloudFront returns them, or every plan replaces them."
  }

  assert {
    condition     = output.cloudfront_domain == "d1.cloudfront.net"
    error_message = "cloudfront_domain must be the distribution's name."
  }
}
