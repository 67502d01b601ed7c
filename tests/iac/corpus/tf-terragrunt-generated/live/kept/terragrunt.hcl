terraform {
  source = "../../modules//users"
}

generate "profile" {
  path      = "main.tf"
  if_exists = "skip"
  contents  = <<-CONTENTS
    resource "aws_sagemaker_user_profile" "this" {
      domain_id         = "d-0123456789ab"
      user_profile_name = "default"
    }
  CONTENTS
}
