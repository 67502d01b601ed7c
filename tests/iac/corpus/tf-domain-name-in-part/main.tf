variable "name" {
  type = string
}
variable "production" {
  type = bool
}
resource "aws_sagemaker_domain" "ending" {
  domain_name = "${var.name}-studio"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/studio"
  }
}
resource "aws_sagemaker_domain" "joined" {
  domain_name = join("-", ["studio", var.name])
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/studio"
  }
}
resource "aws_sagemaker_domain" "chosen" {
  domain_name = var.production ? "research" : "research-test"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/studio"
  }
}
resource "aws_sagemaker_domain" "open" {
  domain_name = var.name
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/studio"
  }
}
resource "aws_sagemaker_domain" "beginning" {
  domain_name = "QuickSetupDomain-${var.name}"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/studio"
  }
}
resource "aws_sagemaker_domain" "either" {
  domain_name = var.production ? "QuickSetupDomain-20250513T204284" : "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/studio"
  }
}
