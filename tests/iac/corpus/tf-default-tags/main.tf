provider "aws" {
  default_tags {
    tags = { owner = "platform" }
  }
}

provider "aws" {
  alias = "bare"
}

resource "aws_sagemaker_domain" "inherits" {
  domain_name = "one"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  tags        = { stage = "prod" }
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_domain" "bare" {
  provider    = aws.bare
  domain_name = "two"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

module "people" {
  source    = "./people"
  domain_id = aws_sagemaker_domain.inherits.id
}
