resource "aws_vpc" "main" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "main" {
  vpc_id = aws_vpc.main.id
}

resource "aws_subnet" "s" {
  for_each                = { private = false, routed = false, addresses = true }
  vpc_id                  = aws_vpc.main.id
  cidr_block              = "10.0.0.0/24"
  map_public_ip_on_launch = each.value
}

resource "aws_route_table" "public" {
  vpc_id = aws_vpc.main.id
  route {
    cidr_block = "0.0.0.0/0"
    gateway_id = aws_internet_gateway.main.id
  }
}
resource "aws_route_table_association" "routed" {
  subnet_id      = aws_subnet.s["routed"].id
  route_table_id = aws_route_table.public.id
}

resource "aws_sagemaker_domain" "d" {
  for_each    = aws_subnet.s
  domain_name = each.key
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.main.id
  subnet_ids  = [each.value.id]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
