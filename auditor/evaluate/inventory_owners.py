"""Owners in the inventory as ``owners:`` says, instead of by the tags that the rule about owners reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from auditor.model.inventory import InventoryTable
from auditor.model.owner import UNOWNED, OwnedResource, OwnerRule, owner_of
from auditor.model.report import Report


def with_owners(report: Report, rules: Sequence[OwnerRule]) -> Report:
    """The report with the owners of its inventory and its findings; as it is without rules or an inventory."""
    if report.inventory is None or not rules:
        return report
    tables = report.inventory.tables
    parents = {r.key: p for table in tables for r, p in zip(table.resources, table.parents, strict=True)}
    users = {
        resource.key: user or ""
        for table in tables
        for resource, user in zip(table.resources, _values(table, "sso_user"), strict=True)
        if table.type == "user_profile"
    }
    units = {account.id: account.ou for account in report.accounts}
    made = tuple(replace(table, owners=_owners(table, rules, users, parents, units)) for table in tables)
    of = {r.key: owner for table in made for r, owner in zip(table.resources, table.owners, strict=True)}
    findings = tuple(replace(f, owner=of.get(f.resource.key, UNOWNED)) for f in report.findings)
    return replace(report, findings=findings, inventory=replace(report.inventory, tables=made))


def _values(table: InventoryTable, name: str) -> Sequence[object]:
    column = next((c for c in table.columns if c.name == name), None)
    if column is None:
        return [None] * len(table.resources)
    return [column.values[code][0] for code in column.codes]


def _owners(
    table: InventoryTable, rules: Sequence[OwnerRule], users: Mapping[str, object], parents: Mapping[str, str],
    units: Mapping[str, str],
) -> tuple[str, ...]:  # fmt: skip
    tagged = any(c.name == "tags" for c in table.columns)
    found = []
    for resource, tags in zip(table.resources, _values(table, "tags"), strict=True):
        domain = (resource.id, resource.name) if table.type == "domain" else (resource.domain_id, resource.domain_name)
        read = {} if not tagged else {str(k): str(v) for k, v in tags.items()} if isinstance(tags, Mapping) else None
        user = _user(resource.key, users, parents)
        owned = OwnedResource(resource.account, *domain, resource.name, read, user, units.get(resource.account, ""))
        found.append(owner_of(rules, owned))
    return tuple(found)


def _user(key: str, users: Mapping[str, object], parents: Mapping[str, str]) -> str:
    """The user of the profile that a resource is, or hangs on; empty where it hangs on none."""
    for _ in range(4):
        if key in users:
            return str(users[key])
        key = parents.get(key, "")
    return ""
