"""The kinds of resources that an audit is about, each with all that other parts need to know of it.

A new kind with a table of its own is one entry here (and a collector's spec, a table, a template's names): counts,
inventory, drift, the report and the docs follow.

Sources: botocore's models of SageMaker and IAM for names of members and operations; the resource specifications of
CloudFormation and the Terraform providers' schemas for types.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model.snapshot import Kind

#: The tag in which CloudFormation names the stack that made a resource (CloudFormation User Guide, "Resource tag").
STACK_TAG = "aws:cloudformation:stack-name"


@dataclass(frozen=True, slots=True)
class ResourceType:
    """``kind`` in a snapshot, ``table`` among the documented tables, ``layer`` the name that a setting's origin gives
    it (empty: settings have no origin there).

    ``name_member`` and ``arn_member`` are the document's members for the name and the ARN. ``describe`` is the
    SageMaker operation that returns the settings, empty where a list returns them all; ``update`` the command of the
    AWS CLI that changes them, empty where none does. ``in_domain``: the resource belongs to a domain. ``taggable``:
    SageMaker's AddTags takes it. ``terraform`` is empty where the provider aws has no such type.
    """

    kind: Kind
    table: str
    noun: str
    plural: str
    name_member: str
    arn_member: str
    cloudformation: str
    terraform: str
    layer: str = ""
    describe: str = ""
    update: str = ""
    in_domain: bool = True
    taggable: bool = True

    @property
    def option(self) -> str:
        """The AWS CLI's option that takes the resource's name: ``user-profile-name``."""
        return f"{self.kind.replace('_', '-')}-name"


RESOURCE_TYPES: tuple[ResourceType, ...] = (
    ResourceType(
        "domain", "domain", "domain", "domains", "DomainName", "DomainArn", "AWS::SageMaker::Domain",
        "aws_sagemaker_domain", layer="domain", describe="DescribeDomain", update="update-domain", in_domain=False,
    ),
    ResourceType(
        "user_profile", "user_profile", "user profile", "user profiles", "UserProfileName", "UserProfileArn",
        "AWS::SageMaker::UserProfile", "aws_sagemaker_user_profile", layer="profile", describe="DescribeUserProfile",
        update="update-user-profile",
    ),
    ResourceType(
        "space", "space", "space", "spaces", "SpaceName", "SpaceArn", "AWS::SageMaker::Space", "aws_sagemaker_space",
        layer="space", describe="DescribeSpace", update="update-space",
    ),
    ResourceType(
        "app", "app", "app", "apps", "AppName", "AppArn", "AWS::SageMaker::App", "aws_sagemaker_app", layer="app",
    ),
    ResourceType(
        "role", "execution_role", "execution role", "execution roles", "RoleName", "Arn", "AWS::IAM::Role",
        "aws_iam_role", in_domain=False, taggable=False,
    ),
    ResourceType(
        "lifecycle_config", "lifecycle_config", "lifecycle configuration", "lifecycle configurations",
        "StudioLifecycleConfigName", "StudioLifecycleConfigArn", "AWS::SageMaker::StudioLifecycleConfig",
        "aws_sagemaker_studio_lifecycle_config", describe="DescribeStudioLifecycleConfig", in_domain=False,
    ),
    ResourceType(
        "mlflow_server", "mlflow_server", "MLflow server", "MLflow servers", "TrackingServerName", "TrackingServerArn",
        "AWS::SageMaker::MlflowTrackingServer", "aws_sagemaker_mlflow_tracking_server",
        describe="DescribeMlflowTrackingServer", in_domain=False,
    ),
    ResourceType(
        "mlflow_app", "mlflow_server", "MLflow App", "MLflow Apps", "Name", "Arn", "AWS::SageMaker::MlflowApp", "",
        describe="DescribeMlflowApp", in_domain=False,
    ),
    ResourceType(
        "partner_app", "partner_app", "partner AI app", "partner AI apps", "Name", "Arn", "AWS::SageMaker::PartnerApp",
        "", describe="DescribePartnerApp", in_domain=False,
    ),
)  # fmt: skip

BY_KIND: Mapping[str, ResourceType] = {t.kind: t for t in RESOURCE_TYPES}
#: Of kinds that share a table, the one that it is called after.
BY_TABLE: Mapping[str, ResourceType] = {t.table: t for t in reversed(RESOURCE_TYPES)}
BY_LAYER: Mapping[str, ResourceType] = {t.layer: t for t in RESOURCE_TYPES if t.layer}
#: Tables whose rows are the resources that an audit is about.
TABLES: tuple[str, ...] = tuple(dict.fromkeys(t.table for t in RESOURCE_TYPES))
#: Resources of Studio itself, which a report counts and a template creates.
STUDIO_TYPES: tuple[ResourceType, ...] = tuple(t for t in RESOURCE_TYPES if t.layer)
STUDIO_KINDS: tuple[Kind, ...] = tuple(t.kind for t in STUDIO_TYPES)
#: What lies in a domain.
KINDS_IN_DOMAINS: tuple[Kind, ...] = tuple(t.kind for t in STUDIO_TYPES if t.in_domain)
#: Kinds whose settings an update call changes.
UPDATABLE_KINDS: tuple[Kind, ...] = tuple(t.kind for t in STUDIO_TYPES if t.update)
