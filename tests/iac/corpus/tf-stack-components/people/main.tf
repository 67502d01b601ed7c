variable "domain_id" {
  type = string
}

resource "aws_sagemaker_user_profile" "team" {
  domain_id         = var.domain_id
  user_profile_name = "default"
  user_settings {
    execution_role = "arn:aws:iam::111122223333:role/team"
  }
}
