output "number" {
  description = "What to set on the Twilio number (Twilio: IncomingPhoneNumber resource)."
  value = {
    VoiceUrl             = "https://${var.public_host}/twilio/voice"
    VoiceMethod          = "POST"
    VoiceFallbackUrl     = "https://${aws_cloudfront_distribution.fallback.domain_name}/"
    VoiceFallbackMethod  = "POST"
    StatusCallback       = "https://${var.public_host}/twilio/call-status"
    StatusCallbackMethod = "POST"
  }
}

output "twiml" {
  description = "What Twilio is told when no gateway answers."
  value       = local.twiml
}
