resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ana-lopez"
}

resource "aws_sagemaker_space" "private" {
  domain_id  = aws_sagemaker_domain.this.id
  space_name = "ana-code"
  space_settings {
    app_type = "CodeEditor"
    space_storage_settings {
      ebs_storage_settings {
        ebs_volume_size_in_gb = 200
      }
    }
  }
  ownership_settings {
    owner_user_profile_name = aws_sagemaker_user_profile.ana.user_profile_name
  }
  space_sharing_settings {
    sharing_type = "Private"
  }
}

resource "aws_sagemaker_space" "shared" {
  domain_id  = aws_sagemaker_domain.this.id
  space_name = "together"
  space_settings {
    app_type = "JupyterLab"
    jupyter_lab_app_settings {
      default_resource_spec {
        instance_type = "ml.p4d.24xlarge"
      }
    }
  }
  ownership_settings {
    owner_user_profile_name = "nobody"
  }
  space_sharing_settings {
    sharing_type = "Shared"
  }
}

resource "aws_sagemaker_app" "old" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = aws_sagemaker_user_profile.ana.user_profile_name
  app_name          = "default"
  app_type          = "JupyterServer"
}

resource "aws_sagemaker_app" "new" {
  domain_id  = aws_sagemaker_domain.this.id
  space_name = aws_sagemaker_space.private.space_name
  app_name   = "default"
  app_type   = "CodeEditor"
  resource_spec {
    instance_type = "ml.g5.48xlarge"
  }
}
