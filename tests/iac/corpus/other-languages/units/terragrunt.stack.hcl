unit "studio" {
  source = "git::https://example.com/studio.git"
  path   = "studio"
}
