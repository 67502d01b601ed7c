locals {
  access = "PublicInternetOnly"
}

inputs = {
  access = local.access
}
