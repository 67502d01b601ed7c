variable "role_arn" {
  type = string
}
resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = var.role_arn
  }
}
resource "aws_sagemaker_user_profile" "stack" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "stack"
  tags              = { owner = "arn:aws:cloudformation:eu-west-1:111122223333:stack/studio/1a2b3c4d" }
}
resource "aws_sagemaker_user_profile" "person" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "person"
  tags              = { owner = "arn:aws:iam::111122223333:user/ana" }
}
resource "aws_sagemaker_user_profile" "bucket" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "bucket"
  tags              = { owner = "arn:aws:s3:::studio" }
}
