terraform {
  source = "../../modules//users"
}

generate "portal" {
  path      = get_env("FILE")
  if_exists = "overwrite"
  contents  = "locals {}"
}
