variable "table" {}
variable "subnets" {}

resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}
resource "aws_route" "internet" {
  route_table_id         = var.table
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.main.id
}
resource "aws_subnet" "main" {
  vpc_id     = aws_vpc.main.id
  cidr_block = "10.0.0.0/24"
}

resource "aws_vpc" "other" {
  cidr_block = "10.1.0.0/16"
}
resource "aws_route_table" "other" {
  vpc_id = aws_vpc.other.id
}
resource "aws_subnet" "other" {
  vpc_id     = aws_vpc.other.id
  cidr_block = "10.1.0.0/24"
}
resource "aws_route_table_association" "other" {
  for_each       = var.subnets
  subnet_id      = each.value
  route_table_id = aws_route_table.other.id
}

resource "aws_sagemaker_domain" "d" {
  for_each    = { main = aws_subnet.main, other = aws_subnet.other }
  domain_name = each.key
  auth_mode   = "IAM"
  vpc_id      = each.value.vpc_id
  subnet_ids  = [each.value.id]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
