variable "repositories" {
  default = ["https://git.example.com/a.git"]
}
variable "idle" {
  default = { minutes = 120 }
}
variable "portal" {}

resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
    jupyter_lab_app_settings {
      dynamic "code_repository" {
        for_each = var.repositories
        content {
          repository_url = code_repository.value
        }
      }
      dynamic "app_lifecycle_management" {
        for_each = var.idle == null ? [] : [var.idle]
        content {
          idle_settings {
            lifecycle_management    = "ENABLED"
            idle_timeout_in_minutes = app_lifecycle_management.value.minutes
          }
        }
      }
    }
    dynamic "studio_web_portal_settings" {
      for_each = var.portal
      content {
        hidden_app_types = ["JupyterServer"]
      }
    }
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ana-lopez"
}
