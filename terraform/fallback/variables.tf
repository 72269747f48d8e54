variable "public_host" {
  description = "The gateway's PUBLIC_HOST, for instance voice.example.com. The webhook URLs of the number are built from it. The fallback sends it no request."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.public_host))
    error_message = "public_host is a host name without scheme, port or path, for instance voice.example.com."
  }
}

variable "phone_numbers" {
  description = "Numbers to dial in E.164, in order: first that of the Connect instance, then one that does not depend on it, if there is one."
  type        = list(string)

  validation {
    condition     = length(var.phone_numbers) > 0 && alltrue([for number in var.phone_numbers : can(regex("^\\+[1-9][0-9]{6,14}$", number))])
    error_message = "phone_numbers is a list of at least one number in E.164, for instance [\"+12065550100\"]."
  }
}

variable "ring_seconds" {
  description = "Maximum ringing time of each number. Connect answers at once and queues the caller itself."
  type        = number
  default     = 25

  validation {
    condition     = var.ring_seconds >= 5 && var.ring_seconds <= 600 && floor(var.ring_seconds) == var.ring_seconds
    error_message = "ring_seconds is a whole number from 5 to 600 (Twilio: Dial, timeout)."
  }
}

variable "language" {
  description = "Language of the two sentences. Twilio's <Say> must have a voice for it. There are sentences in en, fr, de, it, es, pt and hi."
  type        = string
  default     = "en-US"

  validation {
    condition     = can(regex("^[a-z]{2}-[A-Z]{2}$", var.language))
    error_message = "language is a tag such as en-US or es-MX (Twilio: Say, language)."
  }
}

variable "connecting" {
  description = "What the caller hears before the first number rings. Default: a sentence in the language."
  type        = string
  default     = null

  validation {
    condition     = var.connecting == null ? true : length(trimspace(var.connecting)) > 0 && length(var.connecting) <= 1000
    error_message = "connecting is a sentence of at most 1,000 characters, because a caller who hears nothing hangs up."
  }
}

variable "nobody" {
  description = "What the caller hears before the call ends, if no number answered. Default: a sentence in the language."
  type        = string
  default     = null

  validation {
    condition     = var.nobody == null ? true : length(trimspace(var.nobody)) > 0 && length(var.nobody) <= 1000
    error_message = "nobody is a sentence of at most 1,000 characters, because no call may end without a word."
  }
}

variable "alarm_topic_arns" {
  description = "SNS topics in us-east-1 that are notified when Twilio requests the fallback, because then no gateway answered."
  type        = list(string)
  default     = []
}

variable "name" {
  description = "Name of the function and the alarm. Each number with a fallback of its own needs another one."
  type        = string
  default     = "tandem-fallback"

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,64}$", var.name))
    error_message = "name has at most 64 letters, digits, hyphens and underscores (CloudFront: function names)."
  }
}
