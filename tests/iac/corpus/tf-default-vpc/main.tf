data "aws_vpc" "default" {
  default = true
}

data "aws_vpc" "named" {
  tags = { Name = "main" }
}

resource "aws_default_vpc" "adopted" {}

resource "aws_vpc" "own" {
  cidr_block = "10.0.0.0/16"
}

locals {
  vpcs = {
    default = data.aws_vpc.default.id
    adopted = aws_default_vpc.adopted.id
    own     = aws_vpc.own.id
    named   = data.aws_vpc.named.id
    literal = "vpc-0a1b2c3d4e5f60718"
  }
}

resource "aws_sagemaker_domain" "d" {
  for_each    = local.vpcs
  domain_name = each.key
  auth_mode   = "IAM"
  vpc_id      = each.value
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
