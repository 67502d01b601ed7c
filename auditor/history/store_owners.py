"""Who owns the resources of a store's runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from auditor.errors import ConfigError, DamagedError
from auditor.history.stored_tables import checked
from auditor.model.owner import OwnedResource, OwnerRule, owner_of
from auditor.store.connection import connect
from auditor.store.manifest import Manifest
from auditor.store.runs import RunStore
from auditor.store.store_tables import RESOURCES
from auditor.store.unpack import REPORT_LIMIT, blocks
from auditor.temporary_files import workspace

#: Types of resources that can have tags; the tags of all others are none.
_TAGGED = frozenset({"domain", "user_profile", "space", "app"})


def store_owners(store: RunStore, runs: Sequence[Manifest], rules: Sequence[OwnerRule]) -> dict[str, str]:
    """Owner by key (account/region/type/id) of every resource of the runs, the oldest first: the last one counts.

    Raises DamagedError for a table that cannot be read.
    """
    found: dict[str, str] = {}
    for run in runs:
        files = run.tables.get(RESOURCES.name, ())
        if files and rules:
            with workspace("owners") as folder:
                rows = (
                    connect()
                    .execute(
                        "select key, type, account, domain_id, domain_name, name, tags::JSON::VARCHAR,"
                        " settings ->> 'sso_user', settings ->> 'owner_key', settings ->> 'user_profile_name',"
                        f" settings ->> 'space_name', region from {checked(store, files, folder, RESOURCES)}"
                    )
                    .fetchall()
                )
            found |= _owners(rows, _units(store, run), rules)
    return found


def _owners(rows: Sequence[tuple[Any, ...]], units: Mapping[str, str], rules: Sequence[OwnerRule]) -> dict[str, str]:
    users = {row[0]: row[7] or "" for row in rows if row[1] == "user_profile"}
    spaces = {row[0]: users.get(row[8] or "", "") for row in rows if row[1] == "space"}
    made = {}
    for key, type_, account, domain_id, domain_name, name, tags, _, _, profile, space, region in rows:
        user = users.get(key) or spaces.get(key, "")
        if type_ == "app":
            place = f"{account}/{region}"
            user = users.get(f"{place}/user_profile/{domain_id}/{profile}", "") if profile else ""
            user = user or (spaces.get(f"{place}/space/{domain_id}/{space}", "") if space else "")
        read = msgspec.json.decode(tags, type=dict[str, str]) if tags else None
        if read is None and type_ not in _TAGGED:
            read = {}
        resource = OwnedResource(
            account, domain_id or "", domain_name or "", name or "", read, user, units.get(account, "")
        )
        made[key] = owner_of(rules, resource)
    return made


class _Account(msgspec.Struct):
    id: str
    ou: str = ""


class _Report(msgspec.Struct):
    accounts: tuple[_Account, ...] = ()


def _units(store: RunStore, run: Manifest) -> dict[str, str]:
    """Organizational units by account, as the run's report has them; none where it cannot be read."""
    kept = run.report("report.json.gz") or run.report("report.json")
    if kept is None:
        return {}
    with workspace("owners") as folder:
        try:
            (path,) = store.fetch([kept], folder)
            read = msgspec.json.decode(b"".join(blocks(path, REPORT_LIMIT)), type=_Report)
        except (ConfigError, DamagedError, msgspec.DecodeError, UnicodeDecodeError):
            return {}
    return {account.id: account.ou for account in read.accounts}
