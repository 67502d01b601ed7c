module "network" {
  source = "./modules/network"
}

module "studio" {
  source     = "./modules/studio"
  for_each   = { ml = "VpcOnly", lab = "PublicInternetOnly" }
  name       = each.key
  access     = each.value
  vpc_id     = module.network.vpc_id
  subnet_ids = module.network.subnet_ids
}

module "people" {
  source    = "./modules/people"
  domain_id = module.studio["ml"].domain_id
  people    = ["ana-lopez", "ben-meier"]
}
