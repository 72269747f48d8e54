variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the table refuses to be deleted."
  type        = bool
}

variable "enable_redis" {
  description = "Whether tasks share their calls in Valkey."
  type        = bool
}

variable "redis_node_type" {
  description = "Node type of Valkey."
  type        = string
}

variable "redis_password" {
  description = "Password of the gateway's user. It is written to Valkey and nowhere else, not even to the state."
  type        = string
  ephemeral   = true
}

variable "redis_password_version" {
  description = "A higher number makes Terraform write redis_password again."
  type        = number
}

variable "further_secrets" {
  description = "Settings, beside the usual ones, that get a secret."
  type        = set(string)
  default     = []
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of Valkey."
  type        = string
}
