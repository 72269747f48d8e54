# Valkey holds the journal of the calls, by which a task takes over the calls of another one that has died.

resource "aws_elasticache_subnet_group" "journal" {
  count = var.enable_redis ? 1 : 0

  name        = "${var.name}-journal"
  description = "${var.name}: journal of the calls"
  subnet_ids  = var.subnet_ids
}

resource "aws_elasticache_parameter_group" "journal" {
  count = var.enable_redis ? 1 : 0

  name        = "${var.name}-journal"
  family      = "valkey8"
  description = "Never forgets a call for want of memory"

  parameter {
    name  = "maxmemory-policy"
    value = "noeviction"
  }
}

# What docs/operate/several-instances.md says the user needs: six commands on the keys of calls, and the console's channels.
# PING, CLIENT and HELLO are what the client says when it connects.
resource "aws_elasticache_user" "gateway" {
  count = var.enable_redis ? 1 : 0

  user_id   = "${var.name}-gateway"
  user_name = "gateway"
  engine    = "valkey"
  access_string = join(" ", [
    "on", "~tandem:call:*", "~console:watch", "&console:*", "-@all",
    "+eval", "+hget", "+hmget", "+hset", "+hincrby", "+pexpire", "+pttl",
    "+set", "+exists", "+publish", "+subscribe", "+unsubscribe", "+pubsub",
    "+ping", "+info", "+hello", "+client|setname", "+client|setinfo",
  ])
  passwords_wo         = var.redis_password
  passwords_wo_version = var.redis_password_version
}

resource "aws_elasticache_user_group" "journal" {
  count = var.enable_redis ? 1 : 0

  user_group_id = "${var.name}-journal"
  engine        = "valkey"
  user_ids      = [aws_elasticache_user.gateway[0].user_id]
}

resource "aws_elasticache_replication_group" "journal" {
  count = var.enable_redis ? 1 : 0

  replication_group_id = "${var.name}-journal"
  description          = "${var.name}: journal of the calls"
  engine               = "valkey"
  engine_version       = "8.0"
  node_type            = var.redis_node_type
  port                 = 6379

  num_cache_clusters         = 2
  automatic_failover_enabled = true
  multi_az_enabled           = true

  at_rest_encryption_enabled = true
  kms_key_id                 = aws_kms_key.main.arn
  transit_encryption_enabled = true
  transit_encryption_mode    = "required"

  subnet_group_name    = aws_elasticache_subnet_group.journal[0].name
  security_group_ids   = [var.security_group_id]
  parameter_group_name = aws_elasticache_parameter_group.journal[0].name
  user_group_ids       = [aws_elasticache_user_group.journal[0].user_group_id]

  # The journal needs no snapshot: calls in progress are written again.
  snapshot_retention_limit = 0
  apply_immediately        = true
}
