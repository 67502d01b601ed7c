module "studio" {
  source = "../modules/domain"
  name   = "dev"
}
