required_providers {
  aws = {
    source  = "hashicorp/aws"
    version = "~> 6.0"
  }
}

variable "sign_in" {
  type = string
}

provider "aws" "this" {
  config {
    region = "eu-west-1"
  }
}

component "studio" {
  source = "./studio"

  providers = {
    aws = provider.aws.this
  }

  inputs = {
    access  = "PublicInternetOnly"
    sign_in = var.sign_in
  }
}

component "people" {
  source = "./people"

  inputs = {
    domain_id = component.studio.domain_id
  }
}

component "remote" {
  source = "app.terraform.io/acme/studio/aws"
}
