module "vpc" {
  source  = "terraform-aws-modules/vpc/aws"
  version = "~> 5.0"
}

module "people" {
  source = "git::https://example.com/platform/people.git?ref=v3"
}

resource "aws_sagemaker_domain" "this" {
  domain_name             = "research"
  auth_mode               = "IAM"
  vpc_id                  = module.vpc.vpc_id
  subnet_ids              = module.vpc.private_subnets
  app_network_access_type = "VpcOnly"
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
