# The gateway on Fargate. A call lasts minutes, so everything here gives a task that is leaving its time:
#   1. Scale-in passes over a task with calls, because the gateway protects itself (roles.tf allows it).
#   2. A task of an old version leaves the target group first. Its calls go on for deregistration_delay.
#   3. SIGTERM follows. The gateway moves what is left to another task or to a human, within DRAIN_SECONDS.
#   4. After stopTimeout the task is killed. Fargate allows at most 120 s.

locals {
  stop_timeout  = 120
  drain_seconds = 110
}

data "aws_caller_identity" "current" {}

resource "aws_cloudwatch_log_group" "gateway" {
  name              = "/${var.name}/gateway"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_ecs_cluster" "main" {
  name = var.cluster_name

  # RunningTaskCount, by which the tasks are scaled, comes from here.
  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

resource "aws_ecs_task_definition" "gateway" {
  family                   = var.service_name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "ARM64"
  }

  container_definitions = jsonencode([{
    name      = "gateway"
    image     = var.image
    essential = true
    user      = "1000"

    portMappings = [{ containerPort = var.container_port, hostPort = var.container_port, protocol = "tcp" }]

    environment = [for name, value in merge(var.environment, {
      DRAIN_SECONDS = tostring(local.drain_seconds)
      PORT          = tostring(var.container_port)
    }) : { name = name, value = value }]
    secrets = [for name, arn in var.secret_arns : { name = name, valueFrom = arn }]

    stopTimeout            = local.stop_timeout
    readonlyRootFilesystem = true
    linuxParameters = {
      # As process 1 a gateway whose event loop stands still could not end itself. The init passes SIGTERM on.
      initProcessEnabled = true
      capabilities       = { drop = ["ALL"] }
      tmpfs              = [{ containerPath = "/tmp", size = 64, mountOptions = ["rw", "noexec", "nosuid", "nodev"] }]
    }
    # Each call holds two sockets and more.
    ulimits = [{ name = "nofile", softLimit = 16384, hardLimit = 16384 }]

    # ECS ignores the image's own HEALTHCHECK. /health says that the process lives; the balancer asks /ready.
    healthCheck = {
      command     = ["CMD", "node", "-e", "fetch('http://127.0.0.1:${var.container_port}/health').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
      interval    = 10
      timeout     = 5
      retries     = 3
      startPeriod = 30
    }

    # A log that blocks hangs every call when CloudWatch is slow.
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.gateway.name
        awslogs-region        = var.region
        awslogs-stream-prefix = "gateway"
        mode                  = "non-blocking"
        max-buffer-size       = "4m"
      }
    }
  }])
}

resource "aws_ecs_service" "gateway" {
  name            = var.service_name
  cluster         = aws_ecs_cluster.main.arn
  task_definition = aws_ecs_task_definition.gateway.arn
  launch_type     = "FARGATE"
  desired_count   = var.min_tasks

  # A shell in a task could read secrets and calls.
  enable_execute_command             = false
  availability_zone_rebalancing      = "ENABLED"
  deployment_minimum_healthy_percent = 100
  deployment_maximum_percent         = 200
  health_check_grace_period_seconds  = 30
  propagate_tags                     = "SERVICE"
  # Apply would wait for a rollback, too, and then say that all is well. The guide says how to look.
  wait_for_steady_state = false

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    alarm_names = var.rollback_alarms
    enable      = true
    rollback    = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [var.security_group_id]
    assign_public_ip = false
  }

  load_balancer {
    target_group_arn = var.target_group_arn
    container_name   = "gateway"
    container_port   = var.container_port
  }

  lifecycle {
    # Scaling sets it.
    ignore_changes = [desired_count]
  }
}
