include {
  path = "${get_env("ROOT")}/root.hcl"
}

inputs = {
  access = "PublicInternetOnly"
}
