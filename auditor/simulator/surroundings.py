"""What stands around Studio in an account: roles and their policies, people, trails, logs, who opened what.

Estate files name them as follows.

- ``roles``: names (``path/name``), or mappings ``{name, managed: [AWS policies], inline: {name: policy document},
  customer: {name: policy document}, trust: [actions], trusts: [further ARNs], source: condition, boundary:
  document}``. A role that a profile or domain names and that is not listed is made as an ordinary one, which SageMaker
  may assume for its own account; ``source: {}`` lets it assume the role for any. ``missing_roles`` are left out.
- ``identity_center: {region, users: [user names, or {name, disabled: true}], groups: {name: [user names]}, unassigned:
  [user names], open: true}``; it is the instance that domains with AuthMode SSO name, ``INSTANCE``. Their applications
  are assigned to the groups, and to the users that are in none and are not ``unassigned``; or ``open`` to all.
- ``vpcs``: NAME → ``{region, default, zones, public, …}``, see ``simulated_networks``
- ``trails``: ``{name, region, multi_region, logging, management, validation, kms_key, filters: [patterns],
  alarms: [{filter: number, threshold, actions}]}``, the last two of metric filters of a log group that it writes to,
  and of alarms on what they count, with a threshold of 1 and an action unless told otherwise; ``log_groups``:
  ``{region, days, name}``, Studio's by default.
- ``event_rules``: ``{name, region, pattern, state, targets: number}``
- ``sign_ins`` of a domain: ``{profile, by, days_ago, times, error}``, where ``by`` is ``user/NAME``,
  ``role/ROLE/SESSION``, ``lambda/ROLE/FUNCTION``, ``sso/PERMISSIONSET/PERSON`` or ``service/NAME``.
- ``changes`` of a domain: calls that CloudTrail recorded, ``{call, by, request, days_ago, error}``; nothing of the
  account changes with them. ``via: cloudformation.amazonaws.com`` says which service made the call for somebody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import moto.backends as moto_backends

from auditor.errors import ConfigError
from auditor.simulator.wire import DAY, today
from auditor.studio.partitions import HOME_REGIONS, partition_of
from auditor.studio.trails import STUDIO_LOG_GROUP

DEFAULT_TRUST = ("sts:AssumeRole", "sts:SetSourceIdentity")
#: CPU instances; Canvas' own is called system.
_TYPES = ["ml.t3.*", "ml.m5.*", "ml.m7i.*", "ml.c5.*", "ml.c7i.*", "system"]
_JOB_KEYS = ("VpcSubnets", "VpcSecurityGroupIds", "VolumeKmsKey", "OutputKmsKey")
#: What an ordinary execution role of the estates may do: JupyterLab and Code Editor apps, training, its own bucket.
_ORDINARY: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "sagemaker:CreateApp",
            "Resource": [f"arn:aws:sagemaker:*:*:app/*/*/{kind}/*" for kind in ("jupyterlab", "codeeditor", "canvas")],
            "Condition": {"ForAllValues:StringLike": {"sagemaker:InstanceTypes": _TYPES}},
        },
        # No job without a VPC and the team's keys.
        {
            "Effect": "Allow",
            "Action": "sagemaker:CreateTrainingJob",
            "Resource": "*",
            "Condition": {"Null": {f"sagemaker:{key}": "false" for key in _JOB_KEYS}},
        },
        {"Effect": "Allow", "Action": "sagemaker:Describe*", "Resource": "*"},
        {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::studio-data/*"},
    ],
}


def service_backend(service: str, account: str, region: str) -> Any:
    backend: Any = moto_backends.get_backend(service)  # type: ignore[call-overload]
    return backend[account][region]


def make_role(account: str, partition: str, entry: str | Mapping[str, Any]) -> str:
    """Make a role in moto's IAM of a partition; gives its ``path/name``."""
    given: Mapping[str, Any] = {"name": entry} if isinstance(entry, str) else entry
    path, _, name = str(given["name"]).rpartition("/")
    iam = service_backend("iam", account, partition)
    actions = list(given.get("trust", DEFAULT_TRUST))
    source = given.get("source", {"StringEquals": {"aws:SourceAccount": account}})
    trusting: list[dict[str, Any]] = [
        {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": actions}
        | ({"Condition": source} if source else {}),
        *({"Effect": "Allow", "Principal": {"AWS": arn}, "Action": actions} for arn in given.get("trusts") or ()),
    ]
    trust = {"Version": "2012-10-17", "Statement": trusting}
    boundary = None
    if given.get("boundary"):
        boundary = iam.create_policy("", "/", _policy(given["boundary"]), f"{name}-boundary", {}).arn
    iam.create_role(name, json.dumps(trust), f"/{path}/" if path else "/", boundary, "", [], "3600")
    policies = {"managed", "inline", "customer"} & set(given)
    inline = given.get("inline") or ({} if policies else {"studio": _in_partition(_ORDINARY, partition)})
    for policy, document in inline.items():
        iam.put_role_policy(name, policy, _policy(document))
    for policy in given.get("managed") or ():
        iam.attach_role_policy(_aws_managed(iam, account, partition, policy), name)
    for policy, document in (given.get("customer") or {}).items():
        made = iam.create_policy("", "/", _policy(document), policy, {})
        iam.attach_role_policy(made.arn, name)
    return str(given["name"])


def _in_partition(document: Mapping[str, Any], partition: str) -> Any:
    return json.loads(json.dumps(document).replace("arn:aws:", f"arn:{partition}:"))


def _policy(document: Mapping[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", **document})


def _aws_managed(iam: Any, account: str, partition: str, name: str) -> str:
    """ARN of an AWS managed policy, loaded from moto's copy of the real one. All of them would take seconds."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy

    data = json.loads(aws_managed_policies_data).get(name)
    if data is None:
        raise ConfigError(f"roles: there is no AWS managed policy {name!r}")
    policy = AWSManagedPolicy.from_data(name, account, HOME_REGIONS[partition], data)
    iam.managed_policies.setdefault(policy.arn, policy)
    return policy.arn


#: The instance of Identity Center that the account's domains use.
INSTANCE = "ssoins-0123456789abcdef"


class _Person:
    """moto's user with the status that its answers lack."""

    def __init__(self, user: Any, disabled: bool) -> None:
        self._user, self._status = user, "DISABLED" if disabled else "ENABLED"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._user, name)

    def _asdict(self) -> dict[str, Any]:
        return {**self._user._asdict(), "UserStatus": self._status}


def make_people(
    account: str, region: str, entry: Mapping[str, Any], regions: Iterable[str]
) -> tuple[str, list[tuple[str, str]]]:
    """Identity Center with its users, by user name: in one region, as AWS has it. moto has one in each.

    Gives the Region, and to whom applications are assigned, as (USER or GROUP, id).
    """
    place = str(entry.get("region", region))
    for other in set(regions) - {place}:
        service_backend("ssoadmin", account, other).instances.clear()
    (instance, *_) = service_backend("ssoadmin", account, place).instances
    instance.instance_arn = f"{instance.instance_arn.rpartition('/')[0]}/{INSTANCE}"
    store = service_backend("identitystore", account, place)
    for user in entry.get("users") or ():
        given: Mapping[str, Any] = {"name": user} if isinstance(user, str) else user
        _create_user(store, instance.identity_store_id, str(given["name"]), bool(given.get("disabled")))
    store_id = instance.identity_store_id
    ids = {user.UserName: id_ for id_, user in store.identity_stores[store_id].users.items()}
    groups: Mapping[str, list[str]] = entry.get("groups") or {}
    assigned = []
    for name, members in groups.items():
        group, _ = store.create_group(store_id, name, "")
        assigned.append(("GROUP", group))
        for member in members:
            store.create_group_membership(store_id, group, {"UserId": ids[member]})
    apart = {*(entry.get("unassigned") or ()), *(member for members in groups.values() for member in members)}
    return place, assigned + [("USER", id_) for name, id_ in ids.items() if name not in apart]


def _create_user(store: Any, store_id: str, user: str, disabled: bool) -> None:
    unset: Any = None
    user_id, _ = store.create_user(
        store_id, user, {"GivenName": user, "FamilyName": user}, user, unset, unset, unset, unset, unset, unset, unset,
        unset, unset, unset,
    )  # fmt: skip
    users = store.identity_stores[store_id].users
    users[user_id] = _Person(users[user_id], disabled)


def make_trail(account: str, region: str, entry: Mapping[str, Any]) -> None:
    """A CloudTrail trail with its bucket, logging unless told otherwise."""
    place = str(entry.get("region", region))
    bucket = f"trail-{account}"
    s3 = service_backend("s3", account, partition_of(place))
    if bucket not in s3.buckets:
        s3.create_bucket(bucket, place)
    cloudtrail = service_backend("cloudtrail", account, place)
    multi, name = bool(entry.get("multi_region", True)), str(entry["name"])
    validated, key = bool(entry.get("validation", True)), str(entry.get("kms_key", ""))
    group = ""
    if "filters" in entry:
        logs, log = service_backend("logs", account, place), f"trail/{name}"
        logs.create_log_group(log, {})
        group = f"{logs.groups[log].arn}:*"
        for number, pattern in enumerate(entry["filters"]):
            metric: Any = [{"metricName": f"m{number}", "metricNamespace": "trail", "metricValue": "1"}]
            logs.put_metric_filter(f"filter-{number}", pattern, log, metric)
    for entry_ in entry.get("alarms") or ():
        _make_alarm(account, place, entry_)
    cloudtrail.create_trail(name, bucket, "", "", True, multi, validated, False, group, "", key, [])
    if entry.get("logging", True):
        cloudtrail.start_logging(name)
    selector = {
        "ReadWriteType": entry.get("read_write", "All"),
        "IncludeManagementEvents": bool(entry.get("management", True)),
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
    cloudtrail.put_event_selectors(name, [selector], [])


def _make_alarm(account: str, place: str, entry: Mapping[str, Any]) -> None:
    """An alarm on what a trail's metric filter counts, in one period of five minutes."""
    actions = [f"arn:{partition_of(place)}:sns:{place}:{account}:alerts"] if entry.get("actions", True) else []
    service_backend("cloudwatch", account, place).put_metric_alarm(
        name=f"alarm-{entry['filter']}", namespace="trail", metric_name=f"m{entry['filter']}",
        comparison_operator="GreaterThanOrEqualToThreshold", evaluation_periods=1, period=300,
        threshold=float(entry.get("threshold", 1)), statistic="Sum", description="", dimensions=[],
        alarm_actions=actions,
    )  # fmt: skip


def make_log_group(account: str, region: str, entry: Mapping[str, Any], created: float) -> None:
    """A log group, Studio's by default; ``days`` 0 or absent keeps it for ever."""
    logs, name = service_backend("logs", account, str(entry.get("region", region))), entry.get("name", STUDIO_LOG_GROUP)
    logs.create_log_group(name, {})
    logs.groups[name].creation_time = datetime.fromtimestamp(created, UTC).replace(tzinfo=None)
    if entry.get("days"):
        logs.put_retention_policy(name, int(entry["days"]))


def make_event_rule(account: str, region: str, entry: Mapping[str, Any]) -> None:
    """A rule of the default event bus, with one target unless told otherwise."""
    place, name = str(entry.get("region", region)), str(entry["name"])
    events_ = service_backend("events", account, place)
    events_.put_rule(name, event_pattern=json.dumps(entry["pattern"]), state=entry.get("state", "ENABLED"))
    targets = [
        {"Id": f"t{n}", "Arn": f"arn:{partition_of(place)}:sns:{place}:{account}:alerts"}
        for n in range(entry.get("targets", 1))
    ]
    if targets:
        events_.put_targets(name, None, targets)


def events(account: str, region: str, domain_id: str, entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """CreatePresignedDomainUrl events as CloudTrail writes them, newest first."""
    request = {"domainId": domain_id, "userProfileName": str(entry["profile"])}
    signed_in = {"call": "CreatePresignedDomainUrl", "request": request, **entry}
    return [_event(account, region, signed_in, number) for number in range(int(entry.get("times", 1)))]


def change(account: str, region: str, domain_id: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The event of a call that changed something, as CloudTrail writes it: names of members begin in lower case."""
    members = {"DomainId": domain_id, **(entry.get("request") or {})}
    if entry["call"] == "CreateDomain":
        del members["DomainId"]
    return _event(account, region, {**entry, "request": _camel(members)}, 0)


def _camel(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {f"{name[:1].lower()}{name[1:]}": _camel(inner) for name, inner in value.items()}
    return [_camel(one) for one in value] if isinstance(value, list) else value


def _event(account: str, region: str, entry: Mapping[str, Any], number: int) -> dict[str, Any]:
    name, by, request = str(entry["call"]), str(entry["by"]), entry["request"]
    said = json.dumps(request, sort_keys=True)
    digest = hashlib.sha256(f"{name}{said}{by}{number}{entry.get('days_ago')}".encode()).hexdigest()
    event_id = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
    via = {"invokedBy": entry["via"]} if entry.get("via") else {}
    return {
        "EventId": event_id,
        "EventName": name,
        "ReadOnly": "false",
        "EventTime": today() - DAY * float(entry.get("days_ago", 1)) - 3_600 * number,
        "EventSource": "sagemaker.amazonaws.com",
        "Username": by.rpartition("/")[2],
        "Resources": [],
        "_detail": {
            "eventVersion": "1.11",
            "userIdentity": {**identity(account, region, by), **via},
            "eventSource": "sagemaker.amazonaws.com",
            "eventName": name,
            "awsRegion": region,
            "sourceIPAddress": "203.0.113.7",
            "userAgent": "console.amazonaws.com",
            "requestParameters": request,
            "responseElements": None,
            "eventID": event_id,
            "readOnly": False,
            "eventType": "AwsApiCall",
            "managementEvent": True,
            "recipientAccountId": account,
            "eventCategory": "Management",
            **({"errorCode": entry["error"], "errorMessage": "denied"} if entry.get("error") else {}),
        },
    }


def identity(account: str, region: str, by: str) -> dict[str, Any]:
    """CloudTrail's userIdentity for the estate's short form."""
    arn = f"arn:{partition_of(region)}"
    kind, _, rest = by.partition("/")
    if kind == "service":
        return {"type": "AWSService", "invokedBy": rest}
    if kind == "user":
        return {"type": "IAMUser", "principalId": "AIDASIMULATED", "arn": f"{arn}:iam::{account}:user/{rest}",
                "accountId": account, "userName": rest}  # fmt: skip
    role, _, session = rest.partition("/")
    path = ""
    if kind == "sso":
        role, path = f"AWSReservedSSO_{role}_0123456789abcdef", "aws-reserved/sso.amazonaws.com/"
    scope: dict[str, Any] = {}
    if kind == "lambda":
        function = f"{arn}:lambda:{region}:{account}:function:{session}"
        scope["inScopeOf"] = {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": function}
    return {
        **scope,
        "type": "AssumedRole",
        "principalId": f"AROASIMULATED:{session}",
        "arn": f"{arn}:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "arn": f"{arn}:iam::{account}:role/{path}{role}", "userName": role},
            "attributes": {"mfaAuthenticated": "false"},
        },
    }
