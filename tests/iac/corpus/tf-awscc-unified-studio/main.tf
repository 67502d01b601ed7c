resource "awscc_sagemaker_domain" "this" {
  domain_name     = "research"
  auth_mode       = "IAM"
  vpc_id          = "vpc-0a1b2c3d4e5f60718"
  subnet_ids      = ["subnet-0a1b2c3d4e5f60718"]
  domain_settings = { unified_studio_settings = { domain_id = "dzd_abc" } }
  default_user_settings = {}
}

resource "awscc_sagemaker_user_profile" "team" {
  domain_id         = awscc_sagemaker_domain.this.domain_id
  user_profile_name = "ds-team"
}
