locals {
  access = { prod = "VpcOnly", test = "VpcOnly" }
}
resource "aws_sagemaker_domain" "this" {
  domain_name             = "research-${terraform.workspace}"
  auth_mode               = "IAM"
  vpc_id                  = "vpc-0a1b2c3d4e5f60718"
  subnet_ids              = ["subnet-0a1b2c3d4e5f60718"]
  app_network_access_type = local.access[terraform.workspace]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
