import pulumi_aws as aws

aws.sagemaker.Domain("studio", domain_name="research")
