"""What CloudTrail records of a call that changed something: its event, with the API's members in its own spelling."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from auditor.studio.partitions import HOME_REGIONS, partition_of

#: IAM's calls whose events say who changed a role; they are recorded in IAM's home Region.
IAM_CALLS = frozenset(
    {
        "AttachRolePolicy", "CreatePolicyVersion", "CreateRole", "DeleteRolePermissionsBoundary", "DeleteRolePolicy",
        "DetachRolePolicy", "PutRolePermissionsBoundary", "PutRolePolicy", "SetDefaultPolicyVersion",
        "UpdateAssumeRolePolicy", "UpdateRole",
    }
)  # fmt: skip


def event(
    account: str, region: str, service: str, name: str, request: Mapping[str, Any], answer: Mapping[str, Any]
) -> dict[str, Any]:
    """The event, as LookupEvents lists it; a user ``simulated`` called, now."""
    moment = datetime.now(UTC).timestamp()
    digest = hashlib.sha256(f"{account}{region}{name}{request}{moment}".encode()).hexdigest()
    event_id = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    return {
        "EventId": event_id,
        "EventName": name,
        "ReadOnly": "false",
        "EventTime": moment,
        "EventSource": f"{service}.amazonaws.com",
        "Username": "simulated",
        "Resources": [],
        "_detail": {
            "eventVersion": "1.11",
            "userIdentity": {
                "type": "IAMUser", "principalId": "AIDASIMULATED", "accountId": account, "userName": "simulated",
                "arn": f"arn:{partition_of(region)}:iam::{account}:user/simulated",
            },
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": region,
            "requestParameters": _spelt(request),
            "responseElements": _spelt(answer) or None,
            "eventID": event_id,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
        },
    }  # fmt: skip


def iam_region(region: str) -> str:
    """Where CloudTrail has IAM's events, of the partition that a Region is in."""
    return HOME_REGIONS[partition_of(region)]


def iam_event(account: str, region: str, name: str, body: bytes) -> dict[str, Any]:
    """The event of one of ``IAM_CALLS``, whose request is in the query protocol, in IAM's Region."""
    return event(account, region, "iam", name, dict(parse_qsl(body.decode())), {})


def _spelt(value: Any) -> Any:
    """CloudTrail writes the first letter of a member small."""
    if isinstance(value, Mapping):
        return {key[:1].lower() + key[1:]: _spelt(inner) for key, inner in value.items()}
    return [_spelt(inner) for inner in value] if isinstance(value, list) else value
