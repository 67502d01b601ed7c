variable "access" { default = "DISABLED" }

resource "awscc_sagemaker_domain" "this" {
  domain_name     = "research"
  auth_mode       = "IAM"
  vpc_id          = "vpc-0a1b2c3d4e5f60718"
  subnet_ids      = ["subnet-0a1b2c3d4e5f60718"]
  domain_settings = { unified_studio_settings = { domain_id = "dzd_abc", project_id = "p1", studio_web_portal_access = var.access } }
  default_user_settings = {}
}

resource "awscc_sagemaker_user_profile" "team" {
  domain_id         = awscc_sagemaker_domain.this.domain_id
  user_profile_name = "ds-team"
}

# People go on opening this one in SageMaker Studio.
resource "awscc_sagemaker_domain" "migrated" {
  domain_name     = "migrated"
  auth_mode       = "IAM"
  vpc_id          = "vpc-0a1b2c3d4e5f60718"
  subnet_ids      = ["subnet-0a1b2c3d4e5f60718"]
  domain_settings = { unified_studio_settings = { project_id = "p2", studio_web_portal_access = "ENABLED" } }
  default_user_settings = {}
}

resource "awscc_sagemaker_user_profile" "migrated" {
  domain_id         = awscc_sagemaker_domain.migrated.domain_id
  user_profile_name = "ds-team"
}

variable "unknown" {}

# Whether this one is exempt cannot be told, so it is not.
resource "awscc_sagemaker_domain" "unsure" {
  domain_name     = "unsure"
  auth_mode       = "IAM"
  vpc_id          = "vpc-0a1b2c3d4e5f60718"
  subnet_ids      = ["subnet-0a1b2c3d4e5f60718"]
  domain_settings = { unified_studio_settings = { project_id = "p3", studio_web_portal_access = var.unknown } }
  default_user_settings = {}
}

resource "awscc_sagemaker_user_profile" "unsure" {
  domain_id         = awscc_sagemaker_domain.unsure.domain_id
  user_profile_name = "ds-team"
}
