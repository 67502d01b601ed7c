variable "bucket" {}
variable "action" {}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

data "aws_iam_policy_document" "everything" {
  statement {
    actions   = ["*"]
    resources = ["*"]
  }
}

locals {
  trust = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }]
  })
}

resource "aws_iam_role" "document" {
  name               = "document"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy" "document" {
  role   = aws_iam_role.document.id
  policy = data.aws_iam_policy_document.everything.json
}

resource "aws_iam_role" "attached" {
  name               = "attached"
  assume_role_policy = local.trust
}
resource "aws_iam_role_policy_attachment" "attached" {
  role       = aws_iam_role.attached.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/AdministratorAccess"
}

resource "aws_iam_role" "heredoc" {
  name               = "heredoc"
  assume_role_policy = local.trust
  inline_policy {
    name   = "own"
    policy = <<-EOT
      {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${var.bucket}/*"}
      ]}
    EOT
  }
}

resource "aws_iam_role" "open" {
  name               = "open"
  assume_role_policy = local.trust
}
resource "aws_iam_policy" "open" {
  name   = "open"
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = var.action, Resource = "*" }] })
}
resource "aws_iam_role_policy_attachment" "open" {
  role       = aws_iam_role.open.name
  policy_arn = aws_iam_policy.open.arn
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = aws_iam_role.document.arn
  }
}

resource "aws_sagemaker_user_profile" "p" {
  for_each = {
    ana  = aws_iam_role.attached.arn
    ben  = "arn:aws:iam::${data.aws_caller_identity.current.account_id}:role/${aws_iam_role.heredoc.name}"
    cleo = aws_iam_role.open.arn
  }
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = each.key
  user_settings {
    execution_role = each.value
  }
}
