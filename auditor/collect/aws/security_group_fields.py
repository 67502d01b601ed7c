"""What is kept of a security group: its inbound rules, and of these where traffic may come from.

Descriptions are anybody's text, and outbound rules and other groups say nothing that an audit reads.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MEMBERS = ("GroupId", "GroupName", "VpcId")
_RULE = ("IpProtocol", "FromPort", "ToPort")
#: Members of a rule → the member of each item that says where traffic may come from.
_SOURCES = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId"}


def trimmed_group(group: Mapping[str, Any]) -> Mapping[str, Any]:
    """The group as a snapshot holds it. Raises where the answer is of another form than EC2's."""
    kept = {name: group[name] for name in _MEMBERS if name in group}
    return {**kept, "IpPermissions": [_rule(rule) for rule in group.get("IpPermissions") or ()]}


def _rule(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    kept = {name: rule[name] for name in _RULE if name in rule}
    return kept | {
        member: [{source: item[source]} for item in rule.get(member) or ()] for member, source in _SOURCES.items()
    }
