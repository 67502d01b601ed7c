variable "environment" {}
variable "restricted" {
  default = true
}

locals {
  production = var.environment == "prod"
}

resource "aws_sagemaker_domain" "this" {
  domain_name             = "research"
  auth_mode               = "IAM"
  vpc_id                  = "vpc-0a1b2c3d4e5f60718"
  subnet_ids              = ["subnet-0a1b2c3d4e5f60718"]
  app_network_access_type = local.production ? "VpcOnly" : "PublicInternetOnly"
  kms_key_id              = var.restricted || local.production ? "arn:aws:kms:eu-west-1:111122223333:key/1234" : null
  tag_propagation         = local.production ? "ENABLED" : "ENABLED"
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio-${var.environment}"
  }
}
