terraform {
  source = "git::https://git.acme.example/modules.git//studio?ref=v1"
}
