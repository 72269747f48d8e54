variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "cluster_name" {
  description = "Name of the ECS cluster."
  type        = string
}

variable "service_name" {
  description = "Name of the ECS service and of its task definitions."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "nova_region" {
  description = "AWS region of the speech model."
  type        = string
}

variable "nova_model_id" {
  description = "Speech model of Amazon Bedrock."
  type        = string
}

variable "image" {
  description = "Container image with its tag or digest."
  type        = string
}

variable "cpu" {
  description = "CPU units of a task. 1024 are one core, and one gateway uses one core."
  type        = number
}

variable "memory" {
  description = "Memory of a task in MiB."
  type        = number
}

variable "container_port" {
  description = "Port on which the gateway listens."
  type        = number
}

variable "environment" {
  description = "Settings of the gateway that are not secret."
  type        = map(string)
}

variable "secret_arns" {
  description = "Secrets that the gateway gets as settings, by name."
  type        = map(string)
}

variable "kms_key_arn" {
  description = "Key of the secrets, the table and the log."
  type        = string
}

variable "repository_arn" {
  description = "Registry from which the image is pulled."
  type        = string
}

variable "table_arn" {
  description = "Table of the handovers."
  type        = string
}

variable "connect_queue_arns" {
  description = "Queues whose staffing the gateway may ask for. None: it may not ask."
  type        = list(string)
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the tasks."
  type        = string
}

variable "target_group_arn" {
  description = "Target group of the load balancer."
  type        = string
}

variable "min_tasks" {
  description = "Fewest tasks."
  type        = number
}

variable "max_tasks" {
  description = "Most tasks."
  type        = number
}

variable "calls_per_task" {
  description = "Calls at which another task is started."
  type        = number
}

variable "metrics" {
  description = "Namespace and value of the dimension Service of the gateway's own metrics."
  type        = object({ namespace = string, service = string })
}

variable "rollback_alarms" {
  description = "Alarms that turn a deployment back."
  type        = list(string)
}

variable "log_retention_days" {
  description = "How long the log is kept."
  type        = number
}
