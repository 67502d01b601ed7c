variable "name" {}

module "studio" {
  source = "./studio"
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = module.studio.domain_id
  user_profile_name = var.name
}
