variable "environment" {
  type = string
}

resource "aws_sagemaker_domain" "this" {
  domain_name             = "research"
  auth_mode               = "IAM"
  vpc_id                  = "vpc-0a1b2c3d4e5f60718"
  subnet_ids              = ["subnet-0a1b2c3d4e5f60718"]
  app_network_access_type = var.environment == "prod" ? "VpcOnly" : "PublicInternetOnly"
  kms_key_id              = contains(["prod", "test"], var.environment) ? "arn:aws:kms:eu-west-1:111122223333:key/1" : null
  tag_propagation         = { dev = "DISABLED", prod = "ENABLED" }[var.environment]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio-${var.environment}"
  }
}
