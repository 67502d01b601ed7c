"""What of a document is compared: the mapping table's paths, with the defaults of the settings table.

Read-only members (ids, ARNs, times, states) are not in the mapping table, so they are not compared either.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.model.snapshot import Kind
from auditor.sql_text import literal
from auditor.store.connection import connect
from auditor.studio.resource_types import BY_KIND
from auditor.studio.setting import Setting
from auditor.studio.settings import (
    DOMAIN_SETTINGS,
    DOMAIN_SPACE_ROOT,
    DOMAIN_USER_ROOT,
    PROFILE_SETTINGS,
    SPACE_DEFAULT_SETTINGS,
    SPACE_SETTINGS,
    USER_PROFILE_ROOT,
    USER_SETTINGS,
)
from auditor.studio.side_roles import SIDE_ROLES
from auditor.studio.template_names import Read, rows

if TYPE_CHECKING:
    import duckdb

#: What a resource is found by, rather than a setting of it, and what AWS alone writes; of other kinds the name.
_IDENTITY: Mapping[str, frozenset[str]] = {
    "domain": frozenset({"DomainName", "HomeEfsFileSystemId"}),
    "user_profile": frozenset({"DomainId", "UserProfileName"}),
    "space": frozenset({"DomainId", "SpaceName"}),
    "app": frozenset({"DomainId", "UserProfileName", "SpaceName", "AppType", "AppName"}),
}
#: Members that AWS may choose where nobody sets them; no source says when it does. What the account has there may be
#: anybody's doing: it is not compared with a template that leaves it out.
CHOSEN_BY_AWS: Mapping[str, frozenset[str]] = {
    "domain": frozenset({"VpcId", "SubnetIds"}),
    "user_profile": frozenset(),
    # The size of its volume and its type, once an app has been started in it.
    "space": frozenset({"SpaceSettings.SpaceStorageSettings.EbsStorageSettings.EbsVolumeSizeInGb",
                        "SpaceSettings.AppType"}),
    "app": frozenset({"ResourceSpec.InstanceType"}),
}  # fmt: skip


class MalformedError(ValueError):
    """A value that is not what the API has there."""


@dataclass(frozen=True, slots=True)
class Undecided:
    """What stands where nobody sets anything is not known, and why."""

    reason: str


NO_SOURCE = Undecided("no source says what AWS does where it is not set")


@dataclass(frozen=True, slots=True)
class Compared:
    """A member that is compared. ``setting`` holds its default; without one it is unset by default. ``inherits``: the
    path in the domain's document that hands it down, empty where nothing does."""

    kind: Kind
    path: str
    read: Read
    setting: Setting | None
    inherits: str = ""


@dataclass(slots=True)
class Tree:
    """The members of a kind's documents, to walk one without asking for each."""

    leaf: Compared | None = None
    children: dict[str, Tree] = field(default_factory=dict)


def _settings(kind: Kind) -> Iterator[tuple[str, Setting, str]]:
    """Full path, setting, and the domain's path that hands it down."""
    if kind == "domain":
        yield from ((s.path, s, "") for s in DOMAIN_SETTINGS)
        yield from ((f"{DOMAIN_USER_ROOT}.{s.path}", s, "") for s in USER_SETTINGS)
        yield from ((f"{DOMAIN_SPACE_ROOT}.{s.path}", s, "") for s in SPACE_DEFAULT_SETTINGS)
    elif kind == "user_profile":
        yield from ((s.path, s, "") for s in PROFILE_SETTINGS)
        for s in USER_SETTINGS:
            # What is added up is set on either layer by itself: nothing of it is inherited in place of the profile's.
            handed = "" if s.merge == "union" else f"{DOMAIN_USER_ROOT}.{s.path}"
            yield f"{USER_PROFILE_ROOT}.{s.path}", s, handed
    elif kind == "space":
        yield from ((s.path, s, "") for s in SPACE_SETTINGS)


@cache
def compared(kind: Kind) -> Mapping[str, Compared]:
    """Members of a kind that are compared, by API path; tags are not among them."""
    known = {path: (setting, handed) for path, setting, handed in _settings(kind)}
    identity = _IDENTITY.get(kind, frozenset({BY_KIND[kind].name_member}))
    found = {}
    for row in rows(kind):
        side = row.path in SIDE_ROLES.get(kind, ())
        if row.read != "tags" and "[]" not in row.path and row.path not in identity and not side:
            setting, handed = known.get(row.path, (None, ""))
            found[row.path] = Compared(kind, row.path, row.read, setting, handed)
    return found


@cache
def tree(kind: Kind) -> Tree:
    """The same as a tree by member."""
    top = Tree()
    for path, member in compared(kind).items():
        node = top
        for name in path.split("."):
            node = node.children.setdefault(name, Tree())
        node.leaf = member
    return top


def concerns(kind: Kind, path: str) -> bool:
    """Whether what could not be seen at an API path is something that is compared, or holds or lies in such."""
    bare = path.split("[", 1)[0]
    return any(p == bare or p.startswith(f"{bare}.") or bare.startswith(f"{p}.") for p in compared(kind))


def canonical(read: Read, value: Any) -> Any:
    """A value in a form in which equal ones are equal: lists without order. Raises MalformedError."""
    match read:
        case "present":
            return True
        case "list" if isinstance(value, list | tuple) and all(isinstance(v, str) for v in value):
            return tuple(sorted(set(value)))
        case "items" if isinstance(value, list | tuple) and all(isinstance(v, Mapping) for v in value):
            return tuple(sorted({str(v.get("RepositoryUrl", "")) for v in value}))
        case "number" if isinstance(value, int) and not isinstance(value, bool):
            return value
        case "text" if isinstance(value, str):
            return value
    raise MalformedError(f"{read} expected")


class Facts:
    """What the settings table says in SQL: which values mean "not set", and the defaults. Answers are remembered."""

    def __init__(self) -> None:
        self._con: duckdb.DuckDBPyConnection | None = None
        self._absent: dict[tuple[str, str], bool] = {}
        self._defaults: dict[tuple[Kind, str], dict[str, Any]] = {}

    def _ask(self, sql: str) -> tuple[Any, ...]:
        if self._con is None:
            self._con = connect()
        row = self._con.execute(sql).fetchone()
        assert row is not None
        return row

    def absent(self, member: Compared, value: Any) -> bool:
        """Whether the value means that the member is not set here."""
        if member.setting is None or not member.setting.absent_when:
            return False
        if member.read == "present":
            # Only presence counts, so that one structure with a member is like any other.
            text = "'{}'::JSON" if value == {} else "'{\"a\":1}'::JSON"
        else:
            text = literal(value if isinstance(value, str) else json.dumps(value))
        key = (member.setting.absent_when, text)
        if key not in self._absent:
            self._absent[key] = bool(self._ask(f"select {member.setting.absent_when.format(text)}")[0])
        return self._absent[key]

    def default(self, member: Compared, created: str) -> Any:
        """AWS's value where nobody sets one, for a domain that was made then (RFC 3339, empty: not known)."""
        known = self._defaults.get((member.kind, created))
        if known is None:
            known = self._defaults[member.kind, created] = self._read(member.kind, created)
        return known[member.path]

    def _read(self, kind: Kind, created: str) -> dict[str, Any]:
        with_default = [m for m in compared(kind).values() if m.setting is not None]
        found: dict[str, Any] = {
            m.path: False if m.read == "present" else () if m.read in ("list", "items") else ""
            for m in compared(kind).values()
        }
        if with_default:
            moment = f"try_cast({literal(created)} as TIMESTAMP)"
            columns = ", ".join(m.setting.default for m in with_default if m.setting is not None)
            values = self._ask(f"select {columns} from (select {moment} as creation_time) d")
            for member, value in zip(with_default, values, strict=True):
                found[member.path] = NO_SOURCE if value is None else tuple(value) if isinstance(value, list) else value
        return found
