# The fallback of a Twilio number: TwiML for when no gateway answers. It must not fail together with the gateways, so it depends
# on no region, bucket or server. A function at CloudFront's edge holds the document and answers before CloudFront would ask an
# origin.

locals {
  # Timeouts and retries of Twilio's requests (Twilio: Webhooks - connection overrides). A gateway that dies or hangs costs one
  # try, and the next gateway answers. Twilio requests the fallback after all tries. The gateway puts the same on its own URLs.
  overrides = "#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx"

  # The operator's sentences may hold characters that are special in XML.
  connecting = replace(replace(replace(coalesce(var.connecting, local.spoken.connecting), "&", "&amp;"), "<", "&lt;"), ">", "&gt;")
  nobody     = replace(replace(replace(coalesce(var.nobody, local.spoken.nobody), "&", "&amp;"), "<", "&lt;"), ">", "&gt;")

  twiml = templatefile("${path.module}/fallback.xml.tftpl", {
    connecting    = local.connecting
    language      = var.language
    nobody        = local.nobody
    phone_numbers = var.phone_numbers
    ring_seconds  = var.ring_seconds
  })
}

resource "aws_cloudfront_function" "answer" {
  name    = var.name
  comment = "Tandem: TwiML for when no gateway answers"
  runtime = "cloudfront-js-2.0"
  publish = true
  code    = templatefile("${path.module}/answer.js.tftpl", { twiml = base64encode(local.twiml) })
}

resource "aws_cloudfront_distribution" "fallback" {
  comment         = "Tandem: TwiML for when no gateway answers"
  enabled         = true
  is_ipv6_enabled = true

  # CloudFront requires an origin, but never asks it, because the function answers first. There are no access logs, because a
  # request by GET holds the caller's number.
  origin {
    origin_id   = "never-asked"
    domain_name = var.public_host

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }

  default_cache_behavior {
    target_origin_id       = "never-asked"
    viewer_protocol_policy = "https-only"
    # Twilio requests by GET, as output.number says, or by POST when the number is set so.
    allowed_methods = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
    cached_methods  = ["GET", "HEAD"]
    # The managed policy "CachingDisabled" (CloudFront: managed cache policies).
    cache_policy_id = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"

    function_association {
      event_type   = "viewer-request"
      function_arn = aws_cloudfront_function.answer.arn
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  viewer_certificate {
    cloudfront_default_certificate = true
  }
}

# A request to the fallback means that no gateway answered, and that the fallback has caught a caller.
resource "aws_cloudwatch_metric_alarm" "asked" {
  # CloudFront belongs to no region. Its metrics are in us-east-1 (CloudFront: monitoring).
  region            = "us-east-1"
  alarm_name        = "${var.name}-asked"
  alarm_description = "Twilio asked for the fallback of the number: no gateway answered. Callers go to ${join(", then ", var.phone_numbers)} without their context. Runbook: docs/OPERATIONS.md#fallback-asked"

  namespace           = "AWS/CloudFront"
  metric_name         = "Requests"
  dimensions          = { DistributionId = aws_cloudfront_distribution.fallback.id, Region = "Global" }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
}
