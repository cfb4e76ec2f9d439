locals {
  tags = merge(var.tags, { Name = var.name })
}

resource "aws_acm_certificate" "this" {
  #checkov:skip=CKV2_AWS_71: instances are made long after the certificate, each below the domain
  domain_name               = var.domain
  subject_alternative_names = concat(["*.${var.domain}"], flatten([for domain in keys(var.more_domains) : [domain, "*.${domain}"]]))
  validation_method         = "DNS"
  key_algorithm             = "EC_prime256v1"
  tags                      = local.tags

  options {
    certificate_transparency_logging_preference = "ENABLED"
  }

  # A listener keeps the old certificate until it has the new one.
  lifecycle {
    create_before_destroy = true
  }
}

locals {
  # ACM asks for the same record for a domain and its wildcard: one record proves both.
  validation = {
    for option in aws_acm_certificate.this.domain_validation_options : option.domain_name => option
  }
}

resource "aws_route53_record" "validation" {
  zone_id         = var.zone_id
  name            = local.validation[var.domain].resource_record_name
  type            = local.validation[var.domain].resource_record_type
  records         = [local.validation[var.domain].resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_route53_record" "validation_more" {
  for_each = var.more_domains

  zone_id         = each.value
  name            = local.validation[each.key].resource_record_name
  type            = local.validation[each.key].resource_record_type
  records         = [local.validation[each.key].resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "this" {
  certificate_arn         = aws_acm_certificate.this.arn
  validation_record_fqdns = concat([aws_route53_record.validation.fqdn], [for record in aws_route53_record.validation_more : record.fqdn])
}
