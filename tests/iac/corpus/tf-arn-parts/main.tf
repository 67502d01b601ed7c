resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_sagemaker_user_profile" "team" {
  domain_id         = element(split("/", aws_sagemaker_domain.this.arn), 1)
  user_profile_name = "team-shared"
}

resource "aws_sagemaker_user_profile" "wrong" {
  domain_id         = aws_sagemaker_domain.this.arn
  user_profile_name = "ana-lopez"
}

resource "aws_sagemaker_space" "notes" {
  domain_id  = split("/", aws_sagemaker_user_profile.team.arn)[1]
  space_name = "notes"
  ownership_settings {
    owner_user_profile_name = element(split("/", aws_sagemaker_user_profile.team.arn), 2)
  }
  space_sharing_settings {
    sharing_type = "Private"
  }
}
