# The Lambda and the flows, on applied state.

provider "aws" {
  region = "eu-central-1"
}

variables {
  name               = "tandem"
  region             = "eu-central-1"
  instance_id        = "0a1b2c3d-1111-2222-3333-444455556666"
  queue_arn          = "arn:aws:connect:eu-central-1:111122223333:instance/0a1b2c3d-1111-2222-3333-444455556666/queue/5e6f"
  phone_number_id    = "7c8d9e0f-1111-2222-3333-444455556666"
  table              = { name = "tandem-handovers", arn = "arn:aws:dynamodb:eu-central-1:111122223333:table/tandem-handovers" }
  kms_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666"
  pepper_secret_arn  = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:tandem/HANDOVER_TOKEN_PEPPER-aaaaaa"
  metrics            = { namespace = "Tandem/tandem", service = "tandem" }
  lambda_file        = "../dist/lambda/connect/index.mjs"
  flows_directory    = "../connect"
  log_retention_days = 30
}

run "lambda" {
  module {
    source = "./modules/connect"
  }

  assert {
    condition     = aws_lambda_function.redeem.runtime == "nodejs24.x" && aws_lambda_function.redeem.architectures == tolist(["arm64"]) && aws_lambda_function.redeem.handler == "index.handler"
    error_message = "The Lambda is dist/lambda/connect/index.mjs."
  }

  assert {
    condition     = aws_lambda_function.redeem.timeout == 3 && aws_lambda_function.redeem.reserved_concurrent_executions > 0
    error_message = "Connect waits for at most 8 s and tries again within them."
  }

  assert {
    condition     = aws_lambda_function.redeem.publish && aws_lambda_alias.live.name == "live" && aws_lambda_alias.live.function_version == aws_lambda_function.redeem.version
    error_message = "Connect asks a published version by its alias."
  }

  assert {
    condition     = one(aws_lambda_function.redeem.environment).variables == tomap({ DYNAMODB_TABLE_NAME = "tandem-handovers", HANDOVER_TOKEN_PEPPER_SECRET_ARN = var.pepper_secret_arn, METRICS_EMF_NAMESPACE = "Tandem/tandem" })
    error_message = "The Lambda reads the pepper from Secrets Manager, because the pepper itself would be in the state, and counts where the alarms look."
  }

  assert {
    condition     = one(aws_lambda_function.redeem.logging_config).log_group == aws_cloudwatch_log_group.redeem.name && aws_cloudwatch_log_group.redeem.retention_in_days == 30 && aws_cloudwatch_log_group.redeem.kms_key_id == var.kms_key_arn
    error_message = "The Lambda's log must be encrypted and forgotten."
  }
}

run "who_may_ask" {
  module {
    source = "./modules/connect"
  }

  assert {
    condition     = aws_lambda_permission.connect.qualifier == "live" && aws_lambda_permission.connect.principal == "connect.amazonaws.com" && aws_lambda_permission.connect.source_account == "111122223333"
    error_message = "Connect of this account may ask the alias."
  }

  assert {
    condition     = aws_lambda_permission.connect.source_arn == "arn:aws:connect:eu-central-1:111122223333:instance/0a1b2c3d-1111-2222-3333-444455556666"
    error_message = "No other instance may ask."
  }

  assert {
    condition     = aws_connect_lambda_function_association.redeem.function_arn == aws_lambda_alias.live.arn
    error_message = "The instance must know the alias."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.redeem.policy).Statement : statement.Sid => toset(flatten([statement.Action])) } == {
      Redeem     = toset(["dynamodb:GetItem", "dynamodb:UpdateItem"])
      ReadPepper = toset(["secretsmanager:GetSecretValue"])
      Decrypt    = toset(["kms:Decrypt"])
      WriteLog   = toset(["logs:CreateLogStream", "logs:PutLogEvents"])
    }
    error_message = "The Lambda may do this and nothing else."
  }

  assert {
    condition = { for statement in jsondecode(aws_iam_role_policy.redeem.policy).Statement : statement.Sid => statement.Resource } == {
      Redeem     = var.table.arn
      ReadPepper = var.pepper_secret_arn
      Decrypt    = var.kms_key_arn
      WriteLog   = "${aws_cloudwatch_log_group.redeem.arn}:*"
    }
    error_message = "Every permission of the Lambda names its resource."
  }
}

# What is deployed are the files that the tests run.
run "flows" {
  module {
    source = "./modules/connect"
  }

  assert {
    condition     = aws_connect_contact_flow.whisper.content == file("../connect/agent-whisper.json") && aws_connect_contact_flow.whisper.type == "AGENT_WHISPER"
    error_message = "The whisper is the file."
  }

  assert {
    condition     = aws_connect_contact_flow.guide.content == replace(file("../connect/agent-guide.json"), "$${region}", "eu-central-1") && aws_connect_contact_flow.guide.type == "CONTACT_FLOW"
    error_message = "The guide is the file, with the region in it."
  }

  assert {
    condition = aws_connect_contact_flow.inbound.content == replace(replace(replace(replace(file("../connect/contact-flow.json"),
      "$${lambda_arn}", aws_lambda_alias.live.arn),
      "$${default_queue_arn}", var.queue_arn),
      "$${whisper_flow_arn}", aws_connect_contact_flow.whisper.arn),
    "$${guide_flow_arn}", aws_connect_contact_flow.guide.arn)
    error_message = "The flow is the file, with the four ARNs in it."
  }

  assert {
    condition     = !strcontains("${aws_connect_contact_flow.guide.content}${aws_connect_contact_flow.inbound.content}", "$${")
    error_message = "No placeholder may be left."
  }

  assert {
    condition     = toset([for action in jsondecode(aws_connect_contact_flow.inbound.content).Actions : action.Parameters.LambdaFunctionARN if action.Type == "InvokeLambdaFunction"]) == toset([aws_lambda_alias.live.arn])
    error_message = "The flow asks the alias."
  }

  assert {
    condition     = aws_connect_phone_number_contact_flow_association.inbound[0].contact_flow_id == aws_connect_contact_flow.inbound.contact_flow_id
    error_message = "The number must lead to the flow."
  }
}

run "number_by_hand" {
  module {
    source = "./modules/connect"
  }

  variables {
    phone_number_id = null
  }

  assert {
    condition     = length(aws_connect_phone_number_contact_flow_association.inbound) == 0
    error_message = "Without connect_phone_number_id no number is touched."
  }
}
