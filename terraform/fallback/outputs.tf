output "number" {
  description = "What to set on the Twilio number (Twilio: IncomingPhoneNumber resource)."
  value = {
    VoiceUrl             = "https://${var.public_host}/twilio/voice${local.overrides}"
    VoiceMethod          = "POST"
    VoiceFallbackUrl     = "https://${aws_cloudfront_distribution.fallback.domain_name}/${local.overrides}"
    VoiceFallbackMethod  = "GET"
    StatusCallback       = "https://${var.public_host}/twilio/call-status${local.overrides}"
    StatusCallbackMethod = "POST"
  }
}

output "twiml" {
  description = "The TwiML that Twilio runs when no gateway answers."
  value       = local.twiml
}
