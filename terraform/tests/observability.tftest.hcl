# Alarms, dashboard and budget, on applied state.

provider "aws" {
  region = "eu-central-1"
}

variables {
  name             = "tandem"
  region           = "eu-central-1"
  balancer         = { arn_suffix = "app/tandem-gateway/1", target_group_suffix = "targetgroup/tandem-gateway/1", certificate_arn = "arn:aws:acm:eu-central-1:111122223333:certificate/1" }
  cluster          = "tandem"
  service          = "tandem-gateway"
  table_name       = "tandem-handovers"
  function_name    = "tandem-redeem"
  enable_redis     = true
  metrics          = { namespace = "Tandem/tandem", service = "tandem" }
  alarm_emails     = ["on-call@example.com"]
  alarm_topic_arns = []
  kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666"
  budget_usd       = 500
}

run "alarms" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition = toset(output.alarm_names) == toset([for name in [
      "balancer-5xx", "certificate", "cpu", "failed-handovers", "gateway-5xx", "invalid-tokens", "journal-down", "lambda-cannot-work",
      "lambda-errors", "lambda-slow", "lambda-throttled", "memory", "no-healthy-host", "provider-failures", "refused-calls", "stalled",
      "table-throttles", "unhealthy-hosts",
    ] : "tandem-${name}"])
    error_message = "An alarm is missing, or is not in this list."
  }

  assert {
    condition = alltrue([for alarm in concat(
      values(aws_cloudwatch_metric_alarm.above),
      [aws_cloudwatch_metric_alarm.certificate, aws_cloudwatch_metric_alarm.lambda_cannot_work, aws_cloudwatch_metric_alarm.no_healthy_host, aws_cloudwatch_metric_alarm.throttles],
    ) : endswith(alarm.alarm_description, "Runbook: docs/OPERATIONS.md#${trimprefix(alarm.alarm_name, "tandem-")}")])
    error_message = "Each alarm says where its runbook is."
  }

  assert {
    condition = alltrue([for alarm in concat(
      values(aws_cloudwatch_metric_alarm.above),
      [aws_cloudwatch_metric_alarm.certificate, aws_cloudwatch_metric_alarm.lambda_cannot_work, aws_cloudwatch_metric_alarm.no_healthy_host, aws_cloudwatch_metric_alarm.throttles],
    ) : alarm.alarm_actions == toset([aws_sns_topic.alarms[0].arn]) && contains(["breaching", "notBreaching", "ignore"], alarm.treat_missing_data)])
    error_message = "Each alarm tells somebody, and says what silence means."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.no_healthy_host.treat_missing_data == "breaching"
    error_message = "Without tasks nothing is counted, and that is the alarm."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.above["lambda-slow"].threshold == 2000 && aws_cloudwatch_metric_alarm.above["lambda-errors"].dimensions == tomap({ FunctionName = "tandem-redeem" })
    error_message = "The Lambda must answer within 2 s."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.above["provider-failures"].namespace == "Tandem/tandem" && aws_cloudwatch_metric_alarm.above["provider-failures"].dimensions == tomap({ Service = "tandem" })
    error_message = "The gateway's own metrics have the dimension Service."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.above["invalid-tokens"].namespace == "Tandem/tandem" && aws_cloudwatch_metric_alarm.lambda_cannot_work.namespace == "Tandem/tandem"
    error_message = "The alarms read the Lambda's metrics of this deployment, and of no other in the account."
  }
}

run "rollback" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition     = toset(output.rollback_alarms) == toset(["tandem-balancer-5xx", "tandem-gateway-5xx", "tandem-unhealthy-hosts"])
    error_message = "A deployment is turned back for what its tasks do."
  }
}

run "told" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition     = aws_sns_topic_subscription.email["on-call@example.com"].protocol == "email" && aws_sns_topic.alarms[0].kms_master_key_id == var.kms_key_arn
    error_message = "Alarms reach the addresses, encrypted."
  }

  assert {
    condition     = jsondecode(aws_sns_topic_policy.alarms[0].policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "111122223333"
    error_message = "Only this account may use the topic."
  }

  assert {
    condition     = aws_budgets_budget.monthly[0].limit_amount == "500" && aws_budgets_budget.monthly[0].name == "tandem-eu-central-1"
    error_message = "The budget must watch the amount."
  }
}

run "dashboard" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.gateway.dashboard_body).widgets) >= 10 && strcontains(output.dashboard_url, "eu-central-1.console.aws.amazon.com")
    error_message = "The dashboard shows what alarms watch."
  }

  assert {
    condition     = alltrue([for widget in jsondecode(aws_cloudwatch_dashboard.gateway.dashboard_body).widgets : alltrue([for metric in widget.properties.metrics : length(metric) % 2 == 0])])
    error_message = "A metric is a namespace, a name, and pairs of dimensions."
  }
}

run "dashboard_of_one_namespace" {
  module {
    source = "./modules/observability"
  }

  assert {
    condition     = toset(flatten([for widget in jsondecode(aws_cloudwatch_dashboard.gateway.dashboard_body).widgets : [for metric in widget.properties.metrics : metric[0] if startswith(metric[0], "Tandem")]])) == toset(["Tandem/tandem"])
    error_message = "The dashboard shows the gateway's and the Lambda's metrics of this deployment."
  }
}

run "topics_of_their_own" {
  module {
    source = "./modules/observability"
  }

  variables {
    alarm_emails     = []
    alarm_topic_arns = ["arn:aws:sns:eu-central-1:111122223333:on-call"]
    budget_usd       = 0
    enable_redis     = false
  }

  assert {
    condition     = length(aws_sns_topic.alarms) == 0 && aws_cloudwatch_metric_alarm.certificate.alarm_actions == toset(var.alarm_topic_arns)
    error_message = "Topics that are given are used, and none is made."
  }

  assert {
    condition     = length(aws_budgets_budget.monthly) == 0 && !contains(output.alarm_names, "tandem-journal-down")
    error_message = "Without an amount there is no budget, and without a journal no alarm for it."
  }
}
