variable "access" {
  type    = string
  default = "VpcOnly"
}

variable "sign_in" {
  type    = string
  default = "SSO"
}

resource "aws_sagemaker_domain" "this" {
  domain_name             = "research"
  auth_mode               = var.sign_in
  app_network_access_type = var.access
  vpc_id                  = "vpc-0a1b2c3d4e5f60718"
  subnet_ids              = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

output "domain_id" {
  value = aws_sagemaker_domain.this.id
}
