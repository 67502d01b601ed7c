deployment "production" {
  inputs = {
    sign_in = "IAM"
  }
}
