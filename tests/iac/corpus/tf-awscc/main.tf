resource "awscc_iam_role" "own" {
  role_name                   = "own"
  assume_role_policy_document = jsonencode({
    Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
  managed_policy_arns = ["arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"]
}

resource "awscc_sagemaker_domain" "this" {
  domain_name                   = "research"
  auth_mode                     = "IAM"
  vpc_id                        = "vpc-0a1b2c3d4e5f60718"
  subnet_ids                    = ["subnet-0a1b2c3d4e5f60718"]
  home_efs_file_system_creation = "Disabled"
  tag_propagation               = "ENABLED"
  default_user_settings = {
    execution_role      = awscc_iam_role.own.arn
    auto_mount_home_efs = "Enabled"
    jupyter_lab_app_settings = {
      code_repositories = [{ repository_url = "https://git.example.com/a.git" }]
      app_lifecycle_management = {
        idle_settings = {
          lifecycle_management        = "ENABLED"
          idle_timeout_in_minutes     = 240
          min_idle_timeout_in_minutes = 60
        }
      }
    }
    studio_web_portal_settings = {
      hidden_app_types = ["JupyterServer"]
      hidden_ml_tools  = ["Comet"]
    }
  }
  tags = [{ key = "owner", value = "ml" }]
}

resource "awscc_sagemaker_user_profile" "ana" {
  domain_id         = awscc_sagemaker_domain.this.domain_id
  user_profile_name = "ana-lopez"
  user_settings = {
    studio_web_portal_settings = {
      hidden_app_types = []
    }
  }
}

resource "awscc_sagemaker_user_profile" "ben" {
  domain_id         = awscc_sagemaker_domain.this.id
  user_profile_name = "ben-meier"
}

resource "awscc_sagemaker_space" "ben" {
  domain_id  = awscc_sagemaker_domain.this.domain_id
  space_name = "ben"
  ownership_settings = {
    owner_user_profile_name = awscc_sagemaker_user_profile.ben.user_profile_name
  }
  space_sharing_settings = { sharing_type = "Private" }
  space_settings = {
    app_type      = "JupyterLab"
    remote_access = "ENABLED"
  }
}
