"""A small CDK app: a stack with a nested one, and the same in a stage. Run by the tests, and for the corpus:

CDK_OUTDIR=tests/iac/corpus/cdk-assembly/assembly .venv/bin/python tests/iac/cdk/app.py
"""

import os
import sys

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sagemaker as sagemaker


class People(cdk.NestedStack):
    """The people of a domain."""

    def __init__(self, scope: cdk.Stack, name: str, domain_id: str) -> None:
        super().__init__(scope, name)
        sagemaker.CfnUserProfile(self, "Ana", domain_id=domain_id, user_profile_name="ana-lopez")
        sagemaker.CfnUserProfile(
            self,
            "Team",
            domain_id=domain_id,
            user_profile_name="ds-team",
            user_settings=sagemaker.CfnUserProfile.UserSettingsProperty(auto_mount_home_efs="Disabled"),
        )


class Studio(cdk.Stack):
    """A domain and its people."""

    def __init__(self, scope: cdk.App | cdk.Stage, name: str) -> None:
        super().__init__(scope, name)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"),
            managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name("AmazonSageMakerFullAccess")],
        )
        domain = sagemaker.CfnDomain(
            self,
            "Domain",
            auth_mode="IAM",
            domain_name="research",
            vpc_id="vpc-0a1b2c3d4e5f60718",
            subnet_ids=["subnet-0a1b2c3d4e5f60718"],
            default_user_settings=sagemaker.CfnDomain.UserSettingsProperty(
                execution_role=role.role_arn, auto_mount_home_efs="Enabled"
            ),
        )
        cdk.Tags.of(domain).add("cost-center", "4711")
        People(self, "People", domain.attr_domain_id)


plugins = []
if "STUDIO_RULES" in os.environ:
    sys.path.insert(0, os.environ["STUDIO_RULES"])
    from studio_rules import StudioRules

    options = ("--only", "STU501,STU603", "--fail-on", "low", "--no-config")
    plugins = [StudioRules(*options, command=(sys.executable, "-m", "auditor"))]

app = cdk.App(analytics_reporting=False, tree_metadata=False, policy_validation_beta1=plugins)
Studio(app, "Studio")
Studio(cdk.Stage(app, "Production"), "Studio")
app.synth()
