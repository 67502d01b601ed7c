variable "emr_role" {}

locals {
  trust = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role" "team" {
  name               = "team"
  assume_role_policy = local.trust
}
resource "aws_iam_role" "rstudio" {
  name               = "rstudio"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy_attachment" "rstudio" {
  role       = aws_iam_role.rstudio.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}
resource "aws_iam_role" "bedrock" {
  name               = "bedrock"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy" "bedrock" {
  role   = aws_iam_role.bedrock.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", NotAction = ["organizations:*"], Resource = "*" }] })
}
resource "aws_iam_role" "emr" {
  name               = "emr"
  assume_role_policy = local.trust
}
resource "aws_iam_role" "mlflow" {
  name               = "mlflow"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy" "mlflow" {
  role   = aws_iam_role.mlflow.id
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = ["iam:*"], Resource = "*" }] })
}

resource "aws_sagemaker_domain" "main" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  domain_settings {
    r_studio_server_pro_domain_settings {
      domain_execution_role_arn = aws_iam_role.rstudio.arn
    }
  }
  default_user_settings {
    execution_role = aws_iam_role.team.arn
    canvas_app_settings {
      generative_ai_settings {
        amazon_bedrock_role_arn = aws_iam_role.bedrock.arn
      }
      time_series_forecasting_settings {
        status                   = "ENABLED"
        amazon_forecast_role_arn = "arn:aws:iam::111122223333:role/forecast"
      }
    }
    jupyter_lab_app_settings {
      emr_settings {
        execution_role_arns  = [aws_iam_role.emr.arn, var.emr_role]
        assumable_role_arns  = [aws_iam_role.team.arn]
      }
    }
  }
}

resource "aws_sagemaker_mlflow_tracking_server" "main" {
  tracking_server_name = "experiments"
  artifact_store_uri   = "s3://experiments/mlflow"
  role_arn             = aws_iam_role.mlflow.arn
}
