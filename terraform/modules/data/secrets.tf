# Secrets are made empty. fill-secrets.sh asks for each value and writes it to Secrets Manager, so that none of them passes
# through Terraform, its plan or its state.

locals {
  secrets = {
    TWILIO_AUTH_TOKEN     = "Auth token of the Twilio account"
    OPENAI_API_KEY        = "API key of OpenAI"
    HANDOVER_TOKEN_PEPPER = "Key under which handover tokens are stored. The gateway and the Lambda read it"
    REDIS_URL             = "Address of Valkey with user and password"
    JOURNAL_KEY           = "Key that encrypts calls in Valkey"
    HUBSPOT_ACCESS_TOKEN  = "Service key of HubSpot"
    CONSOLE_TOKEN         = "Password of the console"
    OUTBOUND_API_TOKENS   = "Tokens of the programs that may have calls made"
    OUTBOUND_LIST_PEPPER  = "Key under which the do-not-call list is stored. Never change it while the list is needed"
  }

  # Made only for a deployment that names them in further_secrets.
  further_secrets = {
    CALL_CONTEXT_SECRET               = "Signs what the gateway asks before a call"
    CALL_EVENTS_SECRET                = "Signs what the gateway tells of calls"
    TWILIO_WEBHOOK_SHARED_KEYS        = "Keys of the Twilio account's webhook rules"
    OTEL_EXPORTER_OTLP_HEADERS        = "Headers for the collector of traces"
    OTEL_EXPORTER_OTLP_TRACES_HEADERS = "Headers for the collector, with traces alone"
  }
}

resource "aws_secretsmanager_secret" "settings" {
  for_each = merge(local.secrets, { for name in var.further_secrets : name => local.further_secrets[name] })

  name                    = "${var.name}/${each.key}"
  description             = each.value
  kms_key_id              = aws_kms_key.main.arn
  recovery_window_in_days = 7
}
