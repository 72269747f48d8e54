variable "name" {
  description = "Prefix of all names."
  type        = string
}

variable "region" {
  description = "AWS region of everything but the model."
  type        = string
}

variable "vpc_cidr" {
  description = "Address range of the VPC, a /16 to /20."
  type        = string
}

variable "zone_count" {
  description = "Number of availability zones."
  type        = number
}

variable "single_nat_gateway" {
  description = "One NAT gateway for all zones. It saves money. When its zone fails, no task reaches Twilio or OpenAI."
  type        = bool
}

variable "bedrock_endpoint" {
  description = "An endpoint for Bedrock in the VPC. It is of use only if the model is in the same region."
  type        = bool
}

variable "container_port" {
  description = "Port on which the gateway listens."
  type        = number
}

variable "kms_key_arn" {
  description = "Key that encrypts the flow logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long flow logs are kept."
  type        = number
}
