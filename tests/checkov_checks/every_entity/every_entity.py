"""Says which resources checkov's graphs hold at all, so that silence about one can be told from its absence."""

from typing import Any

from checkov.cloudformation.checks.resource.base_resource_check import BaseResourceCheck as CloudFormation
from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck as Terraform

KINDS = ("domain", "user_profile", "space", "app", "studio_lifecycle_config", "mlflow_tracking_server", "partner_app")
ABOUT = {
    "name": "every entity",
    "id": "TST_EVERY",
    "categories": [CheckCategories.CONVENTION],
}


class _Terraform(Terraform):
    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        return CheckResult.FAILED


class _CloudFormation(CloudFormation):
    def scan_resource_conf(self, conf: dict[str, Any]) -> CheckResult:
        return CheckResult.FAILED


_Terraform(
    **ABOUT,
    supported_resources=[
        *(f"{provider}_sagemaker_{kind}" for provider in ("aws", "awscc") for kind in KINDS),
        "aws_iam_role", "awscc_iam_role",
    ],
)  # fmt: skip
_CloudFormation(
    **ABOUT,
    supported_resources=[
        "AWS::SageMaker::Domain", "AWS::SageMaker::UserProfile", "AWS::SageMaker::Space", "AWS::SageMaker::App",
        "AWS::SageMaker::StudioLifecycleConfig", "AWS::SageMaker::MlflowTrackingServer", "AWS::SageMaker::MlflowApp",
        "AWS::SageMaker::PartnerApp", "AWS::IAM::Role",
    ],
)  # fmt: skip
