resource "aws_sagemaker_user_profile" "this" {
