variable "mount" {}
variable "settings" {
  default = { efs = "Disabled" }
}

resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/studio"
    auto_mount_home_efs = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = "Disabled" }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled") }, {}), "v", "Enabled")
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ana-lopez"
  user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/ana"
    auto_mount_home_efs = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = lookup(try({ v = var.mount }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled") }, {}), "v", "Disabled")
  }
}

resource "aws_sagemaker_user_profile" "ben" {
  domain_id         = aws_sagemaker_domain.this.id
  user_profile_name = "ben-meier"
  user_settings {
    execution_role      = "arn:aws:iam::111122223333:role/ben"
    auto_mount_home_efs = try(var.settings.mount, var.settings["efs"], "Enabled")
  }
}
