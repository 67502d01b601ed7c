variable "domain_id" {}
resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = var.domain_id
  user_profile_name = "ana-lopez"
  tags              = { owner = "ana" }
}
