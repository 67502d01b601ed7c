data "aws_caller_identity" "current" {}

resource "aws_ecr_repository" "lab" { name = "lab" }
resource "aws_kms_key" "rotated" { enable_key_rotation = true }
resource "aws_kms_key" "plain" {}
resource "aws_kms_key" "off" {
  enable_key_rotation = true
  is_enabled          = false
}
resource "aws_sagemaker_image" "lab" {
  image_name = "lab"
  role_arn   = "arn:aws:iam::123456789012:role/image"
}
resource "aws_sagemaker_image_version" "lab" {
  image_name = aws_sagemaker_image.lab.id
  base_image = "${aws_ecr_repository.lab.repository_url}:1"
}
resource "aws_sagemaker_image_version" "old" {
  image_name      = "old"
  base_image      = "${data.aws_caller_identity.current.account_id}.dkr.ecr.eu-west-1.amazonaws.com/old:1"
  vendor_guidance = "ARCHIVED"
}

resource "aws_sagemaker_domain" "lab" {
  domain_name = "lab"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  kms_key_id  = aws_kms_key.rotated.arn
  default_user_settings {
    execution_role = "arn:aws:iam::123456789012:role/team"
    jupyter_lab_app_settings {
      custom_image {
        app_image_config_name = "lab"
        image_name            = aws_sagemaker_image.lab.image_name
      }
      custom_image {
        app_image_config_name = "lab"
        image_name            = aws_sagemaker_image_version.lab.image_name
        image_version_number  = 1
      }
    }
  }
}
resource "aws_sagemaker_domain" "plain" {
  domain_name = "plain"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  kms_key_id  = aws_kms_key.plain.key_id
  default_user_settings { execution_role = "arn:aws:iam::123456789012:role/team" }
}
resource "aws_sagemaker_domain" "off" {
  domain_name = "off"
  auth_mode   = "IAM"
  vpc_id      = "vpc-1"
  subnet_ids  = ["subnet-1"]
  kms_key_id  = aws_kms_key.off.arn
  default_user_settings { execution_role = "arn:aws:iam::123456789012:role/team" }
}
resource "aws_sagemaker_user_profile" "inherits" {
  domain_id         = aws_sagemaker_domain.lab.id
  user_profile_name = "ana-lopez"
}
resource "aws_sagemaker_user_profile" "old" {
  domain_id         = aws_sagemaker_domain.lab.id
  user_profile_name = "ben-ito"
  user_settings {
    execution_role = "arn:aws:iam::123456789012:role/ben"
    jupyter_lab_app_settings {
      custom_image {
        app_image_config_name = "old"
        image_name            = aws_sagemaker_image_version.old.image_name
      }
    }
  }
}
