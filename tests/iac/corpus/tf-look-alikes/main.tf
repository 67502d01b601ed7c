resource "aws_sagemaker_app_image_config" "image" {
  app_image_config_name = "image"
}
resource "aws_sagemaker_notebook_instance" "notebook" {
  name          = "notebook"
  role_arn      = "arn:aws:iam::111122223333:role/x"
  instance_type = "ml.t3.medium"
}
resource "aws_opensearch_domain" "search" {
  domain_name = "search"
}
resource "aws_elasticsearch_domain" "elastic" {
  domain_name = "elastic"
}
resource "aws_datazone_domain" "data" {
  name                  = "data"
  domain_execution_role = "arn:aws:iam::111122223333:role/x"
}
resource "aws_codeartifact_domain" "artifacts" {
  domain = "artifacts"
}
data "aws_sagemaker_prebuilt_ecr_image" "image" {
  repository_name = "sagemaker-scikit-learn"
}
