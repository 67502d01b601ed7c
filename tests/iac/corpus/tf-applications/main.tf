variable "role_arn" {}

locals {
  trust = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}

resource "aws_s3_bucket" "artifacts" { bucket = "lab-artifacts" }
resource "aws_s3_bucket" "canvas" { bucket_prefix = "lab-canvas" }
resource "aws_iam_role" "mlflow" { assume_role_policy = local.trust }
resource "aws_iam_role" "team" { assume_role_policy = local.trust }

resource "aws_sagemaker_domain" "lab" {
  domain_name = "lab"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  default_user_settings {
    execution_role = aws_iam_role.team.arn
    canvas_app_settings {
      workspace_settings { s3_artifact_path = "s3://${aws_s3_bucket.canvas.id}/canvas" }
    }
  }
}
resource "aws_sagemaker_mlflow_tracking_server" "own" {
  tracking_server_name = "own"
  artifact_store_uri   = "s3://${aws_s3_bucket.artifacts.id}/mlflow"
  mlflow_version       = "3.0.0"
  role_arn             = aws_iam_role.mlflow.arn
}
resource "aws_sagemaker_mlflow_tracking_server" "with_canvas" {
  tracking_server_name = "with-canvas"
  artifact_store_uri   = "s3://${aws_s3_bucket.canvas.id}/mlflow"
  role_arn             = var.role_arn
}
