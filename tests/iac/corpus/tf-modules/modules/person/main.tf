variable "domain_id" {}
variable "name" {}
resource "aws_sagemaker_user_profile" "this" {
  domain_id         = var.domain_id
  user_profile_name = var.name
}
