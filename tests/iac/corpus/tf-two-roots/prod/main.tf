module "studio" {
  source = "../modules/domain"
  name   = "prod"
}
