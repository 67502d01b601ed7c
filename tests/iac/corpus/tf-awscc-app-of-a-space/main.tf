resource "awscc_sagemaker_domain" "this" {
  domain_name           = "research"
  auth_mode             = "IAM"
  vpc_id                = "vpc-0a1b2c3d4e5f60718"
  subnet_ids            = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings = { execution_role = "arn:aws:iam::111122223333:role/studio" }
}

resource "awscc_sagemaker_user_profile" "ana" {
  domain_id         = awscc_sagemaker_domain.this.domain_id
  user_profile_name = "ana-lopez"
}

resource "awscc_sagemaker_app" "lab" {
  domain_id         = awscc_sagemaker_domain.this.domain_id
  user_profile_name = awscc_sagemaker_user_profile.ana.user_profile_name
  app_name          = "default"
  app_type          = "KernelGateway"
  resource_spec     = { instance_type = "ml.t3.medium" }
}
