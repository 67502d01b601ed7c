variable "domain_id" {}
variable "people" {
  type = set(string)
}
module "person" {
  source    = "../person"
  for_each  = var.people
  domain_id = var.domain_id
  name      = each.value
}
