variable "name" {}
variable "access" {}
variable "vpc_id" {}
variable "subnet_ids" {}
resource "aws_sagemaker_domain" "this" {
  domain_name             = var.name
  auth_mode               = "IAM"
  vpc_id                  = var.vpc_id
  subnet_ids              = var.subnet_ids
  app_network_access_type = var.access
  default_user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/studio"
    auto_mount_home_efs = var.name == "ml" ? "Disabled" : "Enabled"
  }
}
output "domain_id" {
  value = aws_sagemaker_domain.this.id
}
