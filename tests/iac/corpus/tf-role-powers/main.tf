variable "prefix" {}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

data "aws_iam_policy_document" "own" {
  statement {
    actions   = ["sagemaker:CreatePresignedDomainUrl"]
    resources = ["arn:aws:sagemaker:${data.aws_region.current.name}:${data.aws_caller_identity.current.account_id}:user-profile/&{sagemaker:DomainId}/&{sagemaker:UserProfileName}"]
  }
  statement {
    actions   = ["secretsmanager:GetSecretValue"]
    resources = ["*"]
  }
}

resource "aws_iam_role" "own" {
  name               = "own"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "own" {
  name   = "${var.prefix}-own"
  role   = aws_iam_role.own.id
  policy = data.aws_iam_policy_document.own.json
}

resource "aws_iam_role" "wide" {
  name               = "wide"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "wide" {
  name = "wide"
  role = aws_iam_role.wide.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["sagemaker:Create*"], Resource = "arn:aws:sagemaker:*:*:user-profile/${aws_sagemaker_domain.research.id}/*" },
      { Effect = "Allow", Action = ["sagemaker:CreateApp"], Resource = "*" },
    ]
  })
}

resource "aws_sagemaker_domain" "research" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = aws_iam_role.wide.arn
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "ana-lopez"
  user_settings {
    execution_role = aws_iam_role.own.arn
  }
}
