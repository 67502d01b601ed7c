resource "aws_sagemaker_user_profile" "more" {
  domain_id         = "d-0123456789ab"
  user_profile_name = "default"
}
