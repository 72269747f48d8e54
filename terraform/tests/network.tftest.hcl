# The network, on applied state.

provider "aws" {
  region = "eu-central-1"
}

variables {
  name               = "tandem"
  region             = "eu-central-1"
  vpc_cidr           = "10.20.0.0/16"
  zone_count         = 2
  single_nat_gateway = false
  bedrock_endpoint   = false
  container_port     = 8000
  kms_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/0a1b2c3d-1111-2222-3333-444455556666"
  log_retention_days = 30
}

run "two_zones" {
  module {
    source = "./modules/network"
  }

  assert {
    condition     = length(aws_subnet.private) == 2 && length(distinct([for subnet in aws_subnet.private : subnet.availability_zone])) == 2
    error_message = "The tasks must be in two zones."
  }

  assert {
    condition     = length(distinct(concat([for subnet in aws_subnet.private : subnet.cidr_block], [for subnet in aws_subnet.public : subnet.cidr_block]))) == 4
    error_message = "No two subnets may have the same range."
  }

  assert {
    condition     = alltrue([for subnet in concat(values(aws_subnet.private), values(aws_subnet.public)) : !subnet.map_public_ip_on_launch])
    error_message = "Nothing may get a public address by itself."
  }

  assert {
    condition     = length(aws_nat_gateway.main) == 2 && length(distinct([for route in aws_route.nat : route.nat_gateway_id])) == 2
    error_message = "Each zone must have a NAT gateway of its own, so that the failure of a zone does not end all calls."
  }

  assert {
    condition     = alltrue([for zone, route in aws_route.nat : route.nat_gateway_id == aws_nat_gateway.main[zone].id])
    error_message = "A private subnet must go out in its own zone."
  }

  assert {
    condition     = aws_route.internet.gateway_id == aws_internet_gateway.main.id && aws_route.internet.destination_cidr_block == "0.0.0.0/0"
    error_message = "The public subnets must reach the internet."
  }

  assert {
    condition     = aws_flow_log.main.vpc_id == aws_vpc.main.id && aws_flow_log.main.traffic_type == "ALL" && aws_cloudwatch_log_group.flow.kms_key_id == var.kms_key_arn
    error_message = "There must be flow logs, encrypted."
  }

  assert {
    condition     = aws_cloudwatch_log_group.flow.retention_in_days == 30
    error_message = "Flow logs must be forgotten."
  }

  # An attribute that is not set is left alone by the provider, and a group that is made has no rule.
  assert {
    condition     = length(coalesce(aws_default_security_group.nothing.ingress, [])) == 0 && length(coalesce(aws_default_security_group.nothing.egress, [])) == 0
    error_message = "The default group must let nothing through."
  }
}

run "endpoints" {
  module {
    source = "./modules/network"
  }

  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.interface : endpoint.service_name]) == toset([for name in ["ecr.api", "ecr.dkr", "logs", "secretsmanager"] : "com.amazonaws.eu-central-1.${name}"])
    error_message = "A task must start without NAT. There must be no endpoint of Bedrock for a model in another region."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.interface : endpoint.private_dns_enabled && length(endpoint.subnet_ids) == 2])
    error_message = "Without private DNS nothing uses an endpoint."
  }

  assert {
    condition     = toset([for endpoint in aws_vpc_endpoint.gateway : endpoint.service_name]) == toset(["com.amazonaws.eu-central-1.s3", "com.amazonaws.eu-central-1.dynamodb"])
    error_message = "Image layers are in S3, and handovers in DynamoDB."
  }

  assert {
    condition     = alltrue([for endpoint in aws_vpc_endpoint.gateway : length(endpoint.route_table_ids) == 2])
    error_message = "Every private subnet must use the endpoints."
  }
}

run "model_in_the_same_region" {
  module {
    source = "./modules/network"
  }

  variables {
    bedrock_endpoint = true
  }

  assert {
    condition     = aws_vpc_endpoint.interface["bedrock-runtime"].service_name == "com.amazonaws.eu-central-1.bedrock-runtime"
    error_message = "The model of the same region must be reached without NAT."
  }
}

run "cheap" {
  module {
    source = "./modules/network"
  }

  variables {
    single_nat_gateway = true
    zone_count         = 3
  }

  assert {
    condition     = length(aws_nat_gateway.main) == 1 && length(aws_route.nat) == 3 && length(distinct([for route in aws_route.nat : route.nat_gateway_id])) == 1
    error_message = "single_nat_gateway must make one NAT gateway, which all zones use."
  }
}

run "open_ports" {
  module {
    source = "./modules/network"
  }

  assert {
    condition = toset([for rule in concat(
      values(aws_vpc_security_group_ingress_rule.balancer),
      [aws_vpc_security_group_ingress_rule.gateway, aws_vpc_security_group_ingress_rule.endpoints, aws_vpc_security_group_ingress_rule.valkey],
    ) : "${rule.security_group_id} ${rule.from_port}-${rule.to_port}" if rule.cidr_ipv4 != null || rule.cidr_ipv6 != null]) == toset(["${aws_security_group.balancer.id} 443-443", "${aws_security_group.balancer.id} 80-80"])
    error_message = "Nothing but 443, and 80 for its redirect, may be open to the internet, and only at the load balancer."
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.gateway.referenced_security_group_id == aws_security_group.balancer.id && aws_vpc_security_group_ingress_rule.gateway.from_port == 8000 && aws_vpc_security_group_ingress_rule.gateway.to_port == 8000
    error_message = "Only the load balancer may reach the tasks, on one port."
  }

  assert {
    condition     = alltrue([for rule in [aws_vpc_security_group_ingress_rule.endpoints, aws_vpc_security_group_ingress_rule.valkey] : rule.referenced_security_group_id == aws_security_group.gateway.id])
    error_message = "Only the tasks may reach Valkey and the endpoints."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.gateway_https.from_port == 443 && aws_vpc_security_group_egress_rule.gateway_https.to_port == 443
    error_message = "The tasks go out by HTTPS only."
  }

  assert {
    condition     = aws_vpc_security_group_egress_rule.balancer.referenced_security_group_id == aws_security_group.gateway.id
    error_message = "The load balancer reaches the tasks and nothing else."
  }
}
