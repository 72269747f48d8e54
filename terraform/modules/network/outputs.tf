output "vpc_id" {
  description = "Id of the VPC."
  value       = aws_vpc.main.id
}

output "public_subnet_ids" {
  description = "Subnets of the load balancer."
  value       = [for zone in local.zones : aws_subnet.public[zone].id]
}

output "private_subnet_ids" {
  description = "Subnets of the tasks and of Valkey."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "security_group_ids" {
  description = "Security groups by what is in them."
  value = {
    balancer  = aws_security_group.balancer.id
    gateway   = aws_security_group.gateway.id
    endpoints = aws_security_group.endpoints.id
    valkey    = aws_security_group.valkey.id
  }
}

output "nat_addresses" {
  description = "Addresses from which the gateway calls Twilio, OpenAI and HubSpot."
  value       = [for address in aws_eip.nat : address.public_ip]
}
