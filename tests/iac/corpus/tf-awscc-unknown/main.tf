variable "portal" {}
variable "role" {}

resource "awscc_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings = {
    execution_role             = var.role
    auto_mount_home_efs        = "Disabled"
    studio_web_portal_settings = var.portal
  }
}

resource "awscc_sagemaker_user_profile" "ana" {
  domain_id         = awscc_sagemaker_domain.this.domain_id
  user_profile_name = "ana-lopez"
}

resource "awscc_sagemaker_domain" "whole" {
  domain_name           = "whole"
  auth_mode             = "IAM"
  vpc_id                = "vpc-0a1b2c3d4e5f60718"
  subnet_ids            = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings = merge({ auto_mount_home_efs = "Disabled" }, var.portal)
}
