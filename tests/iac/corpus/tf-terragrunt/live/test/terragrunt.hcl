terraform {
  source = "${get_repo_root()}/tf-terragrunt/modules//studio"
}

dependency "people" {
  config_path = "../people"
}

inputs = {
  sign_in = dependency.people.outputs.sign_in
}
