variable "domain" {
  type = string
}

variable "role" {
  type = string
}

resource "aws_sagemaker_user_profile" "dora" {
  domain_id         = var.domain
  user_profile_name = "dora-novak"
  user_settings {
    execution_role = var.role
  }
}
