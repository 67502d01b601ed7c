variable "access" {
  default = "PublicInternetOnly"
}
variable "key" {
  type    = string
  default = null
}
variable "tags" {
  type    = map(string)
  default = {}
}

resource "aws_sagemaker_domain" "this" {
  domain_name             = "research"
  auth_mode               = "IAM"
  vpc_id                  = "vpc-0a1b2c3d4e5f60718"
  subnet_ids              = ["subnet-0a1b2c3d4e5f60718"]
  app_network_access_type = var.access
  kms_key_id              = var.key
  tags                    = var.tags
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}
