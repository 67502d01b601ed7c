variable "mount" {}

module "studio" {
  source = "./studio"
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = module.studio.domain_id
  user_profile_name = "ana-lopez"
}

resource "aws_sagemaker_user_profile" "ben" {
  # checkov:skip=STU501:his notebooks move in June
  domain_id         = module.studio.domain_id
  user_profile_name = "ben-meier"
}

resource "aws_sagemaker_user_profile" "cleo" {
  domain_id         = module.studio.domain_id
  user_profile_name = "cleo-silva"
  user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/cleo"
    auto_mount_home_efs = "Disabled"
  }
}

resource "aws_sagemaker_user_profile" "dan" {
  domain_id         = module.studio.domain_id
  user_profile_name = "dan-okoro"
  user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/dan"
    auto_mount_home_efs = var.mount
  }
}
