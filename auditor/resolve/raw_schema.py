"""Which members of the raw documents are read, and their DuckDB types.

A snapshot is read by one typed scan: every kind's document is a STRUCT of just the members that the tables need.
Members that are absent read as NULL, members that nobody asks for are skipped by the parser. JSON stands for a
structure whose members are read elsewhere, one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from auditor.model.snapshot import Kind
from auditor.studio.applications import APPLICATION_MEMBERS
from auditor.studio.attached_scripts import ATTACHED, is_list
from auditor.studio.setting import Setting
from auditor.studio.settings import (
    DOMAIN_SETTINGS,
    DOMAIN_SPACE_ROOT,
    DOMAIN_USER_ROOT,
    PROFILE_SETTINGS,
    SPACE_DEFAULT_SETTINGS,
    SPACE_SETTINGS,
    USER_PROFILE_ROOT,
    USER_SETTINGS,
)
from auditor.studio.side_roles import SIDE_ROLES, SIDE_STRUCTURES

#: A structure that holds only ExecutionRoleSessionNameMode (AWS writes that member unasked), or nothing at all, does
#: not replace the domain's. So these members, and only these, make a profile's structure one that was set on purpose.
MEANINGFUL_MEMBERS: Mapping[str, tuple[str, ...]] = {
    "StudioWebPortalSettings": (
        "HiddenMlTools",
        "HiddenAppTypes",
        "HiddenInstanceTypes",
        "HiddenSageMakerImageVersionAliases",
        # Of a template that does not tell all elements of a list.
        "KnownHiddenMlTools",
        "KnownHiddenAppTypes",
        "KnownHiddenInstanceTypes",
    ),
}

Tree = dict[str, "str | Tree"]


def quoted(path: str) -> str:
    """A dotted API path as DuckDB identifiers: ``A.B`` → ``"A"."B"``."""
    return ".".join(f'"{part}"' for part in path.split("."))


def _settings(settings: Iterable[Setting], root: str = "") -> dict[str, str]:
    """What settings read. A structure of which only the presence counts is there with any member: where others read its
    members, it is named by them."""
    prefix = f"{root}." if root else ""
    settings = tuple(settings)
    found = {prefix + s.path: s.document_type for s in settings}
    found |= {prefix + s.known_path: "VARCHAR[]" for s in settings if s.known_path}
    return {path: type_ for path, type_ in found.items() if not any(other.startswith(f"{path}.") for other in found)}


def _attached(kind: Kind) -> dict[str, str]:
    """Members that name lifecycle configurations."""
    return {path: "VARCHAR[]" if is_list(path) else "VARCHAR" for path in ATTACHED[kind]}


def _side_roles(kind: Kind) -> dict[str, str]:
    """Members that name roles beside the execution role, and the structures that only these are read of."""
    whole = SIDE_STRUCTURES[kind]
    single = (path for path in SIDE_ROLES[kind] if not path.startswith(tuple(f"{outer}." for outer in whole)))
    return dict.fromkeys(whole, "JSON") | dict.fromkeys(single, "VARCHAR")


def _portal(root: str) -> dict[str, str]:
    return {f"{root}.StudioWebPortalSettings.HiddenSageMakerImageVersionAliases": "JSON[]"}


DOCUMENTS: Mapping[str, Mapping[str, str]] = {
    "account_region": {
        "IdentityCenterInstances": "VARCHAR[]",
        # Between these moments every sign-in is known.
        "SignInsKnownSince": "TIMESTAMP",
        "SignInsKnownUntil": "TIMESTAMP",
    },
    # No table holds them: auditor whatif --policy reads them from the file.
    "studio_call": {"eventName": "VARCHAR", "eventTime": "VARCHAR"},
    "domain": {
        "DomainArn": "VARCHAR",
        "DomainId": "VARCHAR",
        "DomainName": "VARCHAR",
        # Of a template that does not tell all of them: those that are certain.
        "KnownSubnetIds": "VARCHAR[]",
        # How many there are, where that is certain though not which.
        "KnownSubnetNumber": "INTEGER",
        # Of a name that a template does not tell whole: what it may be, with % for what is not known.
        "KnownDomainName": "VARCHAR[]",
        "SingleSignOnApplicationArn": "VARCHAR",
        "Status": "VARCHAR",
        "FailureReason": "VARCHAR",
        "CreationTime": "TIMESTAMP",
        **_settings(DOMAIN_SETTINGS),
        **_settings(USER_SETTINGS, DOMAIN_USER_ROOT),
        **_settings(SPACE_DEFAULT_SETTINGS, DOMAIN_SPACE_ROOT),
        **_side_roles("domain"),
        **_attached("domain"),
    },
    "user_profile": {
        "UserProfileArn": "VARCHAR",
        "UserProfileName": "VARCHAR",
        "DomainId": "VARCHAR",
        "Status": "VARCHAR",
        "FailureReason": "VARCHAR",
        "CreationTime": "TIMESTAMP",
        **_settings(PROFILE_SETTINGS),
        **_settings(USER_SETTINGS, USER_PROFILE_ROOT),
        **_portal(USER_PROFILE_ROOT),
        **_side_roles("user_profile"),
        **_attached("user_profile"),
    },
    "space": {
        "SpaceArn": "VARCHAR",
        "SpaceName": "VARCHAR",
        "DomainId": "VARCHAR",
        "SpaceDisplayName": "VARCHAR",
        "Status": "VARCHAR",
        "FailureReason": "VARCHAR",
        "CreationTime": "TIMESTAMP",
        **_settings(SPACE_SETTINGS),
        **_attached("space"),
    },
    "app": {
        "AppArn": "VARCHAR",
        "DomainId": "VARCHAR",
        "UserProfileName": "VARCHAR",
        "SpaceName": "VARCHAR",
        "AppType": "VARCHAR",
        "AppName": "VARCHAR",
        "Status": "VARCHAR",
        "FailureReason": "VARCHAR",
        "CreationTime": "TIMESTAMP",
        "ResourceSpec.InstanceType": "VARCHAR",
        "ResourceSpec.SageMakerImageArn": "VARCHAR",
        "ResourceSpec.SageMakerImageVersionArn": "VARCHAR",
        "ResourceSpec.SageMakerImageVersionAlias": "VARCHAR",
        **_attached("app"),
    },
    "partner_app": {
        **dict.fromkeys(("Name", "Type", "Status", *APPLICATION_MEMBERS["partner_app"]), "VARCHAR"),
        "EnableAutoMinorVersionUpgrade": "BOOLEAN",
        "CurrentVersionEolDate": "TIMESTAMP",
    },
    # Of a template that makes the VPC: kinds of which it tells all that the VPC has.
    "vpc": {"VpcId": "VARCHAR", "IsDefault": "BOOLEAN", "KnownKinds": "VARCHAR[]"},
    "subnet": {
        "SubnetId": "VARCHAR",
        "VpcId": "VARCHAR",
        "MapPublicIpOnLaunch": "BOOLEAN",
        "AvailabilityZone": "VARCHAR",
        "AvailabilityZoneId": "VARCHAR",
        "AvailableIpAddressCount": "INTEGER",
    },
    "route_table": {
        "VpcId": "VARCHAR",
        # Where a template writes the route stands beside it.
        "Routes": (
            'STRUCT("DestinationCidrBlock" VARCHAR, "DestinationIpv6CidrBlock" VARCHAR, "GatewayId" VARCHAR,'
            ' "DestinationPrefixListId" VARCHAR, "EgressOnlyInternetGatewayId" VARCHAR,'
            ' "SourceResource" VARCHAR, "SourceFile" VARCHAR, "SourceLine" INTEGER)[]'
        ),
        "Associations": 'STRUCT("Main" BOOLEAN, "SubnetId" VARCHAR)[]',
    },
    # EC2 gives the policy as text; auditor.resolve.endpoint_facts reads it.
    "vpc_endpoint": {
        "VpcId": "VARCHAR",
        "ServiceName": "VARCHAR",
        "State": "VARCHAR",
        "PolicyDocument": "VARCHAR",
    },
    "security_group": {
        "GroupName": "VARCHAR",
        "IpPermissions": (
            'STRUCT("IpRanges" STRUCT("CidrIp" VARCHAR)[], "Ipv6Ranges" STRUCT("CidrIpv6" VARCHAR)[],'
            ' "PrefixListIds" STRUCT("PrefixListId" VARCHAR)[])[]'
        ),
    },
    "flow_log": {"FlowLogStatus": "VARCHAR", "DeliverLogsStatus": "VARCHAR", "ResourceId": "VARCHAR"},
    "sign_in": {
        "eventTime": "TIMESTAMP",
        "errorCode": "VARCHAR",
        "userIdentity": "JSON",
        "requestParameters": "JSON",
    },
    "identity_user": {"UserId": "VARCHAR", "UserName": "VARCHAR", "UserStatus": "VARCHAR", "Instance": "VARCHAR"},
    "image_version": {
        # Of a template: whether it comes from the account's own Amazon ECR for certain.
        "OwnRegistry": "BOOLEAN",
        "BaseImage": "VARCHAR",
        "ContainerImage": "VARCHAR",
        "ImageVersionStatus": "VARCHAR",
        "VendorGuidance": "VARCHAR",
    },
    "mlflow_server": {
        **dict.fromkeys(
            ("TrackingServerName", "TrackingServerStatus", *APPLICATION_MEMBERS["mlflow_server"]), "VARCHAR"
        ),
        "S3BucketOwnerVerification": "BOOLEAN",
    },
    "mlflow_app": dict.fromkeys(("Name", "Status", *APPLICATION_MEMBERS["mlflow_app"]), "VARCHAR"),
    "kms_key": {"KeyManager": "VARCHAR", "KeyState": "VARCHAR", "KeyRotationEnabled": "BOOLEAN"},
    # What auditor.studio.scripts found in the script.
    "lifecycle_config": {
        "StudioLifecycleConfigName": "VARCHAR",
        "StudioLifecycleConfigAppType": "VARCHAR",
        "Script": 'STRUCT("Check" VARCHAR, "Line" INTEGER, "Host" VARCHAR)[]',
    },
    "assignment": {"AssignmentRequired": "BOOLEAN", "UserIds": "VARCHAR[]"},
    "event_rule": {"Certain": "VARCHAR[]", "Possible": "VARCHAR[]", "Targets": "INTEGER"},
    "metric_filter": {"Certain": "VARCHAR[]", "Possible": "VARCHAR[]"},
    "cost_tag": {"TagKeys": "VARCHAR[]"},
    "quota": {"Named": "INTEGER", "Applied": 'STRUCT("QuotaName" VARCHAR, "Value" INTEGER)[]'},
    "log_group": {"logGroupName": "VARCHAR", "retentionInDays": "INTEGER"},
    # Read by auditor.resolve.role_facts and policy_facts, member by member.
    "role": {
        "AssumeRolePolicyDocument": "JSON",
        "RolePolicyList": "JSON[]",
        "AttachedManagedPolicies": "JSON[]",
        "LocalPolicyDocuments": "JSON",
        "PermissionsBoundary": "JSON",
        # Where a template puts its policies on the role.
        "PolicySources": "JSON[]",
    },
    "permission": {"Results": "JSON[]"},
    "trail": {
        "Status.IsLogging": "BOOLEAN",
        "LogFileValidationEnabled": "BOOLEAN",
        "IsMultiRegionTrail": "BOOLEAN",
        "KmsKeyId": "VARCHAR",
        "Selectors.EventSelectors": (
            'STRUCT("ReadWriteType" VARCHAR, "IncludeManagementEvents" BOOLEAN,'
            ' "ExcludeManagementEventSources" VARCHAR[])[]'
        ),
        "Selectors.AdvancedEventSelectors": "JSON[]",
    },
}


def tree(members: Mapping[str, str]) -> Tree:
    """Dotted members as a tree of structures; its leaves are DuckDB types."""
    root: Tree = {}
    for path, leaf in members.items():
        *parents, last = path.split(".")
        node = root
        for parent in parents:
            child = node.setdefault(parent, {})
            if not isinstance(child, dict):
                raise TypeError(f"{path}: {parent} is both a value and a structure")
            node = child
        node[last] = leaf
    return root


def struct_type(members: Mapping[str, str]) -> str:
    """The STRUCT type that holds exactly these dotted members."""
    return _render(tree(members))


def _render(tree: Tree) -> str:
    members = (f'"{name}" {node if isinstance(node, str) else _render(node)}' for name, node in tree.items())
    return f"STRUCT({', '.join(members)})"
