variable "domain" {}

resource "aws_efs_file_system" "data" {}

resource "aws_sagemaker_domain" "research" {
  domain_name = "research"
  auth_mode   = "IAM"
  vpc_id      = "vpc-0a1b2c3d4e5f60718"
  subnet_ids  = ["subnet-0a1b2c3d4e5f60718"]
  default_user_settings {
    execution_role = "arn:aws:iam::111122223333:role/studio"
    custom_file_system_config {
      efs_file_system_config {
        file_system_id   = aws_efs_file_system.data.id
        file_system_path = "/"
      }
    }
  }
}

resource "aws_sagemaker_user_profile" "ana" {
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "ana-lopez"
  user_settings {
    execution_role = "arn:aws:iam::111122223333:role/ana"
    custom_file_system_config {
      efs_file_system_config {
        file_system_id   = aws_efs_file_system.data.id
        file_system_path = "/people/ana"
      }
    }
  }
}

resource "aws_sagemaker_user_profile" "ben" {
  domain_id         = aws_sagemaker_domain.research.id
  user_profile_name = "ben-meier"
}

# Who else belongs to a domain that lies elsewhere is not known.
resource "aws_sagemaker_user_profile" "cleo" {
  domain_id         = var.domain
  user_profile_name = "cleo-silva"
  user_settings {
    execution_role = "arn:aws:iam::111122223333:role/cleo"
    custom_file_system_config {
      efs_file_system_config {
        file_system_id   = "fs-0123456789abcdef0"
        file_system_path = "/people"
      }
    }
    custom_posix_user_config {
      uid = 200042
      gid = 2001
    }
  }
}
