import pulumi_aws as aws

aws.sagemaker.Model("model", execution_role_arn="arn:aws:iam::111122223333:role/model")
