variable "more" { type = bool }

locals {
  people = var.more ? { default = "a", ben-meier = "b" } : { default = "c" }
}

resource "aws_sagemaker_domain" "main" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/a"
    dynamic "sharing_settings" {
      for_each = var.more ? { on = 1 } : {}
      content {
        notebook_output_option = "Allowed"
      }
    }
  }
}

resource "aws_sagemaker_user_profile" "some" {
  for_each          = var.more ? { test-user = 1 } : {}
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = each.key
}
resource "aws_sagemaker_user_profile" "several" {
  for_each          = local.people
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = each.key
}
resource "aws_sagemaker_user_profile" "renamed" {
  for_each          = { for name, team in local.people : "${name}-x" => team }
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = "team-1"
}
resource "aws_sagemaker_user_profile" "joined" {
  for_each          = merge(local.people, { guest = 1 })
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = each.key
}
resource "aws_sagemaker_user_profile" "counted" {
  count             = length(local.people)
  domain_id         = aws_sagemaker_domain.main.id
  user_profile_name = "user-${count.index}"
}
