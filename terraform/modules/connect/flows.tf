# The flows are the files in connect/, which the tests run. Nothing but their placeholders is filled in.

resource "aws_connect_contact_flow" "whisper" {
  instance_id = var.instance_id
  name        = "${var.name}-whisper"
  description = "Tells the agent the reason before the two are joined"
  type        = "AGENT_WHISPER"
  content     = file("${var.flows_directory}/agent-whisper.json")
}

resource "aws_connect_contact_flow" "guide" {
  instance_id = var.instance_id
  name        = "${var.name}-guide"
  description = "Shows the agent reason, summary and caller"
  type        = "CONTACT_FLOW"
  content     = templatefile("${var.flows_directory}/agent-guide.json", { region = var.region })
}

resource "aws_connect_contact_flow" "inbound" {
  instance_id = var.instance_id
  name        = "${var.name}-inbound"
  description = "Collects the token, asks the Lambda and picks the queue"
  type        = "CONTACT_FLOW"

  content = templatefile("${var.flows_directory}/contact-flow.json", {
    lambda_arn        = aws_lambda_alias.live.arn
    default_queue_arn = var.queue_arn
    whisper_flow_arn  = aws_connect_contact_flow.whisper.arn
    guide_flow_arn    = aws_connect_contact_flow.guide.arn
  })

  # Connect refuses a flow with a Lambda that the instance does not know.
  depends_on = [aws_connect_lambda_function_association.redeem, aws_lambda_permission.connect]
}

resource "aws_connect_phone_number_contact_flow_association" "inbound" {
  count = var.phone_number_id != null ? 1 : 0

  instance_id     = var.instance_id
  phone_number_id = var.phone_number_id
  contact_flow_id = aws_connect_contact_flow.inbound.contact_flow_id
}
