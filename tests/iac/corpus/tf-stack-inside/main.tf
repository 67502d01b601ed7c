resource "aws_sagemaker_domain" "this" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
  }
}

resource "aws_cloudformation_stack" "people" {
  name          = "people"
  template_body = file("${path.module}/people.template")
  parameters = {
    Domain = aws_sagemaker_domain.this.id
  }
}
resource "aws_cloudformation_stack" "bucket" {
  name         = "bucket"
  template_url = "https://bucket.s3.amazonaws.com/studio.yaml"
}
resource "aws_servicecatalog_provisioned_product" "studio" {
  name         = "studio"
  product_name = "studio-user-profile"
}
resource "aws_cloudformation_stack" "queue" {
  name          = "queue"
  template_body = jsonencode({ Resources = { Queue = { Type = "AWS::SQS::Queue" } } })
}
