data "aws_region" "current" {}
data "aws_caller_identity" "me" {}

resource "aws_vpc" "guarded" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "guarded" {
  vpc_id     = aws_vpc.guarded.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_flow_log" "guarded" {
  vpc_id       = aws_vpc.guarded.id
  traffic_type = "ALL"
}
resource "aws_security_group" "guarded" {
  vpc_id = aws_vpc.guarded.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [aws_vpc.guarded.cidr_block, "10.0.0.0/8"]
  }
}
resource "aws_security_group_rule" "out" {
  type              = "egress"
  security_group_id = aws_security_group.guarded.id
  from_port         = 0
  to_port           = 0
  protocol          = "-1"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_vpc_endpoint" "guarded" {
  for_each     = toset(["sagemaker.api", "sagemaker.runtime", "s3"])
  vpc_id       = aws_vpc.guarded.id
  service_name = "com.amazonaws.${data.aws_region.current.name}.${each.value}"
  policy       = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { AWS = data.aws_caller_identity.me.account_id }, Action = "*", Resource = "*" }] })
}
resource "aws_vpc_endpoint" "studio" {
  vpc_id       = aws_vpc.guarded.id
  service_name = "aws.sagemaker.${data.aws_region.current.name}.studio"
}
resource "aws_vpc_endpoint_policy" "studio" {
  vpc_endpoint_id = aws_vpc_endpoint.studio.id
  policy          = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "sagemaker:*", Resource = "arn:aws:sagemaker:*:${data.aws_caller_identity.me.account_id}:*" }] })
}
resource "aws_sagemaker_domain" "guarded" {
  domain_name             = "guarded"
  auth_mode               = "IAM"
  app_network_access_type = "VpcOnly"
  vpc_id                  = aws_vpc.guarded.id
  subnet_ids              = [aws_subnet.guarded.id]
  default_user_settings {
    execution_role  = "arn:aws:iam::111122223333:role/studio"
    security_groups = [aws_security_group.guarded.id]
  }
}

resource "aws_vpc" "open" { cidr_block = "10.1.0.0/16" }
resource "aws_subnet" "open" {
  vpc_id     = aws_vpc.open.id
  cidr_block = "10.1.0.0/24"
}
resource "aws_egress_only_internet_gateway" "open" { vpc_id = aws_vpc.open.id }
resource "aws_route_table" "open" {
  vpc_id = aws_vpc.open.id
  route {
    ipv6_cidr_block        = "::/0"
    egress_only_gateway_id = aws_egress_only_internet_gateway.open.id
  }
}
resource "aws_route_table_association" "open" {
  route_table_id = aws_route_table.open.id
  subnet_id      = aws_subnet.open.id
}
resource "aws_vpc_endpoint" "open" {
  vpc_id       = aws_vpc.open.id
  service_name = "com.amazonaws.eu-west-1.s3"
  policy       = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = "*", Action = "s3:*", Resource = "*" }] })
}
resource "aws_security_group" "inline" {
  vpc_id = aws_vpc.open.id
  ingress {
    from_port        = 443
    to_port          = 443
    protocol         = "tcp"
    ipv6_cidr_blocks = ["::/0"]
  }
}
resource "aws_security_group" "apart" { vpc_id = aws_vpc.open.id }
resource "aws_vpc_security_group_ingress_rule" "apart" {
  security_group_id = aws_security_group.apart.id
  ip_protocol       = "-1"
  cidr_ipv4         = "0.0.0.0/0"
}
resource "aws_security_group" "older" { vpc_id = aws_vpc.open.id }
resource "aws_security_group_rule" "older" {
  type              = "ingress"
  security_group_id = aws_security_group.older.id
  from_port         = 22
  to_port           = 22
  protocol          = "tcp"
  cidr_blocks       = ["0.0.0.0/0"]
}
resource "aws_sagemaker_domain" "open" {
  domain_name             = "open"
  auth_mode               = "IAM"
  app_network_access_type = "VpcOnly"
  vpc_id                  = aws_vpc.open.id
  subnet_ids              = [aws_subnet.open.id]
  default_user_settings {
    execution_role  = "arn:aws:iam::111122223333:role/studio"
    security_groups = [aws_security_group.inline.id, aws_security_group.apart.id]
  }
  domain_settings { security_group_ids = [aws_security_group.older.id] }
}
