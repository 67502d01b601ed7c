variable "domain_id" {}

data "terraform_remote_state" "studio" {
  backend = "s3"
}

resource "aws_sagemaker_user_profile" "variable" {
  domain_id         = var.domain_id
  user_profile_name = "ana-lopez"
  user_settings {
    execution_role = "arn:aws:iam::111122223333:role/ana"
  }
}

resource "aws_sagemaker_user_profile" "state" {
  domain_id         = data.terraform_remote_state.studio.outputs.domain_id
  user_profile_name = "ben-meier"
  user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/ben"
    auto_mount_home_efs = "Enabled"
  }
}

resource "aws_sagemaker_user_profile" "literal" {
  domain_id         = "d-abcdefghij12"
  user_profile_name = "cleo-silva"
}
