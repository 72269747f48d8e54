# Tasks, scaling and roles, on applied state.

provider "aws" {
  region = "eu-central-1"
}

variables {
  name               = "tandem"
  cluster_name       = "tandem"
  service_name       = "tandem-gateway"
  region             = "eu-central-1"
  nova_region        = "eu-north-1"
  nova_model_id      = "amazon.nova-2-sonic-v1:0"
  image              = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/tandem-gateway:v0.1.0"
  cpu                = 1024
  memory             = 2048
  container_port     = 8000
  environment        = { PUBLIC_HOST = "voice.example.com" }
  secret_arns        = { TWILIO_AUTH_TOKEN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:tandem/TWILIO_AUTH_TOKEN-aaaaaa" }
  kms_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666"
  repository_arn     = "arn:aws:ecr:eu-central-1:111122223333:repository/tandem-gateway"
  table_arn          = "arn:aws:dynamodb:eu-central-1:111122223333:table/tandem-handovers"
  connect_queue_arns = []
  subnet_ids         = ["subnet-1", "subnet-2"]
  security_group_id  = "sg-1"
  target_group_arn   = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:targetgroup/tandem-gateway/0123456789abcdef"
  min_tasks          = 2
  max_tasks          = 10
  calls_per_task     = 80
  metrics            = { namespace = "Tandem/tandem", service = "tandem" }
  rollback_alarms    = ["tandem-gateway-5xx"]
  log_retention_days = 30
}

run "container" {
  module {
    source = "./modules/gateway"
  }

  assert {
    condition     = aws_ecs_task_definition.gateway.requires_compatibilities == toset(["FARGATE"]) && one(aws_ecs_task_definition.gateway.runtime_platform).cpu_architecture == "ARM64" && aws_ecs_task_definition.gateway.network_mode == "awsvpc"
    error_message = "The tasks run on Fargate with ARM64."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].readonlyRootFilesystem && jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].user == "1000"
    error_message = "The container must be read-only, and must not run as root."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].linuxParameters.tmpfs[0].containerPath == "/tmp" && jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].linuxParameters.capabilities.drop == ["ALL"]
    error_message = "/tmp alone can be written, and no capability is left."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].linuxParameters.initProcessEnabled
    error_message = "As process 1 a gateway that stands still cannot end itself."
  }

  assert {
    condition     = strcontains(join(" ", jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].healthCheck.command), "http://127.0.0.1:8000/health")
    error_message = "ECS ignores the image's own health check."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].logConfiguration.options.mode == "non-blocking" && jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].logConfiguration.options.max-buffer-size == "4m"
    error_message = "A log that blocks hangs every call."
  }

  assert {
    condition     = one(jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].ulimits).softLimit == 16384
    error_message = "Each call holds sockets."
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].secrets == [{ name = "TWILIO_AUTH_TOKEN", valueFrom = var.secret_arns.TWILIO_AUTH_TOKEN }]
    error_message = "Secrets come from Secrets Manager by their ARN."
  }
}

# A call lasts minutes. Each of these must leave it its time.
run "long_calls" {
  module {
    source = "./modules/gateway"
  }

  assert {
    condition     = jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].stopTimeout == 120
    error_message = "Fargate kills a task after 30 s unless told otherwise, and after 120 s at the latest."
  }

  assert {
    condition     = tonumber(one([for each in jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].environment : each.value if each.name == "DRAIN_SECONDS"])) <= jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].stopTimeout - 5
    error_message = "The gateway must have ended by itself before it is killed."
  }

  assert {
    condition     = output.stop == { stop_timeout = jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].stopTimeout, drain_seconds = 110 }
    error_message = "The output must say what holds."
  }

  assert {
    condition = anytrue([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement :
      contains(flatten([statement.Action]), "ecs:UpdateTaskProtection") && statement.Resource == "arn:aws:ecs:eu-central-1:111122223333:task/tandem/*"
    ])
    error_message = "The gateway must be able to protect its task, and no task of another cluster."
  }

  assert {
    condition     = aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].scale_in_cooldown == 600 && aws_appautoscaling_policy.calls.target_tracking_scaling_policy_configuration[0].scale_in_cooldown == 600
    error_message = "Tasks must not be taken away quickly."
  }
}

run "service" {
  module {
    source = "./modules/gateway"
  }

  assert {
    condition     = aws_ecs_service.gateway.deployment_minimum_healthy_percent == 100 && aws_ecs_service.gateway.deployment_maximum_percent == 200
    error_message = "A deployment must not take room away."
  }

  assert {
    condition     = one(aws_ecs_service.gateway.deployment_circuit_breaker).enable && one(aws_ecs_service.gateway.deployment_circuit_breaker).rollback
    error_message = "A deployment that does not start must be turned back."
  }

  assert {
    condition     = one(aws_ecs_service.gateway.alarms).enable && one(aws_ecs_service.gateway.alarms).rollback && one(aws_ecs_service.gateway.alarms).alarm_names == toset(["tandem-gateway-5xx"])
    error_message = "A deployment that fails callers must be turned back."
  }

  assert {
    condition     = aws_ecs_service.gateway.health_check_grace_period_seconds == 30 && aws_ecs_service.gateway.availability_zone_rebalancing == "ENABLED"
    error_message = "A task must have time to start, and the zones must stay in balance."
  }

  assert {
    condition     = !aws_ecs_service.gateway.enable_execute_command && !aws_ecs_service.gateway.wait_for_steady_state
    error_message = "Nobody gets a shell in a task. Apply must not take a rollback for success."
  }

  assert {
    condition     = !one(aws_ecs_service.gateway.network_configuration).assign_public_ip
    error_message = "Tasks are private."
  }

  assert {
    condition     = one(aws_ecs_service.gateway.load_balancer).container_port == 8000 && one(aws_ecs_service.gateway.load_balancer).container_name == jsondecode(aws_ecs_task_definition.gateway.container_definitions)[0].name
    error_message = "The load balancer must reach the container."
  }
}

run "scaling" {
  module {
    source = "./modules/gateway"
  }

  assert {
    condition     = aws_appautoscaling_target.gateway.resource_id == "service/tandem/tandem-gateway" && aws_appautoscaling_target.gateway.min_capacity == 2 && aws_appautoscaling_target.gateway.max_capacity == 10
    error_message = "The service must be scaled between two and ten tasks."
  }

  assert {
    condition     = aws_appautoscaling_policy.cpu.target_tracking_scaling_policy_configuration[0].target_value == 55 && aws_appautoscaling_policy.calls.target_tracking_scaling_policy_configuration[0].target_value == 80
    error_message = "Scaling is by CPU and by calls."
  }

  assert {
    condition     = aws_appautoscaling_policy.calls.target_tracking_scaling_policy_configuration[0].scale_out_cooldown == 30
    error_message = "Room must come quickly."
  }

  assert {
    condition     = toset([for metric in aws_appautoscaling_policy.calls.target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics : metric.expression if metric.return_data]) == toset(["calls / tasks"])
    error_message = "Calls are counted by task."
  }

  assert {
    condition     = contains(flatten([for metric in aws_appautoscaling_policy.calls.target_tracking_scaling_policy_configuration[0].customized_metric_specification[0].metrics : [for stat in metric.metric_stat : "${stat.stat} ${stat.metric[0].metric_name}"]]), "Sum ActiveSessions")
    error_message = "The calls of all tasks are added."
  }
}

run "least_privilege" {
  module {
    source = "./modules/gateway"
  }

  assert {
    condition = toset(flatten([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Action])) == toset([
      "dynamodb:DescribeTable", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "kms:Decrypt",
      "bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream", "ecs:GetTaskProtection", "ecs:UpdateTaskProtection",
    ])
    error_message = "The gateway may do this and nothing else."
  }

  assert {
    condition     = alltrue([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : !contains(flatten([statement.Resource]), "*")])
    error_message = "Every permission of the gateway names its resource."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Resource if statement.Sid == "Talk"] == ["arn:aws:bedrock:eu-north-1::foundation-model/amazon.nova-2-sonic-v1:0"]
    error_message = "The gateway may talk to the named model in its own region only."
  }

  assert {
    condition     = [for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Resource if statement.Sid == "Handovers"] == [var.table_arn]
    error_message = "The gateway may use its own table only."
  }

  assert {
    condition     = flatten([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Action if contains(flatten([statement.Resource]), "*")]) == ["ecr:GetAuthorizationToken"]
    error_message = "Only this action cannot be limited to a resource."
  }

  assert {
    condition     = toset(flatten([for statement in jsondecode(aws_iam_role_policy.execution.policy).Statement : statement.Resource if statement.Sid == "ReadSecrets"])) == toset(values(var.secret_arns))
    error_message = "ECS may read the secrets of this deployment only."
  }

  assert {
    condition     = alltrue([for role in [aws_iam_role.execution, aws_iam_role.task] : jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "111122223333"])
    error_message = "ECS may take the roles for this account only."
  }

  assert {
    condition     = aws_iam_role.execution.name != aws_iam_role.task.name && alltrue([for role in [aws_iam_role.execution, aws_iam_role.task] : strcontains(role.name, "eu-central-1")])
    error_message = "Roles belong to the account, so their names must hold the region."
  }
}

run "asks_connect" {
  module {
    source = "./modules/gateway"
  }

  variables {
    connect_queue_arns = ["arn:aws:connect:eu-central-1:111122223333:instance/0a1b/queue/5e6f"]
  }

  assert {
    condition     = toset([for statement in jsondecode(aws_iam_role_policy.task.policy).Statement : statement.Resource if statement.Sid == "AskWhetherAgentsAreThere"]) == toset(var.connect_queue_arns)
    error_message = "The gateway may ask for the staffing of its queues only."
  }
}
