output "rollback_alarms" {
  description = "Alarms that turn a deployment back."
  value       = [for key in keys(local.of_balancer) : aws_cloudwatch_metric_alarm.above[key].alarm_name]
}

output "alarm_names" {
  description = "All alarms."
  value = sort(concat(
    [for alarm in aws_cloudwatch_metric_alarm.above : alarm.alarm_name],
    [
      aws_cloudwatch_metric_alarm.certificate.alarm_name,
      aws_cloudwatch_metric_alarm.lambda_cannot_work.alarm_name,
      aws_cloudwatch_metric_alarm.no_healthy_host.alarm_name,
      aws_cloudwatch_metric_alarm.throttles.alarm_name,
    ],
  ))
}

output "dashboard_url" {
  description = "The dashboard."
  value       = "https://${var.region}.console.aws.amazon.com/cloudwatch/home?region=${var.region}#dashboards/dashboard/${aws_cloudwatch_dashboard.gateway.dashboard_name}"
}
