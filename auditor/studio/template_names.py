"""What an API member is called in each template language, and which members a language lacks: read by the scanner, by
the snippets of a remediation, and by drift.

The paths of the settings table come from there; what else the documents hold is listed here. By default
CloudFormation has the API's own name, and Terraform the name in snake case; ``NAMES`` holds the exceptions of members
that are not settings, with None where the language has none. Tests hold each name against the languages' real schemas.

Sources: the CloudFormation resource schemas, and the schemas of the Terraform providers aws and awscc (versions in
tests/iac/schemas).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from typing import Literal

from auditor.model.snapshot import Kind
from auditor.studio.attached_scripts import ATTACHED
from auditor.studio.resource_types import STUDIO_KINDS
from auditor.studio.settings import DOMAIN_USER_ROOT, SETTINGS, USER_PROFILE_ROOT, known_paths
from auditor.studio.side_roles import SIDE_ROLES
from auditor.studio.structures import ROOTS
from auditor.studio.template_types import Language, Part
from auditor.studio.unset_members import UNSET_WHERE_NOT_EXPRESSIBLE as UNSET_WHERE_NOT_EXPRESSIBLE

#: How a value is read: text, number, flag, list (of text), present (only whether it is there), json (a document, maybe
#: as text), tags, or items (a list of structures whose members have rows of their own).
Read = Literal["text", "number", "flag", "list", "present", "json", "tags", "items"]
Names = Mapping[Language, "str | None"]
LANGUAGES: tuple[Language, ...] = ("cloudformation", "aws", "awscc")


@dataclass(frozen=True, slots=True)
class Row:
    """``path`` of the API; ``names`` the dotted path in each language, as deep as ``path``, or None. ``[]`` behind a
    name is each element of a list."""

    path: str
    names: Names
    read: Read


def _names(cloudformation: str | None, aws: str | None, awscc: str | None) -> Names:
    return {"cloudformation": cloudformation, "aws": aws, "awscc": awscc}


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
    "*.HiddenSageMakerImageVersionAliases",
    "*.ExecutionRoleSessionNameMode",
    "DomainSettings.DockerSettings.RootlessDocker",
    "DomainSettings.AmazonQSettings",
    "DomainSettings.UnifiedStudioSettings",
    "DomainSettings.IpAddressType",
    "HomeEfsFileSystemCreation",
    "*.CustomFileSystemConfigs.FSxLustreFileSystemConfig",
    "*.CustomFileSystemConfigs.S3FileSystemConfig",
    "*.CustomFileSystems.FSxLustreFileSystem",
    "*.CustomFileSystems.S3FileSystem",
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
_WORDS = {"SageMaker": "Sagemaker", "EFS": "Efs", "OAuth": "Oauth"}
_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(path: str) -> str:
    """The Terraform providers' name of an API path: ``RStudioWebPortal`` → r_studio_web_portal."""
    return _BOUNDARY.sub("_", path.replace("FSx", "Fsx")).lower()


@cache
def terraform_name(member: str) -> str:
    """The name of a member in Terraform: ``AutoMountHomeEFS`` is ``auto_mount_home_efs``."""
    if member in REPEATED_BLOCKS:
        return REPEATED_BLOCKS[member]
    for word, plain in _WORDS.items():
        member = member.replace(word, plain)
    return snake(member)


#: Paths of settings that each language lacks. The provider awscc is made from CloudFormation's own schema.
NOT_IN: Mapping[Language, tuple[str, ...]] = {
    "cloudformation": NOT_IN_CLOUDFORMATION,
    "aws": NOT_IN_TERRAFORM,
    "awscc": NOT_IN_CLOUDFORMATION,
}


def _terraform_path(path: str) -> str:
    return ".".join(
        terraform_name(part.removesuffix("[]")) + ("[]" if part.endswith("[]") else "") for part in path.split(".")
    )


#: Where the traffic of an inbound rule may come from: blocks and prefix lists, one of each or a list of them.
SOURCES: Mapping[str, Read] = {
    "CidrIp": "text", "CidrIpv6": "text", "PrefixListId": "text", "CidrIps": "list", "CidrIpv6s": "list",
    "PrefixListIds": "list",
}  # fmt: skip


def _sources(path: str, cloudformation: str, aws: str, awscc: str) -> Mapping[str, Names]:
    """The names of the sources of a rule that lies at ``path``."""
    one = {"CidrIp": ("CidrIp", "cidr_ip"), "CidrIpv6": ("CidrIpv6", "cidr_ipv_6"),
           "PrefixListId": ("SourcePrefixListId", "source_prefix_list_id")}  # fmt: skip
    many = {"CidrIps": "cidr_blocks", "CidrIpv6s": "ipv6_cidr_blocks", "PrefixListIds": "prefix_list_ids"}
    return {
        **{path + name: _names(cloudformation + own, None, awscc + snaked) for name, (own, snaked) in one.items()},
        **{path + name: _names(None, aws + own, None) for name, own in many.items()},
    }


#: Exceptions by kind and API path.
NAMES: Mapping[Kind | Part, Mapping[str, Names]] = {
    "domain": {
        "HomeEfsFileSystemId": _names(None, None, None),  # AWS gives it; see build.created_domain
    },
    "app": {
        "SpaceName": _names(None, "space_name", None),
    },
    "partner_app": {"Type": _names("Type", None, "type"), "Version": _names("AppVersion", None, "app_version")},
    "mlflow_app": {"Name": _names("Name", None, None)},
    "role": {
        "RoleName": _names("RoleName", "name", "role_name"),
        "AssumeRolePolicyDocument": _names(
            "AssumeRolePolicyDocument", "assume_role_policy", "assume_role_policy_document"),
        "Policies": _names("Policies", "inline_policy", "policies"),
        "Policies[].PolicyName": _names("Policies[].PolicyName", "inline_policy[].name", "policies[].policy_name"),
        "Policies[].PolicyDocument": _names(
            "Policies[].PolicyDocument", "inline_policy[].policy", "policies[].policy_document"),
    },
    "role_policy": {
        "PolicyName": _names("PolicyName", "name", "policy_name"),
        "PolicyDocument": _names("PolicyDocument", "policy", "policy_document"),
        "RoleName": _names("RoleName", "role", "role_name"),
        "Roles": _names("Roles", None, None),
    },
    "managed_policy": {
        "ManagedPolicyName": _names("ManagedPolicyName", "name", "managed_policy_name"),
        "PolicyDocument": _names("PolicyDocument", "policy", "policy_document"),
        "Roles": _names("Roles", None, "roles"),
    },
    "policy_attachment": {
        "PolicyArn": _names(None, "policy_arn", None),
        "RoleName": _names(None, "role", None),
        "Roles": _names(None, "roles", None),
    },
    "policy_attachments": {
        "PolicyArns": _names(None, "policy_arns", None),
        "RoleName": _names(None, "role_name", None),
    },
    "route_table": {
        "Routes": _names(None, "route", None),
        "Routes[].DestinationCidrBlock": _names(None, "route[].cidr_block", None),
        "Routes[].DestinationIpv6CidrBlock": _names(None, "route[].ipv6_cidr_block", None),
        "Routes[].GatewayId": _names(None, "route[].gateway_id", None),
        "Routes[].DestinationPrefixListId": _names(None, "route[].destination_prefix_list_id", None),
        "Routes[].EgressOnlyInternetGatewayId": _names(None, "route[].egress_only_gateway_id", None),
    },
    "route": {
        "DestinationIpv6CidrBlock": _names(
            "DestinationIpv6CidrBlock", "destination_ipv6_cidr_block", "destination_ipv_6_cidr_block"),
        "EgressOnlyInternetGatewayId": _names(
            "EgressOnlyInternetGatewayId", "egress_only_gateway_id", "egress_only_internet_gateway_id"),
    },
    "vpc_endpoint": {"PolicyDocument": _names("PolicyDocument", "policy", "policy_document")},
    "endpoint_policy": {"PolicyDocument": _names(None, "policy", None),
                        "VpcEndpointId": _names(None, "vpc_endpoint_id", None)},
    "flow_log": {
        "ResourceId": _names("ResourceId", None, "resource_id"),
        "VpcId": _names(None, "vpc_id", None),
        "SubnetId": _names(None, "subnet_id", None),
    },
    "security_group": {"Rules": _names("SecurityGroupIngress", "ingress", "security_group_ingress"),
                       **_sources("Rules[].", "SecurityGroupIngress[].", "ingress[].", "security_group_ingress[].")},
    "security_group_rule": {
        **_sources("", "", "", ""),
        # Of the two forms that Terraform has, one names one block only.
        "CidrIp": _names("CidrIp", "cidr_ipv4", "cidr_ip"),
        "CidrIpv6": _names("CidrIpv6", "cidr_ipv6", "cidr_ipv_6"),
        "PrefixListId": _names("SourcePrefixListId", "prefix_list_id", "source_prefix_list_id"),
        "GroupId": _names("GroupId", "security_group_id", "group_id"),
        "Type": _names(None, "type", None),
    },
    "route_association": {"VpcId": _names(None, "vpc_id", None)},
    "kms_key": {"Enabled": _names("Enabled", "is_enabled", "enabled")},
    "log_group": {"LogGroupName": _names("LogGroupName", "name", "log_group_name")},
    "trail": {
        "TrailName": _names("TrailName", "name", "trail_name"),
        "IsLogging": _names("IsLogging", "enable_logging", "is_logging"),
        "LogFileValidationEnabled": _names(
            "EnableLogFileValidation", "enable_log_file_validation", "enable_log_file_validation"),
        "KmsKeyId": _names("KMSKeyId", "kms_key_id", "kms_key_id"),
        "EventSelectors": _names("EventSelectors", "event_selector", "event_selectors"),
        "EventSelectors[].IncludeManagementEvents": _names(
            "EventSelectors[].IncludeManagementEvents", "event_selector[].include_management_events",
            "event_selectors[].include_management_events"),
        "EventSelectors[].ReadWriteType": _names(
            "EventSelectors[].ReadWriteType", "event_selector[].read_write_type", "event_selectors[].read_write_type"),
        "AdvancedEventSelectors": _names(
            "AdvancedEventSelectors", "advanced_event_selector", "advanced_event_selectors"),
        "AdvancedEventSelectors[].FieldSelectors": _names(
            "AdvancedEventSelectors[].FieldSelectors", "advanced_event_selector[].field_selector",
            "advanced_event_selectors[].field_selectors"),
        "AdvancedEventSelectors[].FieldSelectors[].Field": _names(
            "AdvancedEventSelectors[].FieldSelectors[].Field", "advanced_event_selector[].field_selector[].field",
            "advanced_event_selectors[].field_selectors[].field"),
        "AdvancedEventSelectors[].FieldSelectors[].Equals": _names(
            "AdvancedEventSelectors[].FieldSelectors[].Equals", "advanced_event_selector[].field_selector[].equals",
            "advanced_event_selectors[].field_selectors[].equals"),
    },
}  # fmt: skip

#: Members of the documents beside the settings, by kind.
MEMBERS_BESIDE_SETTINGS: Mapping[Kind | Part, Mapping[str, Read]] = {
    "domain": {
        "DomainName": "text", "Tags": "tags",
        f"{DOMAIN_USER_ROOT}.StudioWebPortalSettings.HiddenSageMakerImageVersionAliases": "present",
    },
    "user_profile": {
        "UserProfileName": "text", "DomainId": "text", "Tags": "tags",
        f"{USER_PROFILE_ROOT}.StudioWebPortalSettings.HiddenSageMakerImageVersionAliases": "present",
    },
    "space": {"SpaceName": "text", "DomainId": "text", "SpaceDisplayName": "text", "Tags": "tags"},
    "app": {
        "AppName": "text", "AppType": "text", "DomainId": "text", "UserProfileName": "text", "SpaceName": "text",
        "ResourceSpec.InstanceType": "text", "ResourceSpec.SageMakerImageArn": "text",
        "ResourceSpec.SageMakerImageVersionArn": "text",
        "ResourceSpec.SageMakerImageVersionAlias": "text", "Tags": "tags",
    },
    "partner_app": {"Name": "text", "Type": "text", "KmsKeyId": "text", "AuthType": "text", "Tier": "text",
                    "Version": "text", "EnableAutoMinorVersionUpgrade": "flag"},
    "mlflow_server": {"TrackingServerName": "text", "ArtifactStoreUri": "text", "MlflowVersion": "text"},
    "mlflow_app": {"Name": "text", "ArtifactStoreUri": "text"},
    "lifecycle_config": {"StudioLifecycleConfigName": "text", "StudioLifecycleConfigAppType": "text",
                         "StudioLifecycleConfigContent": "text"},
    "role": {
        "RoleName": "text", "Path": "text", "AssumeRolePolicyDocument": "json", "ManagedPolicyArns": "list",
        "Policies": "items", "Policies[].PolicyName": "text", "Policies[].PolicyDocument": "json",
        "PermissionsBoundary": "text",
    },
    "role_policy": {"PolicyName": "text", "PolicyDocument": "json", "RoleName": "text", "Roles": "list"},
    "managed_policy": {"ManagedPolicyName": "text", "PolicyDocument": "json", "Roles": "list"},
    "policy_attachment": {"PolicyArn": "text", "RoleName": "text", "Roles": "list"},
    "policy_attachments": {"PolicyArns": "list", "RoleName": "text"},
    "vpc": {},
    "subnet": {"VpcId": "text", "MapPublicIpOnLaunch": "flag", "AvailabilityZone": "text",
               "AvailabilityZoneId": "text"},
    "route_table": {
        "VpcId": "text", "Routes": "items", "Routes[].DestinationCidrBlock": "text",
        "Routes[].DestinationIpv6CidrBlock": "text", "Routes[].GatewayId": "text",
        "Routes[].DestinationPrefixListId": "text", "Routes[].EgressOnlyInternetGatewayId": "text",
    },
    "route": {"RouteTableId": "text", "DestinationCidrBlock": "text", "DestinationIpv6CidrBlock": "text",
              "GatewayId": "text", "DestinationPrefixListId": "text", "EgressOnlyInternetGatewayId": "text"},
    "vpc_endpoint": {"VpcId": "text", "ServiceName": "text", "PolicyDocument": "json"},
    "endpoint_policy": {"VpcEndpointId": "text", "PolicyDocument": "json"},
    "flow_log": {"ResourceId": "text", "VpcId": "text", "SubnetId": "text"},
    "security_group": {"Rules": "items", **{f"Rules[].{name}": read for name, read in SOURCES.items()}},
    "security_group_rule": {"GroupId": "text", "Type": "text", **SOURCES},
    "route_association": {"RouteTableId": "text", "SubnetId": "text", "VpcId": "text"},
    "internet_gateway": {},
    "log_group": {"LogGroupName": "text", "RetentionInDays": "number"},
    "kms_key": {"Enabled": "flag", "EnableKeyRotation": "flag"},
    "image": {"ImageName": "text"},
    "image_version": {"ImageName": "text", "BaseImage": "text", "VendorGuidance": "text"},
    "trail": {
        "TrailName": "text", "IsLogging": "flag", "LogFileValidationEnabled": "flag", "IsMultiRegionTrail": "flag",
        "KmsKeyId": "text", "EventSelectors": "items",
        "EventSelectors[].IncludeManagementEvents": "flag", "EventSelectors[].ReadWriteType": "text",
        "AdvancedEventSelectors": "items", "AdvancedEventSelectors[].FieldSelectors": "items",
        "AdvancedEventSelectors[].FieldSelectors[].Field": "text",
        "AdvancedEventSelectors[].FieldSelectors[].Equals": "list",
    },
}  # fmt: skip

#: By kind or part, of which only kinds name any.
_ATTACHED: Mapping[str, tuple[str, ...]] = {str(kind): paths for kind, paths in ATTACHED.items()}
_READS: Mapping[str, Read] = {"VARCHAR": "text", "INTEGER": "number", "BOOLEAN": "flag", "VARCHAR[]": "list",
                              "JSON": "present"}  # fmt: skip
#: Of the items' members those that are no text.
_NUMBERS = ("ImageVersionNumber",)
#: What a profile's and a domain's settings begin with; behind it they are the same.
_SETTINGS_ROOTS = tuple(f"{root}." for root in ROOTS if root not in ("DomainSettings", "SpaceSettings"))


def _setting_reads() -> dict[str, Read]:
    return {s.path: _READS.get(s.document_type, "items") for s in SETTINGS}


def _row(kind: Kind | Part, path: str, read: Read) -> Row:
    exact = NAMES.get(kind, {}).get(path)
    if exact is not None:
        return Row(path, exact, read)
    names = {"cloudformation": path, "aws": _terraform_path(path), "awscc": snake(path)}
    return Row(path, {k: None if lacks(NOT_IN[k], path.replace("[]", "")) else names[k] for k in LANGUAGES}, read)


@cache
def rows(kind: Kind | Part) -> tuple[Row, ...]:
    """Every row of a kind: the settings' paths, then the other members."""
    reads = _setting_reads()
    items = {s.path: s.items for s in SETTINGS}
    found: dict[str, Read] = {}
    for path in known_paths().get(kind, ()):
        inner = next((path.removeprefix(r) for r in _SETTINGS_ROOTS if path.startswith(r)), path)
        found[path] = reads[inner]
        if found[path] == "items":
            found |= {f"{path}[].{item}": "number" if item in _NUMBERS else "text" for item in items[inner]}
    found |= MEMBERS_BESIDE_SETTINGS.get(kind, {})
    arns = (*SIDE_ROLES.get(kind, ()), *_ATTACHED.get(kind, ()))
    found |= {path: "list" if path.endswith("Arns") else "text" for path in arns}
    return tuple(_row(kind, path, read) for path, read in found.items())


@cache
def not_expressible(kind: Kind | Part, language: Language) -> tuple[str, ...]:
    """API paths that the language cannot express and that are not known to be unset all the same. A role beside the
    execution role that nobody can write is not among them: nothing that is said of the resource hangs on it. Nor is
    what no item of a list can be that the language writes whole."""
    unset = {*UNSET_WHERE_NOT_EXPRESSIBLE.get(kind, ()), *SIDE_ROLES.get(kind, ()), *_ATTACHED.get(kind, ())}
    written = {r.path for r in rows(kind) if r.names[language] is not None}
    return tuple(
        r.path
        for r in rows(kind)
        if r.names[language] is None and r.path not in unset and r.path.partition("[]")[0] not in written
    )


@cache
def never_expressible() -> frozenset[tuple[str, str]]:
    """(kind, path) that no template language can express: nothing in any template could set them."""
    return frozenset(
        (kind, path)
        for kind in STUDIO_KINDS
        for path in not_expressible(kind, LANGUAGES[0])
        if all(path in not_expressible(kind, language) for language in LANGUAGES)
    )
