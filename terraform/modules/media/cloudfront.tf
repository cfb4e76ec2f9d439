locals {
  public_keys  = try(var.cloudfront.public_keys, {})
  key_prefixes = try(var.cloudfront.key_prefixes, {})

  # The prefixes with keys of their own, and under "" the keys for all the rest.
  prefixes = sort(distinct(values(local.key_prefixes)))
  signers = merge(
    { for prefix in local.prefixes : prefix => sort([for name, own in local.key_prefixes : name if own == prefix]) },
    { for rest in var.cloudfront[*] : "" => sort(setsubtract(keys(local.public_keys), keys(local.key_prefixes))) },
  )

  # The same ids in every account: AWS's CachingOptimized and SecurityHeadersPolicy.
  cache_policy_id            = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  response_headers_policy_id = "67f7725c-6f97-4210-82d7-5512b31e9d03"

  origin_id         = "media"
  log_delivery_name = "${var.name}-media-cloudfront"

  # Neither query (it holds the signature), cookies nor referrer.
  logged_fields = [
    "date", "time", "x-edge-location", "sc-bytes", "c-ip", "cs-method", "cs(Host)", "cs-uri-stem",
    "sc-status", "cs(User-Agent)", "x-edge-result-type", "x-edge-request-id", "x-host-header",
    "cs-protocol", "cs-bytes", "time-taken", "ssl-protocol", "ssl-cipher",
    "x-edge-response-result-type", "cs-protocol-version", "x-edge-detailed-result-type",
    "sc-content-type", "sc-content-len",
  ]
}

resource "aws_cloudfront_public_key" "media" {
  for_each = local.public_keys

  # With a hash, as the old and the new key exist side by side while one takes over.
  name    = "${var.name}-media-${each.key}-${substr(sha256(trimspace(each.value)), 0, 8)}"
  comment = "Signed URLs of ${var.bucket_name}: ${each.key}"
  # CloudFront gives it back with one line break at the end.
  encoded_key = "${trimspace(each.value)}\n"

  # A key that a group still names can't be deleted.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_key_group" "media" {
  for_each = local.signers

  # A hash, as a-b/c/ and a/b-c/ must not share a name.
  name    = each.key == "" ? "${var.name}-media" : "${var.name}-media-${substr(sha256(each.key), 0, 12)}"
  comment = each.key == "" ? "All prefixes without keys of their own" : each.key
  items   = [for name in each.value : aws_cloudfront_public_key.media[name].id]
}

resource "aws_cloudfront_origin_access_control" "media" {
  count = local.with_cdn ? 1 : 0

  name                              = "${var.name}-media"
  description                       = "CloudFront signs its requests to ${var.bucket_name}"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

resource "aws_cloudfront_distribution" "media" {
  #checkov:skip=CKV_AWS_68: a web ACL is the caller's choice (web_acl_arn); nothing is served without a signature
  #checkov:skip=CKV_AWS_86: standard logging v2 below; the old one needs ACLs, which the buckets refuse
  #checkov:skip=CKV_AWS_305: there is no page at the root, and everything needs a signature
  #checkov:skip=CKV_AWS_310: one bucket is the one origin
  #checkov:skip=CKV_AWS_374: people travel; who may see an object is decided by its signature
  #checkov:skip=CKV2_AWS_32: every behaviour has AWS's SecurityHeadersPolicy; the check looks for a resource
  #checkov:skip=CKV2_AWS_47: a static origin runs no Log4j
  count = local.with_cdn ? 1 : 0

  enabled         = true
  comment         = "${var.name}: signed URLs of ${var.bucket_name}"
  aliases         = var.cloudfront.aliases
  price_class     = var.cloudfront.price_class
  web_acl_id      = var.cloudfront.web_acl_arn
  http_version    = "http2and3"
  is_ipv6_enabled = true
  tags            = var.tags

  origin {
    origin_id                = local.origin_id
    domain_name              = aws_s3_bucket.media.bucket_regional_domain_name
    origin_access_control_id = aws_cloudfront_origin_access_control.media[0].id
  }

  default_cache_behavior {
    target_origin_id           = local.origin_id
    viewer_protocol_policy     = "https-only"
    allowed_methods            = ["GET", "HEAD"]
    cached_methods             = ["GET", "HEAD"]
    trusted_key_groups         = [aws_cloudfront_key_group.media[""].id]
    cache_policy_id            = local.cache_policy_id
    response_headers_policy_id = local.response_headers_policy_id
    compress                   = false
  }

  # One instance's key must not open another's objects.
  dynamic "ordered_cache_behavior" {
    for_each = local.prefixes

    content {
      path_pattern               = "/${ordered_cache_behavior.value}*"
      target_origin_id           = local.origin_id
      viewer_protocol_policy     = "https-only"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      trusted_key_groups         = [aws_cloudfront_key_group.media[ordered_cache_behavior.value].id]
      cache_policy_id            = local.cache_policy_id
      response_headers_policy_id = local.response_headers_policy_id
      compress                   = false
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    acm_certificate_arn      = var.cloudfront.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }
}

resource "aws_route53_record" "media" {
  for_each = { for pair in setproduct(local.with_cdn ? keys(var.alias_zones) : [], ["A", "AAAA"]) : join(" ", pair) => { name = pair[0], type = pair[1] } }

  zone_id = var.alias_zones[each.value.name]
  name    = each.value.name
  type    = each.value.type

  alias {
    name                   = aws_cloudfront_distribution.media[0].domain_name
    zone_id                = aws_cloudfront_distribution.media[0].hosted_zone_id
    evaluate_target_health = false
  }
}

# Standard logging v2. CloudFront's logs are a matter of us-east-1, wherever the bucket is.
resource "aws_cloudwatch_log_delivery_source" "cloudfront" {
  count = local.with_cdn ? 1 : 0

  region       = "us-east-1"
  name         = local.log_delivery_name
  log_type     = "ACCESS_LOGS"
  resource_arn = aws_cloudfront_distribution.media[0].arn
  tags         = var.tags
}

resource "aws_cloudwatch_log_delivery_destination" "cloudfront" {
  count = local.with_cdn ? 1 : 0

  region        = "us-east-1"
  name          = local.log_delivery_name
  output_format = "json"
  tags          = var.tags

  delivery_destination_configuration {
    destination_resource_arn = "${aws_s3_bucket.access_logs.arn}/cloudfront"
  }

  depends_on = [aws_s3_bucket_policy.access_logs]
}

resource "aws_cloudwatch_log_delivery" "cloudfront" {
  count = local.with_cdn ? 1 : 0

  region                   = "us-east-1"
  delivery_source_name     = aws_cloudwatch_log_delivery_source.cloudfront[0].name
  delivery_destination_arn = aws_cloudwatch_log_delivery_destination.cloudfront[0].arn
  record_fields            = local.logged_fields
  tags                     = var.tags
}
