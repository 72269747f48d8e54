# Alarms. Each description ends with its heading in docs/OPERATIONS.md, which says what to look at and what to do.

locals {
  topics = concat(aws_sns_topic.alarms[*].arn, var.alarm_topic_arns)

  target   = { LoadBalancer = var.balancer.arn_suffix, TargetGroup = var.balancer.target_group_suffix }
  tasks    = { ClusterName = var.cluster, ServiceName = var.service }
  gateway  = { Service = var.metrics.service }
  function = { FunctionName = var.function_name }

  # These turn a deployment back.
  of_balancer = {
    balancer-5xx = {
      says      = "The load balancer itself answers with 5xx: no task takes the request"
      namespace = "AWS/ApplicationELB", metric = "HTTPCode_ELB_5XX_Count", dimensions = { LoadBalancer = var.balancer.arn_suffix }
      statistic = "Sum", above = 5, of = 3, at_least = 2
    }
    gateway-5xx = {
      says      = "The gateway answers Twilio with 5xx"
      namespace = "AWS/ApplicationELB", metric = "HTTPCode_Target_5XX_Count", dimensions = local.target
      statistic = "Sum", above = 5, of = 3, at_least = 2
    }
    unhealthy-hosts = {
      says      = "A task does not take calls"
      namespace = "AWS/ApplicationELB", metric = "UnHealthyHostCount", dimensions = local.target
      statistic = "Maximum", above = 0, of = 5, at_least = 5
    }
  }

  others = {
    cpu = {
      says      = "The tasks are short of CPU although they are scaled by it"
      namespace = "AWS/ECS", metric = "CPUUtilization", dimensions = local.tasks
      statistic = "Average", above = 85, of = 5, at_least = 5
    }
    memory = {
      says      = "The tasks are short of memory and would be killed at 100 percent"
      namespace = "AWS/ECS", metric = "MemoryUtilization", dimensions = local.tasks
      statistic = "Maximum", above = 85, of = 5, at_least = 3
    }
    lambda-errors = {
      says      = "The Lambda fails: callers reach agents without context"
      namespace = "AWS/Lambda", metric = "Errors", dimensions = local.function
      statistic = "Sum", above = 0, of = 1, at_least = 1
    }
    lambda-slow = {
      says      = "The Lambda takes longer than 2 s. It is ended at 3 s, and the caller waits meanwhile"
      namespace = "AWS/Lambda", metric = "Duration", dimensions = local.function
      statistic = "Maximum", above = 2000, of = 5, at_least = 3
    }
    lambda-throttled = {
      says      = "The Lambda has no room for all questions"
      namespace = "AWS/Lambda", metric = "Throttles", dimensions = local.function
      statistic = "Sum", above = 0, of = 1, at_least = 1
    }
    invalid-tokens = {
      says      = "Connect asks for tokens that do not exist: digits are lost, the peppers differ, or somebody is guessing"
      namespace = var.metrics.namespace, metric = "invalid_tokens", dimensions = {}
      statistic = "Sum", above = 2, of = 5, at_least = 2
    }
    provider-failures = {
      says      = "Connections to the speech model fail"
      namespace = var.metrics.namespace, metric = "VoiceProviderConnectionFailures", dimensions = local.gateway
      statistic = "Sum", above = 3, of = 5, at_least = 3
    }
    failed-handovers = {
      says      = "Callers who needed a human did not get one"
      namespace = var.metrics.namespace, metric = "HandoversFailed", dimensions = local.gateway
      statistic = "Sum", above = 1, of = 10, at_least = 3
    }
    refused-calls = {
      says      = "Callers are sent straight to a human because no task has room for them"
      namespace = var.metrics.namespace, metric = "CallsRefused", dimensions = local.gateway
      statistic = "Sum", above = 0, of = 5, at_least = 2
    }
    stalled = {
      says      = "The event loop of a task stands still: its callers hear gaps"
      namespace = var.metrics.namespace, metric = "LoopLagMs", dimensions = local.gateway
      statistic = "Maximum", above = 500, of = 5, at_least = 2
    }
  }

  of_journal = var.enable_redis ? {
    journal-down = {
      says      = "Calls are not written to Valkey: if a task dies, its calls lose their memory"
      namespace = var.metrics.namespace, metric = "JournalDown", dimensions = local.gateway
      statistic = "Maximum", above = 0, of = 3, at_least = 2
    }
  } : {}

  alarms = merge(local.of_balancer, local.others, local.of_journal)
}

resource "aws_cloudwatch_metric_alarm" "above" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = "${each.value.says}. Runbook: docs/OPERATIONS.md#${each.key}"
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  period              = 60
  evaluation_periods  = each.value.of
  datapoints_to_alarm = each.value.at_least
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  # Nothing is counted when nobody calls.
  treat_missing_data = "notBreaching"
  alarm_actions      = local.topics
  ok_actions         = local.topics
}

resource "aws_cloudwatch_metric_alarm" "no_healthy_host" {
  alarm_name          = "${var.name}-no-healthy-host"
  alarm_description   = "No task takes calls: callers reach the fallback. Runbook: docs/OPERATIONS.md#no-healthy-host"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HealthyHostCount"
  dimensions          = local.target
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  # Without tasks the balancer counts nothing.
  treat_missing_data = "breaching"
  alarm_actions      = local.topics
  ok_actions         = local.topics
}

resource "aws_cloudwatch_metric_alarm" "lambda_cannot_work" {
  alarm_name          = "${var.name}-lambda-cannot-work"
  alarm_description   = "A setting keeps the Lambda from answering any call. Runbook: docs/OPERATIONS.md#lambda-cannot-work"
  namespace           = var.metrics.namespace
  metric_name         = "healthy"
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.topics
  ok_actions          = local.topics
}

resource "aws_cloudwatch_metric_alarm" "throttles" {
  alarm_name          = "${var.name}-table-throttles"
  alarm_description   = "DynamoDB turns requests away: handovers lose their context. Runbook: docs/OPERATIONS.md#table-throttles"
  evaluation_periods  = 5
  datapoints_to_alarm = 2
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.topics
  ok_actions          = local.topics

  metric_query {
    id          = "throttles"
    label       = "Requests turned away"
    expression  = "FILL(reads, 0) + FILL(writes, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { reads = "ReadThrottleEvents", writes = "WriteThrottleEvents" }

    content {
      id          = metric_query.key
      return_data = false

      metric {
        namespace   = "AWS/DynamoDB"
        metric_name = metric_query.value
        dimensions  = { TableName = var.table_name }
        period      = 60
        stat        = "Sum"
      }
    }
  }
}

# Amazon renews its own certificates 60 days before their end. One that is near its end is not being renewed.
resource "aws_cloudwatch_metric_alarm" "certificate" {
  alarm_name          = "${var.name}-certificate"
  alarm_description   = "The certificate ends within 21 days, and Twilio refuses one that has ended. Runbook: docs/OPERATIONS.md#certificate"
  namespace           = "AWS/CertificateManager"
  metric_name         = "DaysToExpiry"
  dimensions          = { CertificateArn = var.balancer.certificate_arn }
  statistic           = "Minimum"
  period              = 86400
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = 21
  treat_missing_data  = "ignore"
  alarm_actions       = local.topics
  ok_actions          = local.topics
}
