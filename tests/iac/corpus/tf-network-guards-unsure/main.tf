variable "block" {}
variable "vpc" {}
variable "gateway" {}

resource "aws_vpc" "this" { cidr_block = "10.0.0.0/16" }
resource "aws_subnet" "this" {
  vpc_id     = aws_vpc.this.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_egress_only_internet_gateway" "this" { vpc_id = aws_vpc.this.id }
resource "aws_route_table" "this" {
  vpc_id = aws_vpc.this.id
  route {
    ipv6_cidr_block        = "::/0"
    egress_only_gateway_id = aws_egress_only_internet_gateway.this.id
  }
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = var.gateway
  }
}
resource "aws_route_table_association" "this" {
  route_table_id = aws_route_table.this.id
  subnet_id      = aws_subnet.this.id
}
resource "aws_flow_log" "somewhere" {
  vpc_id       = var.vpc
  traffic_type = "ALL"
}
resource "aws_vpc_endpoint" "somewhere" {
  vpc_id       = var.vpc
  service_name = "com.amazonaws.eu-west-1.s3"
}
resource "aws_security_group" "this" {
  vpc_id = aws_vpc.this.id
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [var.block]
  }
}
resource "aws_sagemaker_domain" "this" {
  domain_name             = "this"
  auth_mode               = "IAM"
  app_network_access_type = "VpcOnly"
  vpc_id                  = aws_vpc.this.id
  subnet_ids              = [aws_subnet.this.id]
  default_user_settings {
    execution_role  = "arn:aws:iam::111122223333:role/studio"
    security_groups = [aws_security_group.this.id]
  }
}
