variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "region" {
  description = "AWS region."
  type        = string
}

variable "public_host" {
  description = "Host name by which Twilio reaches the gateway."
  type        = string
}

variable "certificate_arn" {
  description = "Certificate of public_host in this region. Null: one is made, which needs zone_id."
  type        = string
}

variable "zone_id" {
  description = "Route 53 zone in which public_host and its certificate are entered. Null: you enter public_host yourself."
  type        = string
}

variable "vpc_id" {
  description = "VPC of the gateway."
  type        = string
}

variable "subnet_ids" {
  description = "Public subnets, in two zones at least."
  type        = list(string)
}

variable "security_group_id" {
  description = "Security group of the load balancer."
  type        = string
}

variable "container_port" {
  description = "Port on which the gateway listens."
  type        = number
}

variable "idle_timeout" {
  description = "Seconds after which the load balancer ends a connection on which nothing is said."
  type        = number
}

variable "deregistration_delay" {
  description = "Seconds for which calls may go on at a task that is leaving, before it is told to stop."
  type        = number
}

variable "console_cidrs" {
  description = "Addresses from which the console may be asked. None: the console answers nobody."
  type        = list(string)
}

variable "deletion_protection" {
  description = "Whether the load balancer, and the logs in their bucket, refuse to be deleted."
  type        = bool
}
