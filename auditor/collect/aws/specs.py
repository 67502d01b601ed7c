"""What is collected, as data: list call, describe call, ids and permissions of each kind of resource.

The IAM policy is computed from these entries, and a test holds each one against botocore's model. A new kind is an
entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from auditor.collect.aws.answers import text
from auditor.model.snapshot import Kind
from auditor.studio.applications import APPLICATION_MEMBERS
from auditor.studio.evidence_sources import EVIDENCE, EVIDENCE_KINDS, EVIDENCE_SOURCES, ON_REQUEST, kinds_of
from auditor.studio.scripts import judged_script

Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Spec:
    """One kind of resource, listed over a whole region.

    ``keys`` are the list item's members that the describe call takes. ``record_id`` makes the record's id from a
    document, and raises where the document does not tell. ``page_size`` is MaxResults. ``taggable``: resource type in
    the tagging API. ``carried``: the list says when a resource last changed, so that one which did not may be carried
    over from an earlier snapshot. ``kept``: members that a snapshot holds, all where it is empty; others may be
    anybody's data, such as a partner app's arguments. ``trimmed`` makes of a document what a snapshot holds of it,
    where choosing members is not enough; it raises where the document is not what the API says.
    """

    kind: Kind
    service: str
    list_operation: str
    result: str
    record_id: Callable[[Item], str]
    permissions: tuple[str, ...]
    describe_operation: str = ""
    keys: tuple[str, ...] = ()
    page_size: int = 100
    taggable: str = ""
    arn: str = ""
    carried: bool = False
    kept: tuple[str, ...] = ()
    trimmed: Callable[[Item], Item] | None = None

    @property
    def optional(self) -> bool:
        """Evidence beside the resources themselves: losing it is a gap, but not losing the account."""
        return self.kind in EVIDENCE_KINDS


def _app_id(item: Item) -> str:
    owner = f"space/{text(item['SpaceName'])}" if item.get("SpaceName") else f"profile/{text(item['UserProfileName'])}"
    return f"{text(item['DomainId'])}/{owner}/{text(item['AppType'])}/{text(item['AppName'])}"


def _in_domain(name: str) -> Callable[[Item], str]:
    return lambda item: f"{text(item['DomainId'])}/{text(item[name])}"


# ListDomains says as well when a domain changed. But domains are few, and what one says holds for all that it contains:
# they are always described.
SPECS: tuple[Spec, ...] = (
    Spec(
        "domain", "sagemaker", "ListDomains", "Domains", lambda i: text(i["DomainId"]),
        ("sagemaker:ListDomains", "sagemaker:DescribeDomain"), "DescribeDomain", ("DomainId",),
        taggable="sagemaker:domain", arn="domain/{id}",
    ),
    Spec(
        "user_profile", "sagemaker", "ListUserProfiles", "UserProfiles",
        _in_domain("UserProfileName"),
        ("sagemaker:ListUserProfiles", "sagemaker:DescribeUserProfile"), "DescribeUserProfile",
        ("DomainId", "UserProfileName"), taggable="sagemaker:user-profile", arn="user-profile/{id}",
        carried=True,
    ),
    Spec(
        "space", "sagemaker", "ListSpaces", "Spaces", _in_domain("SpaceName"),
        ("sagemaker:ListSpaces", "sagemaker:DescribeSpace"), "DescribeSpace", ("DomainId", "SpaceName"),
        taggable="sagemaker:space", arn="space/{id}", carried=True,
    ),
    # ListApps carries everything that the rules read, so no app is described: apps are many and short-lived.
    Spec(
        "app", "sagemaker", "ListApps", "Apps", _app_id, ("sagemaker:ListApps",), taggable="sagemaker:app",
    ),
    Spec(
        "lifecycle_config", "sagemaker", "ListStudioLifecycleConfigs", "StudioLifecycleConfigs",
        lambda i: text(i["StudioLifecycleConfigArn"]),
        ("sagemaker:ListStudioLifecycleConfigs", "sagemaker:DescribeStudioLifecycleConfig"),
        "DescribeStudioLifecycleConfig", ("StudioLifecycleConfigName",),
        kept=("StudioLifecycleConfigArn", "StudioLifecycleConfigName", "StudioLifecycleConfigAppType", "CreationTime",
              "LastModifiedTime"),
        trimmed=judged_script,
    ),
    Spec(
        "partner_app", "sagemaker", "ListPartnerApps", "Summaries", lambda i: text(i["Arn"]),
        ("sagemaker:ListPartnerApps", "sagemaker:DescribePartnerApp"), "DescribePartnerApp", ("Arn",),
        kept=("Arn", "Name", "Type", "Status", "CreationTime", *APPLICATION_MEMBERS["partner_app"]),
    ),
    Spec(
        "mlflow_server", "sagemaker", "ListMlflowTrackingServers", "TrackingServerSummaries",
        lambda i: text(i["TrackingServerArn"]),
        ("sagemaker:ListMlflowTrackingServers", "sagemaker:DescribeMlflowTrackingServer"),
        "DescribeMlflowTrackingServer", ("TrackingServerName",),
        kept=("TrackingServerArn", "TrackingServerName", "TrackingServerStatus", "IsActive", "CreationTime",
              "LastModifiedTime", *APPLICATION_MEMBERS["mlflow_server"]),
    ),
    Spec(
        "mlflow_app", "sagemaker", "ListMlflowApps", "Summaries", lambda i: text(i["Arn"]),
        ("sagemaker:ListMlflowApps", "sagemaker:DescribeMlflowApp"), "DescribeMlflowApp", ("Arn",),
        kept=("Arn", "Name", "Status", "CreationTime", "LastModifiedTime", *APPLICATION_MEMBERS["mlflow_app"]),
    ),
)  # fmt: skip

_TAGGED = {spec.kind: spec.arn for spec in SPECS if spec.taggable}

#: Calls that an audit makes whatever evidence it collects.
_ALWAYS = {"ec2:DescribeRegions": "--region all", "tag:GetResources": "tags, a hundred resources a call"}
#: Calls outside the table above, with what they need.
OTHER_PERMISSIONS: Mapping[str, str] = dict(
    sorted(
        {
            **_ALWAYS,
            **{
                action: f"{purpose} (optional: {source.name})"
                for source in EVIDENCE_SOURCES
                for action, purpose in source.permissions.items()
            },
        }.items()
    )
)


def app_tag_path(record_id: str) -> str:
    """The end of an app's ARN, from its record id: AWS writes names and types in lower case there."""
    domain, _, owner, app_type, name = record_id.split("/", 4)
    return f"app/{domain}/{owner.lower()}/{app_type.lower()}/{name}"


def tag_path(kind: str, record_id: str) -> str:
    """The part of a resource's ARN behind the account in lower case, as the tagging API is compared; empty for a kind
    that it is not asked about."""
    if kind == "app":
        return app_tag_path(record_id).lower()
    return _TAGGED[kind].format(id=record_id).lower() if kind in _TAGGED else ""


def permissions(evidence: Iterable[str] = (*EVIDENCE, *ON_REQUEST)) -> dict[str, Any]:
    """The least IAM policy that a live audit with this evidence needs: read-only, never CreatePresignedDomainUrl (a
    log-in)."""
    wanted = set(evidence)
    kinds = kinds_of(wanted)
    actions = sorted(
        {action for spec in SPECS if spec.kind in kinds for action in spec.permissions}
        | {action for source in EVIDENCE_SOURCES if source.name in wanted for action in source.permissions}
        | set(_ALWAYS)
    )
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "StudioAuditor", "Effect": "Allow", "Action": actions, "Resource": "*"}],
    }
