resource "aws_sagemaker_user_profile" "ana" {
  user_profile_name = "ana-lopez
}
