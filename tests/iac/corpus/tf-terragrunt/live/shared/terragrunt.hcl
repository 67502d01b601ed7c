terraform {
  source = "../../modules//studio"

  extra_arguments "region" {
    commands           = ["plan", "apply"]
    required_var_files = ["${get_parent_terragrunt_dir()}/region.tfvars"]
  }
}
