# The load balancer, on applied state.

provider "aws" {
  region = "eu-central-1"
}

variables {
  name                 = "tandem"
  region               = "eu-central-1"
  public_host          = "voice.example.com"
  certificate_arn      = null
  zone_id              = "Z0123456789EXAMPLE"
  vpc_id               = "vpc-1"
  subnet_ids           = ["subnet-1", "subnet-2"]
  security_group_id    = "sg-1"
  container_port       = 8000
  idle_timeout         = 120
  deregistration_delay = 900
  console_cidrs        = []
  deletion_protection  = true
}

run "balancer" {
  module {
    source = "./modules/edge"
  }

  assert {
    condition     = aws_lb.gateway.idle_timeout == 120
    error_message = "60 s cut WebSockets."
  }

  assert {
    condition     = aws_lb.gateway.preserve_host_header && aws_lb.gateway.drop_invalid_header_fields && aws_lb.gateway.enable_deletion_protection
    error_message = "Twilio signs the host. Invalid headers must not pass. Nobody deletes the load balancer by mistake."
  }

  assert {
    condition     = length(aws_lb.gateway.name) <= 32 && length(aws_lb_target_group.gateway.name) <= 32
    error_message = "AWS allows 32 characters."
  }

  assert {
    condition     = one(aws_lb.gateway.access_logs).enabled && one(aws_lb.gateway.access_logs).bucket == aws_s3_bucket.logs.id
    error_message = "There must be access logs."
  }
}

run "listeners" {
  module {
    source = "./modules/edge"
  }

  assert {
    condition     = aws_lb_listener.https.port == 443 && aws_lb_listener.https.protocol == "HTTPS" && strcontains(aws_lb_listener.https.ssl_policy, "TLS13-1-2")
    error_message = "443 must speak TLS 1.2 or later, by a policy that is named."
  }

  assert {
    condition     = one(aws_lb_listener.https.default_action[*].fixed_response[0].status_code) == "404"
    error_message = "What has no rule must answer 404: /metrics, /health and all else."
  }

  assert {
    condition     = one(aws_lb_listener.http.default_action).type == "redirect" && one(aws_lb_listener.http.default_action[0].redirect).protocol == "HTTPS" && one(aws_lb_listener.http.default_action[0].redirect).status_code == "HTTP_301"
    error_message = "80 must be redirected and serve nothing."
  }

  assert {
    condition     = flatten([for condition in aws_lb_listener_rule.twilio.condition : [for path in condition.path_pattern : tolist(path.values)]]) == ["/twilio/*"]
    error_message = "Only Twilio's paths are forwarded."
  }

  assert {
    condition     = aws_lb_listener_rule.twilio.action[0].target_group_arn == aws_lb_target_group.gateway.arn
    error_message = "Twilio's paths must reach the gateway."
  }

  assert {
    condition     = length(aws_lb_listener_rule.console) == 0
    error_message = "The console is off by default."
  }
}

run "console_for_some" {
  module {
    source = "./modules/edge"
  }

  variables {
    console_cidrs = ["192.0.2.0/24"]
  }

  assert {
    condition     = toset(flatten([for condition in aws_lb_listener_rule.console[0].condition : [for source in condition.source_ip : tolist(source.values)]])) == toset(["192.0.2.0/24"])
    error_message = "The console must answer these addresses only."
  }

  assert {
    condition     = toset(flatten([for condition in aws_lb_listener_rule.console[0].condition : [for path in condition.path_pattern : tolist(path.values)]])) == toset(["/console*", "/api/*"])
    error_message = "Neither /metrics nor /health belongs to the console."
  }
}

run "targets" {
  module {
    source = "./modules/edge"
  }

  assert {
    condition     = aws_lb_target_group.gateway.target_type == "ip" && aws_lb_target_group.gateway.deregistration_delay == "900"
    error_message = "Calls at a task that leaves must go on."
  }

  assert {
    condition     = one(aws_lb_target_group.gateway.health_check).path == "/ready" && one(aws_lb_target_group.gateway.health_check).interval == 5 && one(aws_lb_target_group.gateway.health_check).timeout == 2
    error_message = "A dead task gets its share of calls until it is found."
  }

  assert {
    condition     = one(aws_lb_target_group.gateway.health_check).healthy_threshold == 2 && one(aws_lb_target_group.gateway.health_check).unhealthy_threshold == 2
    error_message = "Two checks must do."
  }

  assert {
    condition     = aws_lb_target_group.gateway.load_balancing_algorithm_type == "least_outstanding_requests" && coalesce(aws_lb_target_group.gateway.slow_start, 0) == 0
    error_message = "The task with the fewest calls gets the next one. slow_start excludes that."
  }

  assert {
    condition     = !one(aws_lb_target_group.gateway.stickiness).enabled
    error_message = "Twilio keeps no cookies."
  }
}

run "firewall" {
  module {
    source = "./modules/edge"
  }

  assert {
    condition = [for rule in aws_wafv2_web_acl.gateway.rule : [
      length(rule.action[0].allow), rule.statement[0].byte_match_statement[0].search_string, rule.statement[0].byte_match_statement[0].positional_constraint,
    ] if rule.priority == min([for each in aws_wafv2_web_acl.gateway.rule : each.priority]...)] == [[1, "/twilio/", "STARTS_WITH"]]
    error_message = "The first rule must let Twilio through, because a managed rule would answer 403 and nobody would know."
  }

  assert {
    condition     = length([for rule in aws_wafv2_web_acl.gateway.rule : rule if length(rule.statement[0].rate_based_statement) > 0]) == 1 && length([for rule in aws_wafv2_web_acl.gateway.rule : rule if length(rule.statement[0].managed_rule_group_statement) > 0]) == 3
    error_message = "The rest must be judged by rate and by managed rules."
  }

  assert {
    condition     = aws_wafv2_web_acl_association.gateway.resource_arn == aws_lb.gateway.arn && aws_wafv2_web_acl_association.gateway.web_acl_arn == aws_wafv2_web_acl.gateway.arn
    error_message = "The firewall must stand before the load balancer."
  }
}

run "logs" {
  module {
    source = "./modules/edge"
  }

  assert {
    condition     = one(aws_s3_bucket_lifecycle_configuration.logs.rule[0].expiration).days == 30 && aws_s3_bucket_lifecycle_configuration.logs.rule[0].status == "Enabled"
    error_message = "Access logs must be forgotten after 30 days."
  }

  assert {
    condition     = alltrue([aws_s3_bucket_public_access_block.logs.block_public_acls, aws_s3_bucket_public_access_block.logs.block_public_policy, aws_s3_bucket_public_access_block.logs.ignore_public_acls, aws_s3_bucket_public_access_block.logs.restrict_public_buckets])
    error_message = "The logs must not be public."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.logs.rule).apply_server_side_encryption_by_default).sse_algorithm == "AES256"
    error_message = "The logs must be encrypted."
  }

  assert {
    condition     = [for statement in jsondecode(aws_s3_bucket_policy.logs.policy).Statement : statement.Condition.ArnLike["aws:SourceArn"] if statement.Effect == "Allow"] == ["arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/*"]
    error_message = "Only load balancers of this account may write."
  }
}

run "certificate_is_made" {
  module {
    source = "./modules/edge"
  }

  assert {
    condition     = aws_acm_certificate.gateway[0].domain_name == "voice.example.com" && aws_acm_certificate.gateway[0].validation_method == "DNS" && aws_lb_listener.https.certificate_arn == aws_acm_certificate.gateway[0].arn
    error_message = "The listener must have a certificate of public_host."
  }

  assert {
    condition     = aws_route53_record.gateway[0].name == "voice.example.com" && one(aws_route53_record.gateway[0].alias).name == aws_lb.gateway.dns_name
    error_message = "public_host must lead to the load balancer."
  }
}

run "certificate_is_given" {
  module {
    source = "./modules/edge"
  }

  variables {
    certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/0a1b2c3d-1111-2222-3333-444455556666"
    zone_id         = null
  }

  assert {
    condition     = length(aws_acm_certificate.gateway) == 0 && length(aws_route53_record.gateway) == 0 && aws_lb_listener.https.certificate_arn == var.certificate_arn
    error_message = "A certificate that is given must be used, and no zone touched."
  }
}
