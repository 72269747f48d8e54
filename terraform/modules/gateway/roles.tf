# Two roles: ECS starts tasks with the one, the gateway works with the other.

locals {
  account = data.aws_caller_identity.current.account_id
  # The model that writes summaries: Nova 2 Lite through the inference profile of the region's geography (src/voice/nova).
  geography     = startswith(var.nova_region, "us-") ? "us" : startswith(var.nova_region, "eu-") ? "eu" : "global"
  summary_model = "amazon.nova-2-lite-v1:0"
  profile_arn   = "arn:aws:bedrock:${var.nova_region}:${local.account}:inference-profile/${local.geography}.${local.summary_model}"
}

data "aws_iam_policy_document" "tasks_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:aws:ecs:${var.region}:${local.account}:*"]
    }
  }
}

resource "aws_iam_role" "execution" {
  name               = "${var.name}-${var.region}-execution"
  description        = "ECS pulls the image, reads the secrets and writes the log"
  assume_role_policy = data.aws_iam_policy_document.tasks_trust.json
}

resource "aws_iam_role_policy" "execution" {
  name   = "start"
  role   = aws_iam_role.execution.name
  policy = data.aws_iam_policy_document.execution.json
}

data "aws_iam_policy_document" "execution" {
  # This action cannot be limited to a registry.
  statement {
    sid       = "SignIn"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid       = "PullImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [var.repository_arn]
  }

  statement {
    sid       = "WriteLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.gateway.arn}:*"]
  }

  statement {
    sid       = "ReadSecrets"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = values(var.secret_arns)
  }

  statement {
    sid       = "DecryptSecrets"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["secretsmanager.${var.region}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "task" {
  name               = "${var.name}-${var.region}-task"
  description        = "The gateway"
  assume_role_policy = data.aws_iam_policy_document.tasks_trust.json
}

resource "aws_iam_role_policy" "task" {
  name   = "work"
  role   = aws_iam_role.task.name
  policy = data.aws_iam_policy_document.task.json
}

data "aws_iam_policy_document" "task" {
  statement {
    sid = "Handovers"
    actions = [
      "dynamodb:DescribeTable",
      "dynamodb:GetItem",
      "dynamodb:PutItem",
      "dynamodb:UpdateItem",
    ]
    resources = [var.table_arn]
  }

  statement {
    sid       = "DecryptHandovers"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["dynamodb.${var.region}.amazonaws.com"]
    }
  }

  # Nova's stream in both directions needs these two. It has no action of its own.
  statement {
    sid       = "Talk"
    actions   = ["bedrock:InvokeModel", "bedrock:InvokeModelWithResponseStream"]
    resources = ["arn:aws:bedrock:${var.nova_region}::foundation-model/${var.nova_model_id}"]
  }

  statement {
    sid       = "Summarise"
    actions   = ["bedrock:InvokeModel"]
    resources = [local.profile_arn]
  }

  # An inference profile calls the model in one of the regions of its geography.
  statement {
    sid       = "SummariseByProfile"
    actions   = ["bedrock:InvokeModel"]
    resources = ["arn:aws:bedrock:*::foundation-model/${local.summary_model}"]

    condition {
      test     = "StringEquals"
      variable = "bedrock:InferenceProfileArn"
      values   = [local.profile_arn]
    }
  }

  # While a task has calls, scale-in passes over it.
  statement {
    sid       = "ProtectItself"
    actions   = ["ecs:GetTaskProtection", "ecs:UpdateTaskProtection"]
    resources = ["arn:aws:ecs:${var.region}:${local.account}:task/${aws_ecs_cluster.main.name}/*"]
  }

  dynamic "statement" {
    for_each = length(var.connect_queue_arns) > 0 ? [var.connect_queue_arns] : []

    content {
      sid       = "AskWhetherAgentsAreThere"
      actions   = ["connect:GetCurrentMetricData"]
      resources = statement.value
    }
  }
}
