"""Answers that a collection keeps on disk until it is whole, so that they need not be asked for again.

Of each only the members that are read: an answer may tell more than a snapshot may hold, a person's address or a link
that signs in. What does not stand here is never written, and asked again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

import msgspec

from auditor.collect.aws.answers import plain
from auditor.collect.aws.call_errors import CALL_FAILED, OddAnswerError, understood
from auditor.collect.aws.security_group_fields import trimmed_group
from auditor.collect.aws.sign_in_fields import trimmed
from auditor.collect.aws.specs import SPECS
from auditor.collect.aws.studio_change_fields import EVENTS, change
from auditor.masking import mask_document

Answer = Mapping[str, Any]
#: Where the next page begins: random text, in which nothing may be masked.
_CURSORS = ("NextToken", "nextToken", "Marker", "PaginationToken")
#: A sign-in, or a change, that the event of a page tells, or why it tells none.
SIGN_IN, CHANGE, ODD = "SignIn", "Change", "Odd"
_encode = msgspec.json.Encoder(order="deterministic").encode


def call_id(service: str, region: str, operation: str, request: Mapping[str, Any]) -> bytes:
    """What names a call: equal for equal requests."""
    return hashlib.sha256(_encode([service, region, operation, request])).digest()


def kept(operation: str, answer: Answer) -> Answer | None:
    """What is kept of an answer, as JSON holds it. None where none of the operation is, or JSON cannot hold it."""
    reduce = _KEPT.get(operation)
    if reduce is None:
        return None
    try:
        with understood(operation):
            made: Answer = plain(reduce(answer))
            return made
    except CALL_FAILED:
        # Whoever reads the answer finds out what is odd about it, and what else can be read.
        return None


def encode(answer: Answer) -> bytes:
    """A kept answer as the file holds it, without secrets."""
    return _encode({name: v if name in _CURSORS else mask_document(v) for name, v in answer.items()})


def decode(body: bytes) -> Answer:
    """The answer that was encoded."""
    made: Answer = msgspec.json.decode(body)
    return made


def _whole(answer: Answer) -> Answer:
    return answer


def _only(*members: str) -> Callable[[Answer], Answer]:
    """These members of the answer itself."""
    return lambda answer: _members(answer, (*members, *_CURSORS))


def _of_each(result: str, *members: str) -> Callable[[Answer], Answer]:
    """These members of each item of a list."""
    return _each({result: lambda item: _members(item, members)})


def _each(lists: Mapping[str, Callable[[Answer], Any]]) -> Callable[[Answer], Answer]:
    """The lists, with what is kept of each item."""

    def reduce(answer: Answer) -> Answer:
        found = dict(_members(answer, (*lists, *_CURSORS)))
        for name, one in lists.items():
            if isinstance(found.get(name), list):
                found[name] = [one(item) if isinstance(item, Mapping) else item for item in found[name]]
        return found

    return reduce


def _members(answer: Answer, members: Collection[str]) -> Answer:
    return {name: value for name, value in answer.items() if name in members}


def _event(event: Answer) -> Answer:
    """A sign-in or a change as a snapshot holds it, for the rest of the event may hold a link that signs in."""
    found = dict(_members(event, ("EventId", "EventTime")))
    member, reduce = (CHANGE, change) if event.get("EventName") in EVENTS else (SIGN_IN, trimmed)
    try:
        with understood("LookupEvents"):
            return {**found, member: reduce(json.loads(event["CloudTrailEvent"]))}
    except OddAnswerError as error:
        return {**found, ODD: str(error)}


def _policy(policy: Answer) -> Answer:
    versions = policy.get("PolicyVersionList")
    if isinstance(versions, list):
        versions = [v for v in versions if not isinstance(v, Mapping) or v.get("IsDefaultVersion")]
    return {**_members(policy, ("Arn",)), "PolicyVersionList": versions}


_KEPT: Mapping[str, Callable[[Answer], Answer]] = {
    **{
        spec.list_operation: _of_each(spec.result, *spec.kept, *spec.keys) if spec.kept else _whole for spec in SPECS
    },
    "GetResources": _whole,
    "LookupEvents": _each({"Events": _event}),
    "GetAccountAuthorizationDetails": _each(
        {
            "RoleDetailList": lambda role: _members(
                role,
                ("Arn", "RoleName", "AssumeRolePolicyDocument", "RolePolicyList", "AttachedManagedPolicies",
                 "PermissionsBoundary"),
            ),
            "Policies": _policy,
        }
    ),
    "SimulatePrincipalPolicy": _whole,
    "ListInstances": _of_each("Instances", "InstanceArn", "IdentityStoreId", "Status"),
    "ListUsers": _of_each("Users", "UserId", "UserName", "UserStatus"),
    "GetApplicationAssignmentConfiguration": _only("AssignmentRequired"),
    "ListApplicationAssignments": _of_each("ApplicationAssignments", "PrincipalId", "PrincipalType"),
    "ListGroupMemberships": _of_each("GroupMemberships", "MemberId"),
    "DescribeVpcs": _whole,
    "DescribeSubnets": _whole,
    "DescribeRouteTables": _whole,
    "DescribeVpcEndpoints": _whole,
    "DescribeSecurityGroups": _each({"SecurityGroups": trimmed_group}),
    "DescribeFlowLogs": _of_each(
        "FlowLogs", "FlowLogId", "FlowLogStatus", "DeliverLogsStatus", "ResourceId", "TrafficType"),
    "DescribeKey": lambda answer: {"KeyMetadata": _members(
        answer["KeyMetadata"], ("KeyManager", "KeyState", "KeySpec", "Origin", "Arn"))},
    "GetKeyRotationStatus": _only("KeyRotationEnabled"),
    "DescribeImageVersion": _only(
        "BaseImage", "ContainerImage", "ImageVersionStatus", "VendorGuidance", "Version"),
    "DescribeTrails": _whole,
    "GetTrailStatus": _only("IsLogging"),
    "GetEventSelectors": _only("EventSelectors", "AdvancedEventSelectors"),
    "DescribeLogGroups": _whole,
    "ListRules": _of_each("Rules", "Name", "State", "EventPattern"),
    "ListTargetsByRule": _of_each("Targets", "Id"),
    "DescribeMetricFilters": _of_each("metricFilters", "filterName", "filterPattern", "metricTransformations"),
    "DescribeAlarms": _of_each(
        "MetricAlarms", "Namespace", "MetricName", "Metrics", "ActionsEnabled", "AlarmActions", "Dimensions",
        "Statistic", "DatapointsToAlarm", "EvaluationPeriods", "Threshold", "ComparisonOperator", "Unit"),
    "ListCostAllocationTags": _of_each("CostAllocationTags", "TagKey"),
    "ListServiceQuotas": _of_each("Quotas", "QuotaName", "Value"),
}  # fmt: skip
