# The whole deployment in one region. DEPLOYMENT_GUIDE.md says what to do in which order.

locals {
  container_port = 8000
  # By name, because the alarms that turn a deployment back must be there before the service.
  cluster_name = var.name
  service_name = "${var.name}-gateway"
  # Above the silence that is normal, and below what would keep dead connections for long. Twilio sends audio every 20 ms.
  idle_timeout = 120

  tags  = merge({ application = "tandem", deployment = var.name }, var.tags)
  image = "${module.data.repository.url}${startswith(var.image_tag, "sha256:") ? "@" : ":"}${var.image_tag}"

  # The gateway and the Lambda write their metrics to their logs, and CloudWatch reads them from there.
  metrics = { namespace = "Tandem/${var.name}", service = "tandem" }

  providers       = compact([var.voice_provider, var.voice_fallback])
  asks_connect    = var.connect_check_availability != "off"
  console_enabled = length(var.console_cidrs) > 0

  # Each signs what the gateway sends to one server of the operator's.
  hook_secrets = concat(
    var.call_context_url == null ? [] : ["CALL_CONTEXT_SECRET"],
    var.call_events_url == null ? [] : ["CALL_EVENTS_SECRET"],
  )

  # A task does not start while a secret that it names is empty. So it names only those that it uses.
  secrets_in_use = concat(
    ["TWILIO_AUTH_TOKEN", "HANDOVER_TOKEN_PEPPER"],
    contains(local.providers, "openai") ? ["OPENAI_API_KEY"] : [],
    var.enable_redis ? ["REDIS_URL", "JOURNAL_KEY"] : [],
    var.enable_hubspot ? ["HUBSPOT_ACCESS_TOKEN"] : [],
    local.console_enabled ? ["CONSOLE_TOKEN"] : [],
    var.enable_outbound ? ["OUTBOUND_API_TOKENS", "OUTBOUND_LIST_PEPPER"] : [],
    local.hook_secrets,
    tolist(var.further_secrets),
  )

  environment = { for name, value in merge(
    {
      ENV_FILE             = "none"
      HOST                 = "0.0.0.0"
      PUBLIC_HOST          = var.public_host
      AWS_REGION           = var.region
      USE_LOCAL_DYNAMODB   = "false"
      DYNAMODB_TABLE_NAME  = module.data.table.name
      VOICE_PROVIDER       = var.voice_provider
      VOICE_FALLBACK       = var.voice_fallback
      NOVA_REGION          = var.nova_region
      NOVA_MODEL_ID        = var.nova_model_id
      CONNECT_PHONE_NUMBER = var.connect_phone_number
      CONNECT_QUEUE_ARN    = var.connect_queue_arn
      TWILIO_ACCOUNT_SID   = var.twilio_account_sid
      TWILIO_PHONE_NUMBER  = var.twilio_phone_number
      ENABLE_HUBSPOT       = tostring(var.enable_hubspot)
      CALL_CONTEXT_URL     = var.call_context_url
      CALL_EVENTS_URL      = var.call_events_url
      # Longer than the load balancer keeps a connection. Otherwise a request can meet one that the gateway is closing.
      KEEP_ALIVE_SECONDS         = tostring(local.idle_timeout + 15)
      METRICS_EMF_NAMESPACE      = local.metrics.namespace
      METRICS_EMF_SECONDS        = "60"
      CONNECT_CHECK_AVAILABILITY = var.connect_check_availability
      CONNECT_INSTANCE_ID        = local.asks_connect ? var.connect_instance_id : null
    },
    var.settings,
  ) : name => value if value != null }
}

module "network" {
  source = "./modules/network"

  name               = var.name
  region             = var.region
  vpc_cidr           = var.vpc_cidr
  zone_count         = var.zone_count
  single_nat_gateway = var.single_nat_gateway
  bedrock_endpoint   = var.nova_region == var.region
  container_port     = local.container_port
  kms_key_arn        = module.data.kms_key_arn
  log_retention_days = var.log_retention_days
}

module "data" {
  source = "./modules/data"

  name                   = var.name
  region                 = var.region
  deletion_protection    = var.deletion_protection
  enable_redis           = var.enable_redis
  redis_node_type        = var.redis_node_type
  redis_password         = var.redis_password
  redis_password_version = var.redis_password_version
  further_secrets        = setunion(var.further_secrets, local.hook_secrets)
  subnet_ids             = module.network.private_subnet_ids
  security_group_id      = module.network.security_group_ids.valkey
}

module "edge" {
  source = "./modules/edge"

  name                 = var.name
  region               = var.region
  public_host          = var.public_host
  certificate_arn      = var.certificate_arn
  zone_id              = var.zone_id
  vpc_id               = module.network.vpc_id
  subnet_ids           = module.network.public_subnet_ids
  security_group_id    = module.network.security_group_ids.balancer
  container_port       = local.container_port
  idle_timeout         = local.idle_timeout
  deregistration_delay = var.deregistration_delay
  console_cidrs        = var.console_cidrs
  deletion_protection  = var.deletion_protection
}

module "gateway" {
  source = "./modules/gateway"

  name               = var.name
  cluster_name       = local.cluster_name
  service_name       = local.service_name
  region             = var.region
  nova_region        = var.nova_region
  nova_model_id      = var.nova_model_id
  image              = local.image
  cpu                = var.task_cpu
  memory             = var.task_memory
  container_port     = local.container_port
  environment        = local.environment
  secret_arns        = { for name in local.secrets_in_use : name => module.data.secrets[name].arn }
  kms_key_arn        = module.data.kms_key_arn
  repository_arn     = module.data.repository.arn
  table_arn          = module.data.table.arn
  connect_queue_arns = local.asks_connect ? [var.connect_queue_arn] : []
  subnet_ids         = module.network.private_subnet_ids
  security_group_id  = module.network.security_group_ids.gateway
  target_group_arn   = module.edge.target_group_arn
  min_tasks          = var.min_tasks
  max_tasks          = var.max_tasks
  calls_per_task     = var.calls_per_task
  metrics            = local.metrics
  rollback_alarms    = module.observability.rollback_alarms
  log_retention_days = var.log_retention_days
}

module "connect" {
  source = "./modules/connect"

  name               = var.name
  region             = var.region
  instance_id        = var.connect_instance_id
  queue_arn          = var.connect_queue_arn
  phone_number_id    = var.connect_phone_number_id
  table              = module.data.table
  kms_key_arn        = module.data.kms_key_arn
  pepper_secret_arn  = module.data.secrets.HANDOVER_TOKEN_PEPPER.arn
  metrics            = local.metrics
  lambda_file        = var.lambda_file
  flows_directory    = "${path.module}/../connect"
  log_retention_days = var.log_retention_days
}

module "observability" {
  source = "./modules/observability"

  name             = var.name
  region           = var.region
  balancer         = module.edge.balancer
  cluster          = local.cluster_name
  service          = local.service_name
  table_name       = module.data.table.name
  function_name    = module.connect.function_name
  enable_redis     = var.enable_redis
  metrics          = local.metrics
  alarm_emails     = var.alarm_emails
  alarm_topic_arns = var.alarm_topic_arns
  kms_key_arn      = module.data.kms_key_arn
  budget_usd       = var.budget_usd
}

# What Twilio runs when no gateway answers. It depends on nothing above.
module "fallback" {
  source    = "./fallback"
  providers = { aws = aws.us-east-1 }

  name             = "${var.name}-${var.region}-fallback"
  public_host      = var.public_host
  phone_numbers    = concat([var.connect_phone_number], var.fallback_numbers)
  language         = var.fallback_language
  alarm_topic_arns = aws_sns_topic.fallback[*].arn
}

# An alarm tells topics of its own region only. The message holds no more than the name of the alarm.
resource "aws_sns_topic" "fallback" {
  count    = length(var.alarm_emails) > 0 ? 1 : 0
  provider = aws.us-east-1

  name = "${var.name}-${var.region}-fallback"
}

resource "aws_sns_topic_subscription" "fallback" {
  for_each = toset(var.alarm_emails)
  provider = aws.us-east-1

  topic_arn = aws_sns_topic.fallback[0].arn
  protocol  = "email"
  endpoint  = each.key
}
