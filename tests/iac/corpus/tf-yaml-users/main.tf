locals {
  config   = yamldecode(file("${path.module}/users.yaml"))
  settings = jsondecode(templatefile("${path.module}/settings.json.tpl", { mount = local.config.mount }))
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/studio"
    auto_mount_home_efs = local.settings.mount
  }
}

resource "aws_sagemaker_user_profile" "p" {
  for_each          = { for user in local.config.users : user.name => user }
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = each.key
  user_settings {
    execution_role      = each.value.role
    auto_mount_home_efs = lookup(each.value, "mount", null)
  }
}
