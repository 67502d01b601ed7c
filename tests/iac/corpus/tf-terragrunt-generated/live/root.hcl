locals {
  region = get_env("REGION")
}

generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite_terragrunt"
  contents  = <<-CONTENTS
    provider "aws" {
      region = "${local.region}"
      default_tags {
        tags = { owner = "platform" }
      }
    }
  CONTENTS
}
