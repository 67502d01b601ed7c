terraform {
  source = "../../modules//users"
}

generate "portal" {
  path      = "portal.tf"
  if_exists = "overwrite"
  contents  = read_terragrunt_config("portal.hcl").locals.portal
}
