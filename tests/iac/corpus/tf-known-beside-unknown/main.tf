variable "tags" {
  type = map(string)
}
variable "more_policies" {
  type = list(string)
}
variable "more_subnets" {
  type = list(string)
}
resource "aws_vpc" "own" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "public" {
  vpc_id                  = aws_vpc.own.id
  map_public_ip_on_launch = true
}
resource "aws_iam_role" "studio" {
  name                = "studio"
  managed_policy_arns = concat(var.more_policies, ["arn:aws:iam::aws:policy/AmazonS3FullAccess"])
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "sagemaker.amazonaws.com" }
    }]
  })
}
resource "aws_sagemaker_domain" "lab" {
  domain_name = "lab"
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.own.id
  subnet_ids  = concat([aws_subnet.public.id], var.more_subnets)
  tags        = merge(var.tags, { Owner = "ada" })
  default_user_settings {
    execution_role = aws_iam_role.studio.arn
  }
}
resource "aws_sagemaker_domain" "open" {
  domain_name = "open"
  auth_mode   = "IAM"
  vpc_id      = aws_vpc.own.id
  subnet_ids  = var.more_subnets
  tags        = var.tags
  default_user_settings {
    execution_role = aws_iam_role.studio.arn
  }
}
