locals {
  own = var.metrics.namespace
  by  = var.metrics.service

  # Title, metrics, statistic; two in a row.
  panels = [
    ["Calls now", [[local.own, "ActiveSessions", "Service", local.by]], "Sum"],
    ["Calls ended and refused", [[local.own, "CallsEnded", "Service", local.by], [local.own, "CallsRefused", "Service", local.by]], "Sum"],
    ["Turn latency, ms", [[local.own, "TurnLatencyMs", "Service", local.by]], "p95"],
    ["Failed connections to the speech model", [[local.own, "VoiceProviderConnectionFailures", "Service", local.by]], "Sum"],
    ["Handovers", [[local.own, "HandoversStarted", "Service", local.by], [local.own, "HandoversFailed", "Service", local.by]], "Sum"],
    ["Tokens that do not exist", [[local.own, "invalid_tokens"]], "Sum"],
    ["Tasks", [["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.cluster, "ServiceName", var.service]], "Average"],
    ["CPU and memory, %", [["AWS/ECS", "CPUUtilization", "ClusterName", var.cluster, "ServiceName", var.service], ["AWS/ECS", "MemoryUtilization", "ClusterName", var.cluster, "ServiceName", var.service]], "Average"],
    ["Load balancer", [["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.balancer.arn_suffix], ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.balancer.arn_suffix]], "Sum"],
    ["Event loop, ms late", [[local.own, "LoopLagMs", "Service", local.by]], "Maximum"],
    ["Lambda: errors and throttles", [["AWS/Lambda", "Errors", "FunctionName", var.function_name], ["AWS/Lambda", "Throttles", "FunctionName", var.function_name]], "Sum"],
    ["Table: turned away", [["AWS/DynamoDB", "ReadThrottleEvents", "TableName", var.table_name], ["AWS/DynamoDB", "WriteThrottleEvents", "TableName", var.table_name]], "Sum"],
  ]
}

resource "aws_cloudwatch_dashboard" "gateway" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [for index, panel in local.panels : {
      type   = "metric"
      x      = 12 * (index % 2)
      y      = 6 * floor(index / 2)
      width  = 12
      height = 6
      properties = {
        title   = panel[0]
        metrics = panel[1]
        stat    = panel[2]
        region  = var.region
        period  = 60
        view    = "timeSeries"
      }
    }]
  })
}
