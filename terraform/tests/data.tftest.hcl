# Table, secrets, registry and Valkey, on applied state.

provider "aws" {
  region = "eu-central-1"
}

variables {
  name                   = "tandem"
  region                 = "eu-central-1"
  deletion_protection    = true
  enable_redis           = true
  redis_node_type        = "cache.t4g.small"
  redis_password         = "0123456789abcdef0123456789abcdef"
  redis_password_version = 1
  subnet_ids             = ["subnet-1", "subnet-2"]
  security_group_id      = "sg-1"
}

run "table" {
  module {
    source = "./modules/data"
  }

  assert {
    condition     = aws_dynamodb_table.handovers.hash_key == "pk" && one(aws_dynamodb_table.handovers.attribute).type == "S" && aws_dynamodb_table.handovers.billing_mode == "PAY_PER_REQUEST"
    error_message = "The gateway needs the key pk (string)."
  }

  assert {
    condition     = one(aws_dynamodb_table.handovers.ttl).enabled && one(aws_dynamodb_table.handovers.ttl).attribute_name == "expires_at"
    error_message = "Handovers must be forgotten by expires_at."
  }

  assert {
    condition     = one(aws_dynamodb_table.handovers.point_in_time_recovery).enabled && aws_dynamodb_table.handovers.deletion_protection_enabled
    error_message = "The table must come back after a mistake, and must not be deleted by one."
  }

  assert {
    condition     = one(aws_dynamodb_table.handovers.server_side_encryption).enabled && one(aws_dynamodb_table.handovers.server_side_encryption).kms_key_arn == aws_kms_key.main.arn
    error_message = "The table must be encrypted with the key of this deployment."
  }
}

run "secrets" {
  module {
    source = "./modules/data"
  }

  assert {
    condition = toset(keys(aws_secretsmanager_secret.settings)) == toset([
      "TWILIO_AUTH_TOKEN", "OPENAI_API_KEY", "HANDOVER_TOKEN_PEPPER", "REDIS_URL", "JOURNAL_KEY", "HUBSPOT_ACCESS_TOKEN",
      "CONSOLE_TOKEN", "OUTBOUND_API_TOKENS", "OUTBOUND_LIST_PEPPER",
    ])
    error_message = "Each secret setting has a secret of its own."
  }

  assert {
    condition     = alltrue([for secret in aws_secretsmanager_secret.settings : secret.kms_key_id == aws_kms_key.main.arn])
    error_message = "Secrets must be encrypted with the key of this deployment."
  }

  assert {
    condition     = aws_elasticache_user.gateway[0].passwords_wo == null && aws_elasticache_user.gateway[0].passwords == null
    error_message = "The password of Valkey must not be in the state."
  }
}

run "further_secrets" {
  module {
    source = "./modules/data"
  }

  variables {
    further_secrets = [
      "TWILIO_WEBHOOK_SHARED_KEYS", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "CALL_CONTEXT_SECRET",
      "CALL_EVENTS_SECRET",
    ]
  }

  assert {
    condition     = length(aws_secretsmanager_secret.settings) == 14 && output.secrets["OTEL_EXPORTER_OTLP_HEADERS"].name == "tandem/OTEL_EXPORTER_OTLP_HEADERS"
    error_message = "A secret setting without an option of its own can have a secret."
  }
}

run "key" {
  module {
    source = "./modules/data"
  }

  assert {
    condition     = aws_kms_key.main.enable_key_rotation
    error_message = "The key must be rotated."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_kms_key.main.policy).Statement : can(statement.Principal.AWS) || can(statement.Condition)])
    error_message = "A service may use the key for this account only."
  }
}

run "registry" {
  module {
    source = "./modules/data"
  }

  assert {
    condition     = aws_ecr_repository.gateway.image_tag_mutability == "IMMUTABLE" && one(aws_ecr_repository.gateway.image_scanning_configuration).scan_on_push && !aws_ecr_repository.gateway.force_delete
    error_message = "A tag must always name the same image."
  }

  assert {
    condition     = one(aws_ecr_repository.gateway.encryption_configuration).kms_key == aws_kms_key.main.arn && jsondecode(aws_ecr_lifecycle_policy.gateway.policy).rules[0].selection.countNumber == 20
    error_message = "Images must be encrypted, and old ones forgotten."
  }
}

run "journal" {
  module {
    source = "./modules/data"
  }

  assert {
    condition     = aws_elasticache_replication_group.journal[0].engine == "valkey" && aws_elasticache_replication_group.journal[0].num_cache_clusters == 2 && aws_elasticache_replication_group.journal[0].automatic_failover_enabled && aws_elasticache_replication_group.journal[0].multi_az_enabled
    error_message = "The journal must survive a zone."
  }

  assert {
    condition     = aws_elasticache_replication_group.journal[0].transit_encryption_enabled && tobool(aws_elasticache_replication_group.journal[0].at_rest_encryption_enabled) && aws_elasticache_replication_group.journal[0].kms_key_id == aws_kms_key.main.arn
    error_message = "The journal must be encrypted on the way and at rest."
  }

  assert {
    condition     = one(aws_elasticache_parameter_group.journal[0].parameter) == { name = "maxmemory-policy", value = "noeviction" } && aws_elasticache_replication_group.journal[0].parameter_group_name == aws_elasticache_parameter_group.journal[0].name
    error_message = "The journal must not forget calls for want of memory."
  }

  assert {
    condition     = aws_elasticache_replication_group.journal[0].user_group_ids == toset([aws_elasticache_user_group.journal[0].user_group_id]) && aws_elasticache_user_group.journal[0].user_ids == toset([aws_elasticache_user.gateway[0].user_id])
    error_message = "Nobody but the gateway's user may come in."
  }

  assert {
    condition     = strcontains(aws_elasticache_user.gateway[0].access_string, "~tandem:call:*") && strcontains(aws_elasticache_user.gateway[0].access_string, "-@all") && alltrue([for command in ["eval", "hget", "hmget", "hset", "hincrby", "pexpire", "pttl"] : strcontains(aws_elasticache_user.gateway[0].access_string, " +${command}")])
    error_message = "The user has the six commands of the journal on the keys of calls."
  }

  assert {
    condition     = !strcontains(aws_elasticache_user.gateway[0].access_string, "~*") && !strcontains(aws_elasticache_user.gateway[0].access_string, "+@all")
    error_message = "The user may not do everything."
  }

  assert {
    condition     = output.redis.host == aws_elasticache_replication_group.journal[0].primary_endpoint_address
    error_message = "REDIS_URL is made of the primary's address."
  }
}

run "without_journal" {
  module {
    source = "./modules/data"
  }

  variables {
    enable_redis = false
  }

  assert {
    condition     = length(aws_elasticache_replication_group.journal) == 0 && output.redis == null
    error_message = "Without enable_redis there is no Valkey."
  }
}
