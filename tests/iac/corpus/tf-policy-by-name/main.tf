variable "own" {}

data "aws_iam_policy" "full" {
  name = "AmazonSageMakerFullAccess"
}
data "aws_iam_policy" "scientist" {
  name = "DataScientist"
}
data "aws_iam_policy" "own" {
  name = var.own
}
data "template_file" "reading" {
  template = file("${path.module}/policy.json")
}

locals {
  trust = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
  people = { ana-lopez = aws_iam_role.full.arn, ben-meier = aws_iam_role.scientist.arn,
             cleo-silva = aws_iam_role.own.arn, dina-wolf = aws_iam_role.reading.arn }
}

resource "aws_iam_role" "full" {
  name                = "full"
  assume_role_policy  = local.trust
  managed_policy_arns = [data.aws_iam_policy.full.arn]
}
resource "aws_iam_role" "scientist" {
  name                = "scientist"
  assume_role_policy  = local.trust
  managed_policy_arns = [data.aws_iam_policy.scientist.arn]
}
resource "aws_iam_role" "own" {
  name                = "own"
  assume_role_policy  = local.trust
  managed_policy_arns = [data.aws_iam_policy.own.arn]
}
resource "aws_iam_role" "reading" {
  name               = "reading"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy" "reading" {
  role   = aws_iam_role.reading.id
  policy = data.template_file.reading.rendered
}

resource "aws_sagemaker_domain" "main" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = aws_iam_role.reading.arn
  }
}
resource "aws_sagemaker_user_profile" "people" {
  for_each          = local.people
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = each.key
  user_settings {
    execution_role = each.value
  }
}
