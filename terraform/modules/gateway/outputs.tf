output "cluster" {
  description = "Name of the ECS cluster."
  value       = aws_ecs_cluster.main.name
}

output "service" {
  description = "Name of the ECS service."
  value       = aws_ecs_service.gateway.name
}

output "task_definition_arn" {
  description = "The task definition that is wanted."
  value       = aws_ecs_task_definition.gateway.arn
}

output "stop" {
  description = "Seconds that a stopping task has, and how many of them the gateway uses."
  value       = { stop_timeout = local.stop_timeout, drain_seconds = local.drain_seconds }
}

output "log_group" {
  description = "Log of the gateway."
  value       = aws_cloudwatch_log_group.gateway.name
}
