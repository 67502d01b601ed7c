"""What guards the networks of a root, as EC2 would describe it: VPC endpoints, flow logs, security groups.

In templates a group's rules, and in Terraform an endpoint's policy, may be resources of their own.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from auditor.collect.iac.interface import Resource, Unknown
from auditor.collect.iac.policy_text import policy_document
from auditor.collect.iac.scope import Scope, plain
from auditor.model.snapshot import Kind, Record

#: Members of a rule in a template → where EC2 has them.
_SOURCES = {
    "CidrIp": ("IpRanges", "CidrIp"), "CidrIps": ("IpRanges", "CidrIp"), "CidrIpv6": ("Ipv6Ranges", "CidrIpv6"),
    "CidrIpv6s": ("Ipv6Ranges", "CidrIpv6"), "PrefixListId": ("PrefixListIds", "PrefixListId"),
    "PrefixListIds": ("PrefixListIds", "PrefixListId"),
}  # fmt: skip


def told(scope: Scope) -> tuple[Kind, ...]:
    """Kinds of which the root says all that its own VPCs have: what may belong to any VPC leaves that open."""
    logs = not any(_log_target(scope, log) is None for log in scope.of("flow_log"))
    endpoints = not any(
        e.unsure or isinstance(scope.raw(e, "VpcId"), Unknown) or _service(scope, e) is None
        for e in scope.of("vpc_endpoint")
    )
    kinds: tuple[tuple[Kind, bool], ...] = (("flow_log", logs), ("vpc_endpoint", endpoints))
    return tuple(kind for kind, all_of_it in kinds if all_of_it)


def records(scope: Scope) -> list[Record]:
    """VPC endpoints, flow logs, security groups."""
    return [*_endpoints(scope), *_flow_logs(scope), *_security_groups(scope)]


# VPC endpoints


def _service(scope: Scope, endpoint: Resource) -> str | None:
    """The name of an endpoint's service. Its end tells the service, whatever Region stands before it."""
    value = scope.read(endpoint).members.get("ServiceName")
    if not isinstance(value, Unknown):
        return str(value or "")
    return next((t for t in (value.symbol, value.expression) if "${" in t and t[-1:].isalnum()), None)


def _endpoints(scope: Scope) -> list[Record]:
    policies: dict[str, Any] = {}
    loose: Unknown | None = None
    for resource in scope.of("endpoint_policy"):
        raw = scope.raw(resource, "VpcEndpointId")
        to = scope.address_of(raw, "vpc_endpoint")
        if to is not None:
            policies[to] = resource.unsure or scope.read(resource).members.get("PolicyDocument")
        elif isinstance(raw, Unknown):
            loose = raw
    found = []
    for endpoint in scope.certain("vpc_endpoint"):
        doc = scope.read(endpoint)
        vpc = scope.raw(endpoint, "VpcId")
        service = _service(scope, endpoint)
        if isinstance(vpc, Unknown) or service is None:
            continue  # ``told`` says that there may be one more
        members = {"VpcId": plain(doc.members.get("VpcId", "")), "ServiceName": service, "State": "available"}
        written = policies.get(endpoint.address, doc.members.get("PolicyDocument"))
        gaps: dict[str, Unknown] = {}
        if isinstance(written, Unknown) or (written is None and loose is not None):
            gaps["PolicyDocument"] = written if isinstance(written, Unknown) else Unknown(
                "", "whose policy it is cannot be told"
            )  # fmt: skip
        else:
            members["PolicyDocument"] = json.dumps(_DEFAULT if written is None else policy_document(written, scope))
        found.append(scope.record("vpc_endpoint", endpoint, endpoint.address, members, gaps, doc.lines))
    return found


#: The policy of an endpoint where none is written (VPC user guide, "Control access to VPC endpoints using endpoint
#: policies").
_DEFAULT = {
    "Version": "2008-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


# Flow logs


def _log_target(scope: Scope, log: Resource) -> str | None:
    """What a flow log records; "" where it is nothing of a domain's, None where that cannot be told."""
    if log.unsure is not None:
        return None
    members = scope.read(log).members
    for member in ("ResourceId", "VpcId", "SubnetId"):
        value = members.get(member)
        if isinstance(value, Unknown):
            return None
        if value:
            return str(value)
    return ""


def _flow_logs(scope: Scope) -> list[Record]:
    found = []
    for log in scope.certain("flow_log"):
        target = _log_target(scope, log)
        if target:
            found.append(scope.record("flow_log", log, log.address, {"ResourceId": target, "FlowLogStatus": "ACTIVE"}))
    return found


# Security groups


def _security_groups(scope: Scope) -> list[Record]:
    rules: dict[str, list[Any]] = defaultdict(list)
    loose: Unknown | None = None
    for resource in scope.of("security_group_rule"):
        members: Any = resource.unsure or scope.read(resource).members
        if isinstance(members, Mapping) and members.get("Type", "ingress") == "egress":
            continue
        raw = scope.raw(resource, "GroupId")
        to = scope.address_of(raw, "security_group")
        if to is not None:
            rules[to].append(members)
        elif isinstance(raw, Unknown):
            loose = Unknown(raw.expression, f"the security group of a rule cannot be told: {raw.reason}")
    found = []
    for group in scope.certain("security_group"):
        doc = scope.read(group)
        inline = doc.members.get("Rules")
        listed = [*(inline if isinstance(inline, list) else [] if inline is None else [inline]), *rules[group.address]]
        permissions = [_permission(rule) for rule in listed if isinstance(rule, Mapping)]
        record: dict[str, Any] = {"GroupName": group.address}
        unknown = next((rule for rule in listed if isinstance(rule, Unknown)), None) or loose
        gaps = {} if unknown is None else {"IpPermissions": unknown}
        if unknown is None or any(r for p in permissions for r in (*p["IpRanges"], *p["Ipv6Ranges"])):
            # What is known of it may be enough: a rule beside it takes nothing back.
            record["IpPermissions"] = permissions + ([] if unknown is None else [_NOBODY_KNOWS])
            gaps = {}
        found.append(scope.record("security_group", group, group.address, record, gaps, doc.lines))
    return found


#: A rule of which it is not known what it says.
_NOBODY_KNOWS = {"IpRanges": [{"CidrIp": "${}"}], "Ipv6Ranges": [], "PrefixListIds": []}


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A rule as EC2 has it. A block that is not known stands as text, which is no block."""
    made: dict[str, list[dict[str, str]]] = {"IpRanges": [], "Ipv6Ranges": [], "PrefixListIds": []}
    for member, (where, name) in _SOURCES.items():
        value = rule.get(member)
        for one in value if isinstance(value, list) else [value] if value else []:
            made[where].append({name: one.expression or "${}" if isinstance(one, Unknown) else str(one)})
    return made
