# The Lambda that redeems a token, and the alias by which Connect asks it. An alias lets a new version be tried and turned back.

data "aws_caller_identity" "current" {}

locals {
  account      = data.aws_caller_identity.current.account_id
  instance_arn = "arn:aws:connect:${var.region}:${local.account}:instance/${var.instance_id}"
}

data "archive_file" "redeem" {
  type             = "zip"
  source_file      = abspath(var.lambda_file)
  output_path      = "${path.root}/.terraform/${var.name}-redeem.zip"
  output_file_mode = "0644"
}

resource "aws_cloudwatch_log_group" "redeem" {
  name              = "/aws/lambda/${var.name}-redeem"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_lambda_function" "redeem" {
  function_name    = "${var.name}-redeem"
  description      = "Redeems the token of a handover for Amazon Connect"
  role             = aws_iam_role.redeem.arn
  runtime          = "nodejs24.x"
  architectures    = ["arm64"]
  handler          = "index.handler"
  filename         = data.archive_file.redeem.output_path
  source_code_hash = data.archive_file.redeem.output_base64sha256
  memory_size      = 512
  publish          = true
  # Connect waits for at most 8 s, and tries again within them.
  timeout = 3
  # No other function of the account can take what Connect needs.
  reserved_concurrent_executions = 50

  environment {
    variables = {
      DYNAMODB_TABLE_NAME = var.table.name
      # The secret is read while the function starts. The pepper itself would be in the state.
      HANDOVER_TOKEN_PEPPER_SECRET_ARN = var.pepper_secret_arn
      # The namespace of the gateway, in which the alarms look.
      METRICS_EMF_NAMESPACE = var.metrics.namespace
    }
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.redeem.name
  }

  depends_on = [aws_iam_role_policy.redeem]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "The version that Connect asks"
  function_name    = aws_lambda_function.redeem.function_name
  function_version = aws_lambda_function.redeem.version
}

# Without this every call reaches an agent without context, and only Connect's flow log says why.
resource "aws_lambda_permission" "connect" {
  statement_id   = "connect"
  action         = "lambda:InvokeFunction"
  function_name  = aws_lambda_function.redeem.function_name
  qualifier      = aws_lambda_alias.live.name
  principal      = "connect.amazonaws.com"
  source_account = local.account
  source_arn     = local.instance_arn
}

resource "aws_connect_lambda_function_association" "redeem" {
  instance_id  = var.instance_id
  function_arn = aws_lambda_alias.live.arn
}
