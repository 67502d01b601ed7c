variable "vpc" { type = string }
variable "subnet" { type = string }
variable "subnets" { type = list(string) }

resource "aws_sagemaker_domain" "one" {
  domain_name = "one"
  auth_mode   = "IAM"
  vpc_id      = var.vpc
  subnet_ids  = [var.subnet]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_domain" "first" {
  domain_name = "first"
  auth_mode   = "IAM"
  vpc_id      = var.vpc
  subnet_ids  = [var.subnets[0]]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_domain" "listed" {
  domain_name = "listed"
  auth_mode   = "IAM"
  vpc_id      = var.vpc
  subnet_ids  = var.subnets
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_domain" "flat" {
  domain_name = "flat"
  auth_mode   = "IAM"
  vpc_id      = var.vpc
  subnet_ids  = flatten([var.subnets])
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_domain" "loop" {
  domain_name = "loop"
  auth_mode   = "IAM"
  vpc_id      = var.vpc
  subnet_ids  = [for s in var.subnets : s]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_domain" "two" {
  domain_name = "two"
  auth_mode   = "IAM"
  vpc_id      = var.vpc
  subnet_ids  = [var.subnet, var.subnets[0]]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
