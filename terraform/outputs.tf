output "number" {
  description = "What to set on the Twilio number (Twilio: IncomingPhoneNumber resource). Set it last."
  value       = module.fallback.number
}

output "repository_url" {
  description = "Registry to which the image is pushed."
  value       = module.data.repository.url
}

output "image" {
  description = "The image that the tasks run."
  value       = local.image
}

output "table_name" {
  description = "Table of the handovers."
  value       = module.data.table.name
}

output "secret_names" {
  description = "Secrets in Secrets Manager by the setting that they hold."
  value       = { for name, secret in module.data.secrets : name => secret.name }
}

output "secrets_in_use" {
  description = "Settings whose secret must be filled in before a task can start."
  # What comes from module.data is there after "terraform apply -target=module.data", too.
  value = [for name in local.secrets_in_use : name if contains(keys(module.data.secrets), name)]
}

output "redis" {
  description = "Host, port and user of Valkey, from which REDIS_URL is made. Null without one."
  value       = module.data.redis
}

output "dashboard_url" {
  description = "The dashboard in CloudWatch."
  value       = module.observability.dashboard_url
}

output "service" {
  description = "The service in ECS, and the task definition that it should run."
  value = {
    cluster         = module.gateway.cluster
    name            = module.gateway.service
    task_definition = module.gateway.task_definition_arn
    log_group       = module.gateway.log_group
  }
}

output "lambda_alias_arn" {
  description = "What Connect asks."
  value       = module.connect.lambda_alias_arn
}

output "connect" {
  description = "The instance of Amazon Connect, its number and the flows made for it. The doctor reads them."
  value = {
    instance_id     = var.connect_instance_id
    phone_number_id = var.connect_phone_number_id
    flows           = module.connect.flow_ids
  }
}

output "balancer_dns_name" {
  description = "Where public_host must lead. With zone_id it does."
  value       = module.edge.balancer.dns_name
}

output "region" {
  description = "AWS region of the deployment."
  value       = split(":", module.data.table.arn)[3]
}

output "nat_addresses" {
  description = "Addresses from which the gateway calls others."
  value       = module.network.nat_addresses
}

output "settings" {
  description = "Settings of the gateway, without secrets."
  value       = local.environment
}
