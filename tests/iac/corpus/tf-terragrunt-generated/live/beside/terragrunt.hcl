terraform {
  source = "../../modules//users"
}

inputs = {
  names = ["ana-lopez"]
}
