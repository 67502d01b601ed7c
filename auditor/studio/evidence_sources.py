"""The evidence beside the Studio resources: what ``--evidence`` names, and all that other parts need to know of it.

A new source is an entry here and a function that collects it: the collector, the policy, the permissions page and the
choice of ``--evidence`` follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum

from auditor.model.snapshot import KINDS, Kind


class Stage(IntEnum):
    """When a source is collected.

    ``DOMAINS``: as soon as a Region's domains are listed, and only in Regions where there is something. ``RESOURCES``:
    once, when all that lies in domains is known as well. ``ROLES``: when the sources before are known, too.
    """

    DOMAINS = 1
    RESOURCES = 2
    ROLES = 3


@dataclass(frozen=True, slots=True)
class EvidenceSource:
    """One kind of evidence. It has permissions of its own, and is missing data where it cannot be read.

    ``module`` of ``auditor.collect.aws`` has the function ``collect(run, request)`` that submits what is to be called.
    ``permissions``: IAM action → what it is for; those of kinds that are merely listed stand in their ``Spec``.
    ``on_request``: no rule reads it, so that it is collected only where it is named.
    """

    name: str
    kinds: tuple[Kind, ...]
    module: str
    stage: Stage
    permissions: Mapping[str, str] = field(default_factory=dict)
    on_request: bool = False


#: CloudTrail's event history: it also says who made a new finding.
SIGN_INS = "sign-ins"
_EVENTS = {
    "cloudtrail:LookupEvents": "who opens which profile, who made a new finding, and with changes who changes what"
}
EVIDENCE_SOURCES = (
    EvidenceSource(SIGN_INS, ("sign_in",), "sign_in_events", Stage.DOMAINS, _EVENTS),
    EvidenceSource("changes", ("studio_call",), "studio_changes", Stage.DOMAINS, _EVENTS, on_request=True),
    EvidenceSource(
        "roles", ("role",), "roles_in_use", Stage.RESOURCES,
        {"iam:GetAccountAuthorizationDetails": "policies of the execution roles in use"},
    ),
    EvidenceSource(
        "permissions", ("permission",), "simulated_permissions", Stage.ROLES,
        {"iam:SimulatePrincipalPolicy": "which tools a role may use"},
    ),
    EvidenceSource(
        "identity-center", ("identity_user",), "identity_center", Stage.RESOURCES,
        {
            "identitystore:ListUsers": "people of Identity Center, by user name",
            "sso:ListInstances": "where Identity Center keeps its people",
        },
    ),
    EvidenceSource(
        "assignments", ("assignment",), "application_assignments", Stage.ROLES,
        {
            "identitystore:ListGroupMemberships": "who is in the groups that are assigned to a domain",
            "sso:GetApplicationAssignmentConfiguration": "whether a domain is open to those only who are assigned",
            "sso:ListApplicationAssignments": "which users and groups are assigned to a domain",
            "sso:ListInstances": "where Identity Center keeps its groups",
        },
    ),
    EvidenceSource("lifecycle-configs", ("lifecycle_config",), "listing", Stage.DOMAINS),
    EvidenceSource("partner-apps", ("partner_app",), "listing", Stage.DOMAINS),
    EvidenceSource("mlflow", ("mlflow_server", "mlflow_app"), "listing", Stage.DOMAINS),
    EvidenceSource(
        "network", ("vpc", "subnet", "route_table", "vpc_endpoint"), "domain_networks", Stage.RESOURCES,
        {
            "ec2:DescribeRouteTables": "whether a domain's subnet leads to an internet gateway",
            "ec2:DescribeSubnets": "whether a domain's subnet gives out public addresses",
            "ec2:DescribeVpcEndpoints": "whether Studio can start without the internet, and who may use its endpoints",
            "ec2:DescribeVpcs": "which VPC is the region's default one",
        },
    ),
    EvidenceSource(
        "security-groups", ("security_group",), "security_groups", Stage.RESOURCES,
        {"ec2:DescribeSecurityGroups": "whether Studio's apps can be reached from any address"},
    ),
    EvidenceSource(
        "flow-logs", ("flow_log",), "flow_logs", Stage.RESOURCES,
        {"ec2:DescribeFlowLogs": "whether the traffic of a domain's subnets is recorded"},
    ),
    EvidenceSource(
        "keys", ("kms_key",), "encryption_keys", Stage.RESOURCES,
        {
            "kms:DescribeKey": "whether AWS or a customer manages a domain's KMS key, and whether it is enabled",
            "kms:GetKeyRotationStatus": "whether AWS KMS rotates the key",
        },
    ),
    EvidenceSource(
        "images", ("image_version",), "image_versions", Stage.RESOURCES,
        {"sagemaker:DescribeImageVersion": "where custom images come from, and whether they can be used"},
    ),
    EvidenceSource(
        "account", ("trail", "log_group"), "account_logging", Stage.DOMAINS,
        {
            "cloudtrail:DescribeTrails": "whether management events are recorded",
            "cloudtrail:GetEventSelectors": "what a trail records",
            "cloudtrail:GetTrailStatus": "whether a trail is logging",
            "logs:DescribeLogGroups": "how long logs of Studio, of jobs and of endpoints are kept",
        },
    ),
    EvidenceSource(
        "alarms", ("event_rule", "metric_filter"), "call_alarms", Stage.ROLES,
        {
            "cloudtrail:DescribeTrails": "which log groups trails write to",
            "events:ListRules": "whether somebody is notified when a domain is changed or a user profile is opened",
            "events:ListTargetsByRule": "whether such a rule has a target",
            "logs:DescribeMetricFilters": "whether a metric may count such calls",
            "cloudwatch:DescribeAlarms": "whether an alarm watches such a metric",
        },
    ),
    EvidenceSource(
        "cost-tags", ("cost_tag",), "cost_tags", Stage.RESOURCES,
        {"ce:ListCostAllocationTags": "which tags the bill can be grouped by"},
    ),
    EvidenceSource(
        "quotas", ("quota",), "gpu_quotas", Stage.DOMAINS,
        {"servicequotas:ListServiceQuotas": "how many apps on GPU instance types an account may run"},
    ),
)  # fmt: skip
#: Their names, in the order in which they are documented.
EVIDENCE = tuple(source.name for source in EVIDENCE_SOURCES if not source.on_request)
#: Those that are collected only where they are named.
ON_REQUEST = tuple(source.name for source in EVIDENCE_SOURCES if source.on_request)
#: Every kind of record that is evidence; all others are the Studio resources themselves.
EVIDENCE_KINDS = frozenset(kind for source in EVIDENCE_SOURCES for kind in source.kinds)


def kinds_of(names: Iterable[str]) -> frozenset[Kind]:
    """Kinds of records that a collection with this evidence asks for, the resources themselves included."""
    chosen = set(names)
    wanted = {kind for source in EVIDENCE_SOURCES if source.name in chosen for kind in source.kinds}
    return frozenset(kind for kind in KINDS if kind not in EVIDENCE_KINDS or kind in wanted)
