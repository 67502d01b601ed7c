data "aws_iam_policy_document" "trusts" {
  statement {
    actions = ["sts:AssumeRole", "sts:SetSourceIdentity"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "trusts" {
  name               = "trusts"
  assume_role_policy = data.aws_iam_policy_document.trusts.json
}

resource "aws_iam_role" "forgets" {
  name               = "forgets"
  assume_role_policy = <<EOF
{
  "Version": "2012-10-17",
  "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
  ]
}
EOF
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  domain_settings {
    execution_role_identity_config = "USER_PROFILE_NAME"
  }
  default_user_settings {
    execution_role = aws_iam_role.trusts.arn
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ana-lopez"
  user_settings {
    execution_role = aws_iam_role.forgets.arn
  }
}
