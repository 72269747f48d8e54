# The load balancer. Nothing but 443 is served, and behind it only what Twilio asks for.

resource "aws_lb" "gateway" {
  name               = "${var.name}-gateway"
  load_balancer_type = "application"
  internal           = false
  subnets            = var.subnet_ids
  security_groups    = [var.security_group_id]

  # The default of 60 s has cut WebSockets exactly at the interval of their pings.
  idle_timeout = var.idle_timeout
  # Twilio signs the URL with the host to which it sent the request.
  preserve_host_header       = true
  drop_invalid_header_fields = true
  desync_mitigation_mode     = "defensive"
  enable_deletion_protection = var.deletion_protection

  access_logs {
    bucket  = aws_s3_bucket.logs.id
    enabled = true
  }

  depends_on = [aws_s3_bucket_policy.logs]
}

resource "aws_lb_target_group" "gateway" {
  name        = "${var.name}-gateway"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = var.container_port

  # ECS tells a task to stop only when the balancer reports it unused, or after this time. Until then its calls go on.
  deregistration_delay = var.deregistration_delay

  # A call is a request that lasts minutes, so the task with the fewest gets the next one. This excludes slow_start.
  load_balancing_algorithm_type = "least_outstanding_requests"

  # A dead task gets its share of calls until it is found.
  health_check {
    path                = "/ready"
    matcher             = "200"
    interval            = 5
    timeout             = 2
    healthy_threshold   = 2
    unhealthy_threshold = 2
  }

  # Twilio keeps no cookies. Any task can serve any request.
  stickiness {
    type    = "lb_cookie"
    enabled = false
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.gateway.arn
  protocol          = "HTTPS"
  port              = 443
  certificate_arn   = local.certificate_arn
  # By name, because what AWS takes otherwise is of 2016.
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      message_body = "Not found"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.gateway.arn
  protocol          = "HTTP"
  port              = 80

  default_action {
    type = "redirect"

    redirect {
      protocol    = "HTTPS"
      port        = "443"
      status_code = "HTTP_301"
    }
  }
}

# /metrics, /health and /ready have no rule, so they answer 404 outside.
resource "aws_lb_listener_rule" "twilio" {
  listener_arn = aws_lb_listener.https.arn
  priority     = 10

  condition {
    path_pattern {
      values = ["/twilio/*"]
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gateway.arn
  }
}

resource "aws_lb_listener_rule" "console" {
  count = length(var.console_cidrs) > 0 ? 1 : 0

  listener_arn = aws_lb_listener.https.arn
  priority     = 20

  condition {
    path_pattern {
      values = ["/console*", "/api/*"]
    }
  }

  condition {
    source_ip {
      values = var.console_cidrs
    }
  }

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.gateway.arn
  }
}
