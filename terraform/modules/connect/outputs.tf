output "lambda_alias_arn" {
  description = "What the flow asks."
  value       = aws_lambda_alias.live.arn
}

output "function_name" {
  description = "Name of the Lambda."
  value       = aws_lambda_function.redeem.function_name
}

output "flow_ids" {
  description = "The flows in Connect."
  value = {
    inbound = aws_connect_contact_flow.inbound.contact_flow_id
    whisper = aws_connect_contact_flow.whisper.contact_flow_id
    guide   = aws_connect_contact_flow.guide.contact_flow_id
  }
}
