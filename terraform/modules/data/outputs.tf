output "kms_key_arn" {
  description = "Key of this deployment."
  value       = aws_kms_key.main.arn
}

output "table" {
  description = "Table of the handovers."
  value       = { name = aws_dynamodb_table.handovers.name, arn = aws_dynamodb_table.handovers.arn }
}

output "repository" {
  description = "Registry of the images."
  value       = { url = aws_ecr_repository.gateway.repository_url, arn = aws_ecr_repository.gateway.arn }
}

output "secrets" {
  description = "Secrets by the setting that they hold."
  value       = { for name, secret in aws_secretsmanager_secret.settings : name => { name = secret.name, arn = secret.arn } }
}

output "redis" {
  description = "Where the journal is. Null without one."
  value = one([for group in aws_elasticache_replication_group.journal : {
    host = group.primary_endpoint_address
    port = 6379
    user = "gateway"
  }])
}
