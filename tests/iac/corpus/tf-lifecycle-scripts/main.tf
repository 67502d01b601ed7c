resource "aws_sagemaker_studio_lifecycle_config" "inline" {
  studio_lifecycle_config_name     = "inline"
  studio_lifecycle_config_app_type = "JupyterLab"
  studio_lifecycle_config_content = base64encode(<<-EOT
    #!/bin/bash
    export DB_PASSWORD=correct-horse-7
    chmod o+w /opt/tools
  EOT
  )
}

resource "aws_sagemaker_studio_lifecycle_config" "file" {
  studio_lifecycle_config_name     = "file"
  studio_lifecycle_config_app_type = "JupyterLab"
  studio_lifecycle_config_content  = filebase64("start.sh")
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "lab"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
    jupyter_lab_app_settings {
      lifecycle_config_arns = [aws_sagemaker_studio_lifecycle_config.file.arn]
    }
  }
}
