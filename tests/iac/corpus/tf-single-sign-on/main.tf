resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "SSO"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_user_profile" "p" {
  for_each                       = { "ana-lopez" = "ana.lopez", "ana-lopez-2" = "Ana.Lopez", "ben-meier" = "ml-team" }
  domain_id                      = aws_sagemaker_domain.this.id
  user_profile_name              = each.key
  single_sign_on_user_identifier = "UserName"
  single_sign_on_user_value      = each.value
}
