terraform {
  source = "tfr:///acme/studio/aws?version=1.0.0"
}
