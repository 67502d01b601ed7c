"""The form of an estate's file: what it may hold, before anything is made of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.studio.partitions import partition_of

#: Partitions whose accounts can be simulated: moto, beneath, has every service that is asked in them.
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
#: What stands at the top of the file.
KEYS = {
    "about", "account", "aws_managed_keys", "cost_tags", "created", "domains", "event_rules", "identity_center",
    "image_versions", "keys_without_rotation", "lifecycle_configs", "log_groups", "missing_roles", "mlflow",
    "mlflow_apps", "partner_apps", "quotas", "region", "roles", "trails", "vpcs",
}  # fmt: skip
_ENTRIES = "entries with members"
_LISTS: Mapping[str, tuple[Any, str]] = {
    "roles": (str | dict, "names, or entries with members"), "missing_roles": (str, "names"),
    "aws_managed_keys": (str, "ids or ARNs"), "keys_without_rotation": (str, "ids or ARNs"),
    **dict.fromkeys(("domains", "event_rules", "image_versions", "lifecycle_configs", "log_groups", "mlflow",
                    "mlflow_apps", "partner_apps", "quotas", "trails"), (dict, _ENTRIES)),
}  # fmt: skip


def form_problem(data: Mapping[str, Any]) -> str:
    """What is of the wrong kind or cannot be simulated; empty where nothing is. The API's own members are checked when
    they are used."""
    if not re.fullmatch(r"\d{12}", str(data.get("account", "123456789012"))):
        return "account: twelve digits, in quotes"
    if not isinstance(data["region"], str):
        return "region: a name"
    vpcs = data.get("vpcs") or {}
    if not isinstance(vpcs, dict) or not all(isinstance(v, dict | None) for v in vpcs.values()):
        return "vpcs: names, each with its options"
    if not isinstance(data.get("identity_center") or {}, dict):
        return "identity_center: region and users"
    for key, (kind, what) in _LISTS.items():
        entries = data[key] if key == "domains" else data.get(key) or []
        if not is_list_of(entries, kind):
            return f"{key}: a list of {what}"
    for domain in data["domains"]:
        for key, kinds in (("profiles", str | dict), ("spaces", dict), ("apps", dict), ("sign_ins", dict),
                           ("changes", dict)):  # fmt: skip
            if not is_list_of(domain.get(key) or [], kinds):
                return f"{key} of domain {domain.get('DomainName')}: a list of entries"
    return region_problem(data)


def region_problem(data: object, partitions: Sequence[str] = PARTITIONS) -> str:
    """Which Region that stands in there, wherever, cannot be simulated: one of a partition that moto, beneath, lacks
    services in, or of another than the first one is in, since an account is in one. Empty where all can.
    ``partitions``: those that can be."""
    first = ""
    for region in _regions(data):
        if (partition := partition_of(region)) not in partitions:
            known = ", ".join(partitions)
            return f"region {region} is in {partition}; only accounts of {known} can be simulated"
        first = first or region
        if partition != partition_of(first):
            return f"{first} and {region} are in two partitions, and an account is in one"
    return ""


def _regions(data: object) -> Iterator[str]:
    """Every Region that an estate names, wherever."""
    if isinstance(data, Mapping):
        for key, value in data.items():
            if key == "region" and isinstance(value, str):
                yield value
            else:
                yield from _regions(value)
    elif isinstance(data, list):
        for value in data:
            yield from _regions(value)


def is_list_of(value: object, kinds: Any) -> bool:
    """Whether it is a list, and each of its entries of one of the types."""
    return isinstance(value, list) and all(isinstance(entry, kinds) for entry in value)
