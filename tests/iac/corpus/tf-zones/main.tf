data "aws_availability_zones" "all" {}
data "aws_region" "current" {}

resource "aws_vpc" "main" { cidr_block = "10.0.0.0/16" }

resource "aws_subnet" "each" {
  count             = 2
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.${count.index}.0/24"
  availability_zone = data.aws_availability_zones.all.names[count.index]
}

resource "aws_subnet" "beside" {
  vpc_id            = aws_vpc.main.id
  cidr_block        = "10.0.9.0/24"
  availability_zone = element(data.aws_availability_zones.all.names, 0)
}

resource "aws_sagemaker_domain" "two" {
  domain_name = "two"
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.main.id
  subnet_ids  = aws_subnet.each[*].id
  default_user_settings { execution_role = "arn:aws:iam::111122223333:role/studio" }
}

resource "aws_sagemaker_domain" "one" {
  domain_name = "one"
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.main.id
  subnet_ids  = [aws_subnet.each[0].id, aws_subnet.beside.id]
  default_user_settings { execution_role = "arn:aws:iam::111122223333:role/studio" }
}
