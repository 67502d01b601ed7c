resource "aws_sagemaker_domain" "this" {
  app_network_access_type = "VpcOnly"
  default_user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/studio"
    auto_mount_home_efs = "Disabled"
  }
}
