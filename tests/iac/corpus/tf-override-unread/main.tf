resource "aws_sagemaker_user_profile" "this" {
  domain_id         = "d-0123456789ab"
  user_profile_name = "ana-lopez"
  user_settings {
    execution_role    = "arn:aws:iam::111122223333:role/studio"
    studio_web_portal = "ENABLED"
  }
}
