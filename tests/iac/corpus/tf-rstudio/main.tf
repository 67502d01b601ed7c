resource "aws_sagemaker_domain" "research" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  domain_settings {
    r_studio_server_pro_domain_settings {
      domain_execution_role_arn    = "arn:aws:iam::111122223333:role/rstudio"
      r_studio_connect_url         = "https://connect.example.com"
      r_studio_package_manager_url = "https://packages.example.com"
    }
  }
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
    r_studio_server_pro_app_settings {
      access_status = "ENABLED"
      user_group    = "R_STUDIO_ADMIN"
    }
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "ana-lopez"
}

resource "aws_sagemaker_user_profile" "ben" {
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "ben-meier"
  user_settings {
    execution_role = "arn:aws:iam::111122223333:role/ben"
    r_studio_server_pro_app_settings {
      access_status = "ENABLED"
      user_group    = "R_STUDIO_USER"
    }
  }
}
