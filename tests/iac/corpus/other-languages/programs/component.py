import pulumi_aws as aws

aws.sagemaker.UserProfile("team", domain_id="d-0123456789ab", user_profile_name="team")
