variable "role_arn" {
  type = string
}

variable "wide" {
  type = bool
}

variable "roles" {
  type = map(string)
}

locals {
  chosen = var.wide ? var.role_arn : "arn:aws:iam::111122223333:role/narrow"
}

data "aws_iam_role" "team" {
  name = "team"
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = var.role_arn
  }
}

resource "aws_sagemaker_user_profile" "inherits" {
  for_each          = toset(["ana-lopez", "ben-meier"])
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = each.key
}

resource "aws_sagemaker_user_profile" "cleo" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "cleo-silva"
  user_settings {
    execution_role = data.aws_iam_role.team.arn
  }
}

resource "aws_sagemaker_user_profile" "chosen" {
  for_each          = toset(["emil-koch", "fay-wong"])
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = each.key
  user_settings {
    execution_role = local.chosen
  }
}

resource "aws_sagemaker_user_profile" "own" {
  for_each          = toset(["gil-amar", "hana-sato"])
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = each.key
  user_settings {
    execution_role = var.roles[each.key]
  }
}

module "person" {
  source = "./person"
  domain = aws_sagemaker_domain.this.id
  role   = data.aws_iam_role.team.arn
}
