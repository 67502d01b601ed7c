include "root" {
  path = find_in_parent_folders("root.hcl")
}

terraform {
  source = "../../modules//users"
}

generate "portal" {
  path      = "portal_override.tf"
  if_exists = "overwrite"
  contents  = <<-CONTENTS
    resource "aws_sagemaker_user_profile" "this" {
      user_settings {
        execution_role    = "arn:aws:iam::111122223333:role/studio"
        studio_web_portal = "DISABLED"
      }
    }
  CONTENTS
}
