provider "aws" "bare" {
  config {
    region = "eu-west-1"
  }
}

component "tagged" {
  source    = "./people"
  providers = { aws = provider.aws.tagged["eu-west-1"] }
}

component "bare" {
  source    = "./people"
  providers = { aws = provider.aws.bare }
}

component "elsewhere" {
  source    = "./people"
  providers = { aws = provider.aws.elsewhere }
}

provider "aws" "tagged" {
  for_each = toset(["eu-west-1"])

  config {
    region = each.value
    default_tags {
      tags = { owner = "platform" }
    }
  }
}
