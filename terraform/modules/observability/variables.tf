variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "balancer" {
  description = "The load balancer, as CloudWatch calls it."
  type        = object({ arn_suffix = string, target_group_suffix = string, certificate_arn = string })
}

variable "cluster" {
  description = "Name of the ECS cluster."
  type        = string
}

variable "service" {
  description = "Name of the ECS service."
  type        = string
}

variable "table_name" {
  description = "Table of the handovers."
  type        = string
}

variable "function_name" {
  description = "The Lambda."
  type        = string
}

variable "enable_redis" {
  description = "Whether there is a journal."
  type        = bool
}

variable "metrics" {
  description = "Namespace and value of the dimension Service of the gateway's own metrics."
  type        = object({ namespace = string, service = string })
}

variable "alarm_emails" {
  description = "Addresses that are told of alarms."
  type        = list(string)
}

variable "alarm_topic_arns" {
  description = "Topics that are told of alarms."
  type        = list(string)
}

variable "kms_key_arn" {
  description = "Key that encrypts what is said to the topic."
  type        = string
}

variable "budget_usd" {
  description = "Monthly amount after which somebody is told. 0: no budget."
  type        = number
}
