generate "profile" {
  path      = "main.tf"
  if_exists = "error"
  contents  = <<-CONTENTS
    resource "aws_sagemaker_user_profile" "written" {
      domain_id         = "d-0123456789ab"
      user_profile_name = "default"
    }
  CONTENTS
}

generate "off" {
  path      = "off.tf"
  if_exists = "error"
  disable   = true
  contents  = <<-CONTENTS
    resource "aws_sagemaker_user_profile" "off" {
      domain_id         = "d-0123456789ab"
      user_profile_name = "default"
    }
  CONTENTS
}
