# The name and its certificate. The load balancer's own DNS name cannot be PUBLIC_HOST, because nobody gets a certificate for it.

locals {
  certificate_arn = var.certificate_arn != null ? var.certificate_arn : one(aws_acm_certificate_validation.gateway[*].certificate_arn)
}

resource "aws_acm_certificate" "gateway" {
  count = var.certificate_arn == null ? 1 : 0

  domain_name       = var.public_host
  validation_method = "DNS"

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_route53_record" "validation" {
  count = var.certificate_arn == null ? 1 : 0

  zone_id         = var.zone_id
  name            = one(aws_acm_certificate.gateway[0].domain_validation_options).resource_record_name
  type            = one(aws_acm_certificate.gateway[0].domain_validation_options).resource_record_type
  records         = [one(aws_acm_certificate.gateway[0].domain_validation_options).resource_record_value]
  ttl             = 300
  allow_overwrite = true
}

resource "aws_acm_certificate_validation" "gateway" {
  count = var.certificate_arn == null ? 1 : 0

  certificate_arn         = aws_acm_certificate.gateway[0].arn
  validation_record_fqdns = [aws_route53_record.validation[0].fqdn]
}

resource "aws_route53_record" "gateway" {
  count = var.zone_id != null ? 1 : 0

  zone_id = var.zone_id
  name    = var.public_host
  type    = "A"

  alias {
    name                   = aws_lb.gateway.dns_name
    zone_id                = aws_lb.gateway.zone_id
    evaluate_target_health = true
  }
}
