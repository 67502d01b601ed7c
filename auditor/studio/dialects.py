"""How CloudFormation and Terraform write the settings of the API: resource types, names, and what they lack.

Source: the schemas of CloudFormation's resources and of Terraform's aws provider (versions in tests/iac/schemas). Tests
hold this against both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache

#: Kind of resource → its type.
CLOUDFORMATION: Mapping[str, str] = {
    "domain": "AWS::SageMaker::Domain",
    "user_profile": "AWS::SageMaker::UserProfile",
    "space": "AWS::SageMaker::Space",
    "app": "AWS::SageMaker::App",
}
TERRAFORM: Mapping[str, str] = {
    "domain": "aws_sagemaker_domain",
    "user_profile": "aws_sagemaker_user_profile",
    "space": "aws_sagemaker_space",
    "app": "aws_sagemaker_app",
}

#: Paths of settings (``*`` any characters) that a template cannot express, with all that lies in them.
NOT_IN_CLOUDFORMATION = (
    "*.SageMakerImageVersionAlias",
    "*.JupyterServerAppSettings.CodeRepositories",
    "*.TensorBoardAppSettings",
    "UserSettings.RSessionAppSettings",
    "*.CanvasAppSettings",
    "*.ExecutionRoleSessionNameMode",
    "Default*Settings.JupyterLabAppSettings.EmrSettings",
    "DomainSettings.TrustedIdentityPropagationSettings",
    "DomainSettings.DockerSettings.RootlessDocker",
    "DomainSettings.AmazonQSettings",
    "DomainSettings.UnifiedStudioSettings.SingleSignOnApplicationArn",
)
NOT_IN_TERRAFORM = (
    "*.TrainingPlanArn",
    "*.CanvasAppSettings.IdentityProviderOAuthSettings",
    "*.HiddenSageMakerImageVersionAliases",
    "*.ExecutionRoleSessionNameMode",
    "DomainSettings.DockerSettings.RootlessDocker",
    "DomainSettings.AmazonQSettings",
    "DomainSettings.UnifiedStudioSettings",
    "DomainSettings.IpAddressType",
    "HomeEfsFileSystemCreation",
    "SpaceSettings.SpaceManagedResources",
    "SpaceSettings.RemoteAccess",
)


#: Values that CloudFormation's schema does not know yet; it refuses a template that holds one.
NOT_YET_IN_CLOUDFORMATION: Mapping[str, frozenset[str]] = {
    "HiddenMlTools": frozenset({"RunningInstances", "Datasets", "Evaluators"}),
}
#: What both languages demand beside any other member of a structure.
DEMANDED: Mapping[str, str] = {"DefaultSpaceSettings": "ExecutionRole"}


@cache
def lacks(absent: tuple[str, ...], path: str) -> bool:
    """Whether a template language cannot express the setting."""
    return any(fnmatchcase(path, pattern) or fnmatchcase(path, f"{pattern}.*") for pattern in absent)


#: Lists of structures, which Terraform repeats as blocks under a name in the singular.
REPEATED_BLOCKS = {
    "CodeRepositories": "code_repository",
    "CustomImages": "custom_image",
    "CustomFileSystemConfigs": "custom_file_system_config",
    "CustomFileSystems": "custom_file_system",
}
#: Where a word of the API holds capitals of its own.
_WORDS = {"SageMaker": "Sagemaker", "EFS": "Efs", "FSx": "Fsx"}
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(path: str) -> str:
    """The Terraform providers' name of an API path: ``RStudioWebPortal`` → r_studio_web_portal."""
    return _BOUNDARY.sub("_", path).lower()


@cache
def terraform_name(member: str) -> str:
    """The name of a member in Terraform: ``AutoMountHomeEFS`` is ``auto_mount_home_efs``."""
    if member in REPEATED_BLOCKS:
        return REPEATED_BLOCKS[member]
    for word, plain in _WORDS.items():
        member = member.replace(word, plain)
    return snake(member)
