resource "aws_sagemaker_domain" "this" {
