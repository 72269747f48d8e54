# The whole deployment, applied.

variables {
  name                    = "tandem"
  region                  = "eu-central-1"
  nova_region             = "eu-north-1"
  public_host             = "voice.example.com"
  zone_id                 = "Z0123456789EXAMPLE"
  connect_instance_id     = "0a1b2c3d-1111-2222-3333-444455556666"
  connect_queue_arn       = "arn:aws:connect:eu-central-1:111122223333:instance/0a1b2c3d-1111-2222-3333-444455556666/queue/5e6f"
  connect_phone_number    = "+12065550100"
  connect_phone_number_id = "7c8d9e0f-1111-2222-3333-444455556666"
  image_tag               = "v0.1.0"
  voice_provider          = "openai"
  voice_fallback          = "nova"
  redis_password          = "0123456789abcdef0123456789abcdef"
  alarm_emails            = ["on-call@example.com"]
}

run "outputs" {
  assert {
    condition     = output.number.VoiceUrl == "https://voice.example.com/twilio/voice#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx" && startswith(output.number.VoiceFallbackUrl, "https://d")
    error_message = "The number's URLs tell Twilio how to try again."
  }

  assert {
    condition     = output.lambda_alias_arn == "arn:aws:lambda:eu-central-1:111122223333:function:tandem-redeem:live" && output.table_name == "tandem-handovers"
    error_message = "The outputs name what was made."
  }

  assert {
    condition     = output.image == "${output.repository_url}:v0.1.0" && output.service.cluster == "tandem" && output.service.name == "tandem-gateway"
    error_message = "The service runs the image from the registry."
  }

  assert {
    condition     = output.connect.instance_id == var.connect_instance_id && output.connect.phone_number_id == var.connect_phone_number_id && toset(keys(output.connect.flows)) == toset(["inbound", "whisper", "guide"])
    error_message = "The doctor is told which flows to look at."
  }

  assert {
    condition     = toset(output.secrets_in_use) == toset(["TWILIO_AUTH_TOKEN", "HANDOVER_TOKEN_PEPPER", "OPENAI_API_KEY", "REDIS_URL", "JOURNAL_KEY"]) && length(output.secret_names) == 9
    error_message = "A task names only secrets that it uses, because it does not start while one is empty."
  }
}

# Scale-in protection, deregistration, SIGTERM and the kill follow each other. Each must leave the next one its time.
run "in_step" {
  assert {
    condition     = module.edge.deregistration_delay == 900 && module.edge.deregistration_delay >= 300
    error_message = "Calls of a task that is replaced go on for so long."
  }

  assert {
    condition     = module.gateway.stop.drain_seconds < module.gateway.stop.stop_timeout && module.gateway.stop.stop_timeout <= 120
    error_message = "The gateway must have moved its calls before it is killed."
  }

  assert {
    condition     = tonumber(output.settings.KEEP_ALIVE_SECONDS) > module.edge.idle_timeout
    error_message = "The load balancer must be the one that ends a silent connection."
  }

  assert {
    condition     = output.settings.PUBLIC_HOST == "voice.example.com" && output.settings.METRICS_EMF_NAMESPACE == "Tandem/tandem" && output.settings.METRICS_EMF_SECONDS == "60"
    error_message = "The gateway writes the metrics by which it is scaled."
  }

  assert {
    condition     = output.settings.NOVA_REGION == "eu-north-1" && output.settings.AWS_REGION == "eu-central-1" && output.settings.USE_LOCAL_DYNAMODB == "false"
    error_message = "The model may be in another region than the table."
  }

  assert {
    condition     = length(setintersection(keys(output.settings), keys(output.secret_names))) == 0
    error_message = "No secret may be an ordinary setting."
  }
}

# The same again in another region of the same account, with a name as long as it may be.
run "second_region" {
  state_key = "second_region"

  variables {
    name              = "abcdefghijklmnopqrst"
    region            = "us-east-1"
    nova_region       = "us-east-1"
    public_host       = "us.voice.example.com"
    connect_queue_arn = "arn:aws:connect:us-east-1:111122223333:instance/0a1b2c3d-1111-2222-3333-444455556666/queue/5e6f"
    voice_provider    = "nova"
    voice_fallback    = null
    enable_redis      = false
    image_tag         = "sha256:0000000000000000000000000000000000000000000000000000000000000000"
  }

  assert {
    condition     = endswith(output.image, "/abcdefghijklmnopqrst-gateway@sha256:0000000000000000000000000000000000000000000000000000000000000000")
    error_message = "An image can be named by its digest."
  }

  assert {
    condition     = toset(output.secrets_in_use) == toset(["TWILIO_AUTH_TOKEN", "HANDOVER_TOKEN_PEPPER"]) && output.redis == null
    error_message = "Nova needs no key, and no journal no secrets."
  }

  assert {
    condition     = startswith(output.lambda_alias_arn, "arn:aws:lambda:us-east-1:") && strcontains(output.repository_url, ".us-east-1.")
    error_message = "Everything is in the region."
  }

  assert {
    condition     = output.number.VoiceUrl == "https://us.voice.example.com/twilio/voice#ct=2000&rt=5000&tt=12000&rc=5&rp=ct,rt,5xx"
    error_message = "Each region has a host of its own."
  }
}

run "outbound_calls" {
  variables {
    enable_outbound = true
  }

  assert {
    condition     = setsubtract(output.secrets_in_use, ["TWILIO_AUTH_TOKEN", "HANDOVER_TOKEN_PEPPER", "OPENAI_API_KEY", "REDIS_URL", "JOURNAL_KEY"]) == toset(["OUTBOUND_API_TOKENS", "OUTBOUND_LIST_PEPPER"])
    error_message = "The do-not-call list has a key of its own, so that HANDOVER_TOKEN_PEPPER can be rotated."
  }
}

run "known_before_the_call" {
  variables {
    call_context_url = "https://crm.example.com:443/calls?tenant=7"
  }

  assert {
    condition     = contains(output.secrets_in_use, "CALL_CONTEXT_SECRET") && !contains(keys(output.secret_names), "CALL_EVENTS_SECRET")
    error_message = "A server that is asked has a secret of its own, and one that is not there has none."
  }

  assert {
    condition     = output.settings.CALL_CONTEXT_URL == "https://crm.example.com:443/calls?tenant=7" && !can(output.settings.CALL_EVENTS_URL)
    error_message = "The gateway must know which server to ask."
  }
}

run "told_after_the_call" {
  variables {
    call_events_url = "https://crm.example.com"
  }

  assert {
    condition     = contains(output.secrets_in_use, "CALL_EVENTS_SECRET") && !contains(output.secrets_in_use, "CALL_CONTEXT_SECRET") && output.settings.CALL_EVENTS_URL == "https://crm.example.com"
    error_message = "A server that is told of calls has a secret of its own."
  }
}

run "everything_switched_on" {
  variables {
    console_cidrs              = ["192.0.2.0/24", "198.51.100.7/32", "203.0.113.0/28"]
    enable_hubspot             = true
    enable_outbound            = true
    call_context_url           = "https://crm.example.com/calls"
    call_events_url            = "https://crm.example.com/call-events"
    further_secrets            = ["TWILIO_WEBHOOK_SHARED_KEYS", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS"]
    connect_check_availability = "staffed"
    zone_count                 = 3
    deregistration_delay       = 3600
    settings                   = { ASSISTANT_PROMPT = "sales" }
  }

  assert {
    condition     = length(output.secrets_in_use) == 14 && toset(output.secrets_in_use) == toset(keys(output.secret_names)) && output.settings.ASSISTANT_PROMPT == "sales" && output.settings.CONNECT_INSTANCE_ID == "0a1b2c3d-1111-2222-3333-444455556666"
    error_message = "Every option must be possible at once."
  }
}

run "refuses_names_that_are_too_long" {
  command = plan

  variables {
    name = "abcdefghijklmnopqrstu"
  }

  expect_failures = [var.name]
}

run "refuses_what_cannot_work" {
  command = plan

  variables {
    image_tag            = "latest"
    min_tasks            = 1
    public_host          = "tandem-1234.eu-central-1.elb.amazonaws.com"
    deregistration_delay = 30
    console_cidrs        = ["0.0.0.0/0"]
    voice_provider       = "local"
    alarm_emails         = []
    settings             = { TWILIO_AUTH_TOKEN = "in the state" }
  }

  expect_failures = [
    var.image_tag, var.min_tasks, var.public_host, var.deregistration_delay, var.console_cidrs, var.voice_provider, var.alarm_emails,
    var.settings,
  ]
}

run "refuses_the_key_of_the_list_as_a_setting" {
  command = plan

  variables {
    settings = { OUTBOUND_LIST_PEPPER = "in the state" }
  }

  expect_failures = [var.settings]
}

run "refuses_servers_that_the_gateway_cannot_reach" {
  command = plan

  variables {
    call_context_url = "https://crm.example.com:8443/calls"
    call_events_url  = "http://crm.example.com/call-events"
  }

  expect_failures = [var.call_context_url, var.call_events_url]
}

run "refuses_a_server_without_its_secret" {
  command = plan

  variables {
    settings = { CALL_EVENTS_URL = "https://crm.example.com/call-events" }
  }

  expect_failures = [var.settings]
}

run "refuses_the_secret_of_a_server_as_a_setting" {
  command = plan

  variables {
    settings = { CALL_EVENTS_SECRET = "in the state" }
  }

  expect_failures = [var.settings]
}

run "refuses_a_secret_that_the_gateway_does_not_know" {
  command = plan

  variables {
    further_secrets = ["OUTBOUND_API_TOKEN"]
  }

  expect_failures = [var.further_secrets]
}

run "refuses_settings_out_of_step" {
  command = plan

  variables {
    settings = { DRAIN_SECONDS = "600" }
  }

  expect_failures = [var.settings]
}

run "refuses_to_be_without_a_certificate" {
  command = plan

  variables {
    zone_id = null
  }

  expect_failures = [var.certificate_arn]
}

run "refuses_a_queue_of_another_region" {
  command = plan

  variables {
    connect_queue_arn = "arn:aws:connect:us-east-1:111122223333:instance/0a1b2c3d-1111-2222-3333-444455556666/queue/5e6f"
  }

  expect_failures = [var.connect_queue_arn]
}
