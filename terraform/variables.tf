# ── Where ──

variable "name" {
  description = "Prefix of all names. Another one for each deployment of an account."
  type        = string
  default     = "tandem"

  # The longest name that has a limit of 32 is that of the load balancer: name-gateway.
  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 20
    error_message = "name has at most 20 small letters, digits and single hyphens, and begins with a letter. AWS allows 32 characters for the name of a load balancer, and some are added."
  }
}

variable "region" {
  description = "AWS region of the deployment and of the Connect instance."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is a region of AWS, for instance eu-central-1."
  }
}

variable "nova_region" {
  description = "AWS region of the speech model. Nova 2 Sonic is in us-east-1, eu-north-1 and ap-northeast-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.nova_region))
    error_message = "nova_region is a region of AWS, for instance us-east-1."
  }
}

variable "vpc_cidr" {
  description = "Address range of the VPC, a /16 to /20."
  type        = string
  default     = "10.20.0.0/16"

  validation {
    condition     = can(cidrhost(var.vpc_cidr, 0)) && try(tonumber(split("/", var.vpc_cidr)[1]), 0) >= 16 && try(tonumber(split("/", var.vpc_cidr)[1]), 99) <= 20
    error_message = "vpc_cidr is a range from /16 to /20, for instance 10.20.0.0/16."
  }
}

variable "zone_count" {
  description = "Number of availability zones. Each one costs a NAT gateway and endpoints."
  type        = number
  default     = 2

  validation {
    condition     = contains([2, 3], var.zone_count)
    error_message = "zone_count is 2 or 3. With one zone, its failure would end all calls."
  }
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones. It saves money, and makes all calls depend on one zone."
  type        = bool
  default     = false
}

# ── Name ──

variable "public_host" {
  description = "Host name by which Twilio reaches the gateway. The load balancer's own DNS name cannot be it, because nobody gets a certificate for that."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.public_host)) && !endswith(var.public_host, ".amazonaws.com")
    error_message = "public_host is a host name of your own without scheme, port or path, for instance voice.example.com."
  }
}

variable "certificate_arn" {
  description = "Certificate of public_host in region. Null: one is made by means of zone_id."
  type        = string
  default     = null

  validation {
    condition     = var.certificate_arn != null || var.zone_id != null
    error_message = "Set certificate_arn, or zone_id so that a certificate can be made."
  }

  validation {
    condition     = var.certificate_arn == null ? true : startswith(var.certificate_arn, "arn:aws:acm:${var.region}:")
    error_message = "certificate_arn must be in region, because the load balancer takes no other."
  }
}

variable "zone_id" {
  description = "Route 53 zone in which public_host is entered. Null: you enter it yourself, as a CNAME to output.balancer_dns_name."
  type        = string
  default     = null
}

# ── Amazon Connect and Twilio ──

variable "connect_instance_id" {
  description = "Id of the Connect instance."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", var.connect_instance_id))
    error_message = "connect_instance_id is the id behind \"instance/\" in the ARN of the instance."
  }
}

variable "connect_queue_arn" {
  description = "Queue for callers whose reason has no queue of its own."
  type        = string

  validation {
    condition     = startswith(var.connect_queue_arn, "arn:aws:connect:${var.region}:") && strcontains(var.connect_queue_arn, "/${var.connect_instance_id}/queue/")
    error_message = "connect_queue_arn is the ARN of a queue of the instance connect_instance_id in region."
  }
}

variable "connect_phone_number" {
  description = "Number of the Connect instance in E.164, which is dialled for a handover."
  type        = string

  validation {
    condition     = can(regex("^\\+[1-9][0-9]{6,14}$", var.connect_phone_number))
    error_message = "connect_phone_number is a number in E.164, for instance +12065550100."
  }
}

variable "connect_phone_number_id" {
  description = "Id of that number in Connect, which is then given the flow. Null: you give it the flow in the console."
  type        = string
  default     = null
}

variable "connect_check_availability" {
  description = "What the gateway asks Connect before it dials: off, staffed or available."
  type        = string
  default     = "off"

  validation {
    condition     = contains(["off", "staffed", "available"], var.connect_check_availability)
    error_message = "connect_check_availability is off, staffed or available."
  }
}

variable "twilio_account_sid" {
  description = "Account SID of Twilio. Calls of other accounts are refused. Null: the signature alone decides."
  type        = string
  default     = null
}

variable "twilio_phone_number" {
  description = "Number that callers dial, in E.164."
  type        = string
  default     = null
}

# ── The assistant ──

variable "image_tag" {
  description = "Tag of the image in the registry of this deployment, or its digest (sha256:…)."
  type        = string

  validation {
    condition     = can(regex("^(sha256:[0-9a-f]{64}|[A-Za-z0-9_][A-Za-z0-9._-]{0,127})$", var.image_tag)) && var.image_tag != "latest"
    error_message = "image_tag is a tag or a digest of the image, and not latest, because nobody can say what that was."
  }
}

variable "voice_provider" {
  description = "Speech model that answers: openai or nova."
  type        = string

  validation {
    condition     = contains(["openai", "nova"], var.voice_provider)
    error_message = "voice_provider is openai or nova."
  }
}

variable "voice_fallback" {
  description = "Speech model that takes over a live call when the first fails. Null: none."
  type        = string
  default     = null

  validation {
    condition     = var.voice_fallback == null ? true : contains(["openai", "nova"], var.voice_fallback) && var.voice_fallback != var.voice_provider
    error_message = "voice_fallback is openai or nova, and not the same as voice_provider."
  }
}

variable "nova_model_id" {
  description = "Speech model of Amazon Bedrock."
  type        = string
  default     = "amazon.nova-2-sonic-v1:0"
}

variable "settings" {
  description = "Further settings of the gateway, by the names in .env.example. Secrets do not belong here, because they would be in the state."
  type        = map(string)
  default     = {}

  validation {
    condition = length(setintersection(keys(var.settings), [
      "TWILIO_AUTH_TOKEN", "TWILIO_WEBHOOK_SHARED_KEYS", "OPENAI_API_KEY", "HANDOVER_TOKEN_PEPPER", "REDIS_URL", "JOURNAL_KEY",
      "HUBSPOT_ACCESS_TOKEN", "CONSOLE_TOKEN", "OUTBOUND_API_TOKENS", "OUTBOUND_LIST_PEPPER", "OTEL_EXPORTER_OTLP_HEADERS",
      "OTEL_EXPORTER_OTLP_TRACES_HEADERS", "CALL_CONTEXT_SECRET", "CALL_EVENTS_SECRET",
    ])) == 0
    error_message = "settings has a secret in it. Let fill-secrets.sh ask for it, so that it is not in the state. Secrets without an option of their own are named in further_secrets."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["DRAIN_SECONDS", "KEEP_ALIVE_SECONDS", "PORT", "HOST", "PUBLIC_HOST"])) == 0
    error_message = "settings has one that Terraform sets in step with the load balancer: DRAIN_SECONDS, KEEP_ALIVE_SECONDS, PORT, HOST, PUBLIC_HOST."
  }

  validation {
    condition     = length(setintersection(keys(var.settings), ["CALL_CONTEXT_URL", "CALL_EVENTS_URL"])) == 0
    error_message = "settings has a URL that needs a secret: set call_context_url or call_events_url, which make it, too."
  }
}

variable "further_secrets" {
  description = "Secret settings without an option of their own. Each gets a secret, which fill-secrets.sh fills in."
  type        = set(string)
  default     = []

  validation {
    condition = length(setsubtract(var.further_secrets, [
      "TWILIO_WEBHOOK_SHARED_KEYS", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
    ])) == 0
    error_message = "further_secrets knows TWILIO_WEBHOOK_SHARED_KEYS, OTEL_EXPORTER_OTLP_HEADERS and OTEL_EXPORTER_OTLP_TRACES_HEADERS."
  }
}

# ── Size ──

variable "task_cpu" {
  description = "CPU units of a task. 1024 are one core. A gateway uses one core."
  type        = number
  default     = 1024
}

variable "task_memory" {
  description = "Memory of a task in MiB."
  type        = number
  default     = 2048
}

variable "min_tasks" {
  description = "Fewest tasks. With one, its failure would end all calls."
  type        = number
  default     = 2

  validation {
    condition     = var.min_tasks >= 2
    error_message = "min_tasks is 2 or more, so that one task can take over the calls of another."
  }
}

variable "max_tasks" {
  description = "Most tasks."
  type        = number
  default     = 10

  validation {
    condition     = var.max_tasks >= var.min_tasks
    error_message = "max_tasks is not below min_tasks."
  }
}

variable "calls_per_task" {
  description = "Calls of a task at which another one is started. One core has carried 200 (docs/project/performance.md)."
  type        = number
  default     = 80

  validation {
    condition     = var.calls_per_task >= 1 && var.calls_per_task <= 200
    error_message = "calls_per_task is from 1 to 200. More than 200 calls on one core have not been measured."
  }
}

variable "deregistration_delay" {
  description = "Seconds for which calls may go on at a task that is being replaced. A deployment can take as long."
  type        = number
  default     = 900

  validation {
    condition     = var.deregistration_delay >= 300 && var.deregistration_delay <= 3600
    error_message = "deregistration_delay is from 300 to 3600. Below 300 a deployment cuts most calls short; AWS allows at most 3600."
  }
}

# ── Options ──

variable "enable_redis" {
  description = "Valkey, in which tasks share their calls. Without it a task that dies loses the memory of its calls."
  type        = bool
  default     = true
}

variable "redis_node_type" {
  description = "Node type of Valkey."
  type        = string
  default     = "cache.t4g.small"
}

variable "redis_password" {
  description = "Password of the gateway's user of Valkey, 16 to 128 characters. Needed when Valkey is made and when redis_password_version changes. It is not kept."
  type        = string
  default     = null
  ephemeral   = true

  validation {
    condition     = var.redis_password == null ? true : can(regex("^[A-Za-z0-9]{16,128}$", var.redis_password))
    error_message = "redis_password has 16 to 128 letters and digits: openssl rand -hex 32."
  }
}

variable "redis_password_version" {
  description = "A higher number makes Terraform write redis_password again."
  type        = number
  default     = 1
}

variable "enable_hubspot" {
  description = "A contact, a ticket and a note in HubSpot for every handover."
  type        = bool
  default     = false
}

variable "call_context_url" {
  description = "Server of yours that is asked before each call what is known of the caller. Null: none. It needs the secret CALL_CONTEXT_SECRET."
  type        = string
  default     = null

  validation {
    condition     = var.call_context_url == null ? true : can(regex("^https://[^/:@?#]+(:443)?([/?]|$)", var.call_context_url))
    error_message = "call_context_url begins with https:// and has no other port than 443, because the gateway reaches no other."
  }
}

variable "call_events_url" {
  description = "Server of yours that is told of each call. Null: none. It needs the secret CALL_EVENTS_SECRET."
  type        = string
  default     = null

  validation {
    condition     = var.call_events_url == null ? true : can(regex("^https://[^/:@?#]+(:443)?([/?]|$)", var.call_events_url))
    error_message = "call_events_url begins with https:// and has no other port than 443, because the gateway reaches no other."
  }
}

variable "enable_outbound" {
  description = "Calls that the gateway makes. They need the secrets OUTBOUND_API_TOKENS and OUTBOUND_LIST_PEPPER, and console_cidrs, from which they are asked for."
  type        = bool
  default     = false
}

variable "console_cidrs" {
  description = "Addresses from which the console and the API may be asked. None: nobody may."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.console_cidrs) <= 3 && alltrue([for range in var.console_cidrs : can(cidrhost(range, 0)) && !startswith(range, "0.0.0.0/")])
    error_message = "console_cidrs has at most three ranges, because a rule of the load balancer has at most five values, and not the whole internet."
  }
}

variable "fallback_numbers" {
  description = "Numbers that Twilio dials after connect_phone_number when no gateway answers."
  type        = list(string)
  default     = []
}

variable "fallback_language" {
  description = "Language of the sentences that callers hear then."
  type        = string
  default     = "en-US"
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
}

variable "deletion_protection" {
  description = "Whether the table, the load balancer, the images and the logs refuse to be deleted. Set it to false and apply before you destroy."
  type        = bool
  default     = true
}

variable "lambda_file" {
  description = "The Lambda that npm run build writes."
  type        = string
  default     = "../dist/lambda/connect/index.mjs"
}

# ── Who is told, and cost ──

variable "alarm_emails" {
  description = "Addresses that are told of alarms. Each must confirm once."
  type        = list(string)
  default     = []

  validation {
    condition     = length(var.alarm_emails) + length(var.alarm_topic_arns) > 0
    error_message = "Set alarm_emails or alarm_topic_arns: an alarm that nobody hears is none."
  }
}

variable "alarm_topic_arns" {
  description = "Topics of your own in region that are told of alarms."
  type        = list(string)
  default     = []
}

variable "budget_usd" {
  description = "Monthly cost of the account in USD after which somebody is told. 0: nobody is."
  type        = number
  default     = 0
}

variable "tags" {
  description = "Tags of everything."
  type        = map(string)
  default     = {}
}
