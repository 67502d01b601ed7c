variable "names" {
  type    = set(string)
  default = ["ana-lopez"]
}

resource "aws_sagemaker_user_profile" "this" {
  for_each          = var.names
  domain_id         = "d-0123456789ab"
  user_profile_name = each.key

  user_settings {
    execution_role    = "arn:aws:iam::111122223333:role/studio"
    studio_web_portal = "ENABLED"
  }
}
