variable "people" {
  type = map(object({ efs = optional(string, "Disabled") }))
  default = {
    "ana-lopez" = {}
    "ben-meier" = { efs = "Enabled" }
    "ds-team"   = {}
  }
}

resource "aws_iam_role" "own" {
  for_each           = var.people
  name               = "studio-${each.key}"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role" "common" {
  name               = "studio-common"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
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

resource "aws_sagemaker_user_profile" "own" {
  for_each          = var.people
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = each.key
  user_settings {
    execution_role      = aws_iam_role.own[each.key].arn
    auto_mount_home_efs = each.value.efs
  }
}

resource "aws_sagemaker_user_profile" "common" {
  count             = 2
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = ["cleo-silva", "dan-okoro"][count.index]
  user_settings {
    execution_role = aws_iam_role.common.arn
  }
}
