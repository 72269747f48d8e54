output "target_group_arn" {
  description = "Where the tasks register. Known once the listener forwards to it, because ECS refuses a group without a balancer."
  value       = aws_lb_target_group.gateway.arn
  depends_on  = [aws_lb_listener_rule.twilio]
}

output "balancer" {
  description = "The load balancer, as CloudWatch and DNS call it."
  value = {
    dns_name            = aws_lb.gateway.dns_name
    zone_id             = aws_lb.gateway.zone_id
    arn_suffix          = aws_lb.gateway.arn_suffix
    target_group_suffix = aws_lb_target_group.gateway.arn_suffix
    certificate_arn     = local.certificate_arn
  }
}

output "deregistration_delay" {
  description = "Seconds for which calls may go on at a task that is leaving."
  value       = tonumber(aws_lb_target_group.gateway.deregistration_delay)
}

output "idle_timeout" {
  description = "Seconds after which the load balancer ends a silent connection."
  value       = aws_lb.gateway.idle_timeout
}
