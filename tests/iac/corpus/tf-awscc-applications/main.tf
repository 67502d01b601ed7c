resource "awscc_iam_role" "partner" {
  assume_role_policy_document = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Principal = { Service = "sagemaker.amazonaws.com" }, Action = "sts:AssumeRole" }] })
}
resource "awscc_kms_key" "partner" {}

resource "awscc_sagemaker_partner_app" "comet" {
  name               = "comet"
  type               = "comet"
  tier               = "small"
  auth_type          = "IAM"
  execution_role_arn = awscc_iam_role.partner.arn
  kms_key_id         = awscc_kms_key.partner.arn
}
resource "awscc_sagemaker_mlflow_tracking_server" "runs" {
  tracking_server_name = "runs"
  artifact_store_uri   = "s3://lab/mlflow"
  mlflow_version       = "2.9.2"
  role_arn             = "arn:aws:iam::111122223333:role/mlflow"
}
