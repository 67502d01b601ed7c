variable "key_arn" {}

resource "aws_s3_bucket" "canvas" { bucket_prefix = "lab-canvas" }
resource "aws_kms_key" "canvas" {}

resource "aws_sagemaker_domain" "lab" {
  domain_name = "lab"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  default_user_settings {
    execution_role      = "arn:aws:iam::123456789012:role/team"
    default_landing_uri = "studio::"
    canvas_app_settings {
      workspace_settings {
        s3_artifact_path = "s3://${aws_s3_bucket.canvas.id}/lab"
        s3_kms_key_id    = aws_kms_key.canvas.arn
      }
      direct_deploy_settings { status = "DISABLED" }
      model_register_settings {
        cross_account_model_register_role_arn = "arn:aws:iam::444455556666:role/registry"
        status                                = "DISABLED"
      }
    }
  }
}
resource "aws_sagemaker_user_profile" "inherits" {
  domain_id         = aws_sagemaker_domain.lab.id
  user_profile_name = "ana-lopez"
}
resource "aws_sagemaker_user_profile" "default_bucket" {
  domain_id         = aws_sagemaker_domain.lab.id
  user_profile_name = "ben-ito"
  user_settings {
    execution_role = "arn:aws:iam::123456789012:role/ben"
    canvas_app_settings {
      workspace_settings {
        s3_artifact_path = "s3://sagemaker-eu-west-1-123456789012/"
        s3_kms_key_id    = aws_kms_key.canvas.arn
      }
    }
  }
}
resource "aws_sagemaker_user_profile" "oauth" {
  domain_id         = aws_sagemaker_domain.lab.id
  user_profile_name = "cleo-diaz"
  user_settings {
    execution_role = "arn:aws:iam::123456789012:role/cleo"
    canvas_app_settings {
      workspace_settings {
        s3_artifact_path = "s3://${aws_s3_bucket.canvas.id}/cleo"
        s3_kms_key_id    = aws_kms_key.canvas.arn
      }
      identity_provider_oauth_settings {
        data_source_name = "Snowflake"
        secret_arn       = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:snowflake"
      }
      identity_provider_oauth_settings {
        data_source_name = "SalesforceGenie"
        status           = "DISABLED"
        secret_arn       = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:salesforce"
      }
      identity_provider_oauth_settings { secret_arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:other" }
    }
  }
}
resource "aws_sagemaker_user_profile" "key_elsewhere" {
  domain_id         = aws_sagemaker_domain.lab.id
  user_profile_name = "dan-roy"
  user_settings {
    execution_role = "arn:aws:iam::123456789012:role/dan"
    canvas_app_settings {
      workspace_settings {
        s3_artifact_path = "s3://${aws_s3_bucket.canvas.id}/dan"
        s3_kms_key_id    = var.key_arn
      }
    }
  }
}
resource "aws_sagemaker_user_profile" "hidden" {
  domain_id         = aws_sagemaker_domain.lab.id
  user_profile_name = "eve-kim"
  user_settings {
    execution_role = "arn:aws:iam::123456789012:role/eve"
    studio_web_portal_settings { hidden_app_types = ["Canvas"] }
  }
}
