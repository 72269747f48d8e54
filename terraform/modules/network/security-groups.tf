# Who may talk to whom: the internet to the balancer, the balancer to the tasks, the tasks to the endpoints, to Valkey and to the
# internet by HTTPS.

resource "aws_security_group" "balancer" {
  name        = "${var.name}-balancer"
  description = "Load balancer: HTTPS from everywhere, HTTP to be redirected"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${var.name}-balancer" }
}

resource "aws_security_group" "gateway" {
  name        = "${var.name}-gateway"
  description = "Gateway tasks: from the load balancer only"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${var.name}-gateway" }
}

resource "aws_security_group" "endpoints" {
  name        = "${var.name}-endpoints"
  description = "AWS endpoints in the VPC: from the gateway only"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${var.name}-endpoints" }
}

resource "aws_security_group" "valkey" {
  name        = "${var.name}-valkey"
  description = "Valkey: from the gateway only"
  vpc_id      = aws_vpc.main.id
  tags        = { Name = "${var.name}-valkey" }
}

# Twilio's streams come from any public address (Twilio: Media Streams), so the signature is the gate and not the address.
resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = { https = 443, http = 80 }

  security_group_id = aws_security_group.balancer.id
  description       = each.key == "https" ? "HTTPS and WebSocket" : "HTTP, which is only redirected"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = each.value
  to_port           = each.value
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  security_group_id            = aws_security_group.balancer.id
  description                  = "The gateway, and its health check"
  referenced_security_group_id = aws_security_group.gateway.id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
}

resource "aws_vpc_security_group_ingress_rule" "gateway" {
  security_group_id            = aws_security_group.gateway.id
  description                  = "The load balancer"
  referenced_security_group_id = aws_security_group.balancer.id
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
}

resource "aws_vpc_security_group_egress_rule" "gateway_https" {
  security_group_id = aws_security_group.gateway.id
  description       = "Twilio, OpenAI, HubSpot, and AWS where there is no endpoint"
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "gateway_valkey" {
  security_group_id            = aws_security_group.gateway.id
  description                  = "Valkey"
  referenced_security_group_id = aws_security_group.valkey.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = aws_security_group.endpoints.id
  description                  = "The gateway"
  referenced_security_group_id = aws_security_group.gateway.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "valkey" {
  security_group_id            = aws_security_group.valkey.id
  description                  = "The gateway"
  referenced_security_group_id = aws_security_group.gateway.id
  ip_protocol                  = "tcp"
  from_port                    = 6379
  to_port                      = 6379
}
