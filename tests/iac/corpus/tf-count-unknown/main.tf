variable "team_size" {
  type = number
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/default"
  }
}

resource "aws_sagemaker_user_profile" "team" {
  count             = var.team_size
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ana-lopez-${count.index}"
  user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/team"
    auto_mount_home_efs = "Enabled"
  }
}

resource "aws_sagemaker_user_profile" "none" {
  count             = 0
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "nobody"
}

resource "aws_sagemaker_user_profile" "ben" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ben-meier"
  user_settings {
    execution_role = "arn:aws:iam::111122223333:role/team"
  }
}
