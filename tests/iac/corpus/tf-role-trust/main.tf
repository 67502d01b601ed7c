data "aws_caller_identity" "current" {}

resource "aws_iam_role" "open" {
  name = "open"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

data "aws_iam_policy_document" "limited" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }
  }
}

resource "aws_iam_role" "limited" {
  name               = "limited"
  assume_role_policy = data.aws_iam_policy_document.limited.json
}

resource "aws_sagemaker_domain" "research" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = aws_iam_role.open.arn
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "ana-lopez"
  user_settings {
    execution_role = aws_iam_role.limited.arn
  }
}
