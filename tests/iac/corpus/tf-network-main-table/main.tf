
resource "aws_vpc" "public" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_internet_gateway" "public" {
  vpc_id = aws_vpc.public.id
}
resource "aws_route" "internet" {
  route_table_id         = aws_vpc.public.main_route_table_id
  destination_cidr_block = "0.0.0.0/0"
  gateway_id             = aws_internet_gateway.public.id
}
resource "aws_subnet" "public" {
  vpc_id     = aws_vpc.public.id
  cidr_block = "10.0.0.0/24"
}

resource "aws_vpc" "private" {
  cidr_block = "10.1.0.0/16"
}
resource "aws_default_route_table" "private" {
  default_route_table_id = aws_vpc.private.default_route_table_id
}
resource "aws_subnet" "private" {
  vpc_id     = aws_vpc.private.id
  cidr_block = "10.1.0.0/24"
}

resource "aws_sagemaker_domain" "d" {
  for_each    = { public = aws_subnet.public, private = aws_subnet.private }
  domain_name = each.key
  auth_mode   = "IAM"
  vpc_id      = each.value.vpc_id
  subnet_ids  = [each.value.id]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
