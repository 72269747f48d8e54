variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "region" {
  description = "AWS region of the Connect instance."
  type        = string
}

variable "instance_id" {
  description = "Id of the Connect instance."
  type        = string
}

variable "queue_arn" {
  description = "Queue for callers whose reason has no queue of its own."
  type        = string
}

variable "phone_number_id" {
  description = "Id of the instance's number, which is given the flow. Null: you give it the flow in the console."
  type        = string
}

variable "table" {
  description = "Table of the handovers."
  type        = object({ name = string, arn = string })
}

variable "kms_key_arn" {
  description = "Key of the table, the secret and the log."
  type        = string
}

variable "pepper_secret_arn" {
  description = "Secret with the pepper."
  type        = string
}

variable "metrics" {
  description = "Namespace in which the Lambda writes its metrics: that of the gateway and of the alarms."
  type        = object({ namespace = string, service = string })
}

variable "lambda_file" {
  description = "The built Lambda."
  type        = string
}

variable "flows_directory" {
  description = "Folder with the flows."
  type        = string
}

variable "log_retention_days" {
  description = "How long the log is kept."
  type        = number
}
