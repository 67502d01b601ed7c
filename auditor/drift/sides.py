"""Both sides by name: the resources of the templates, and those of the account's snapshots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from auditor.drift.compared_settings import Facts, MalformedError, canonical, tree
from auditor.model.resource import ResourceRef, SnapshotInfo
from auditor.model.snapshot import ELSEWHERE, LANGUAGE_LIMITS, NUMBER, UNREAD, Gap, Kind, Record, Snapshot
from auditor.studio.resource_types import BY_KIND, STUDIO_KINDS
from auditor.studio.tools import made_by_unified_studio

#: Apps stay listed for a day after they are deleted (API_DescribeApp).
_GONE = "Deleted"


class Key(NamedTuple):
    """What finds a resource within an account and region. A profile's name stands in lower case, for AWS tells no two
    apart by case; ``inside`` is an app's owner and type."""

    account: str
    region: str
    domain: str
    name: str = ""
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Leaves:
    """The members that a document sets, by API path, in the form in which they are compared; ``raw`` as they stand
    there. ``malformed``: paths at which something stands that the API never gives."""

    values: Mapping[str, Any]
    raw: Mapping[str, Any]
    malformed: frozenset[str] = frozenset()


def leaves(record: Record, facts: Facts) -> Leaves:
    """The members that the record's document sets and that are compared."""
    values: dict[str, Any] = {}
    raw: dict[str, Any] = {}
    malformed: set[str] = set()
    pending = [(tree(record.kind), record.document)]
    while pending:
        node, document = pending.pop()
        for name, child in node.children.items():
            found = document.get(name)
            if found is None:
                continue
            member = child.leaf
            if member is None:
                if isinstance(found, Mapping):
                    pending.append((child, found))
                continue
            if facts.absent(member, found):
                continue
            raw[member.path] = found
            try:
                values[member.path] = canonical(member.read, found)
            except MalformedError:
                malformed.add(member.path)
    return Leaves(values, raw, frozenset(malformed))


def made_up(value: object) -> bool:
    """Whether a template's text stands for something that AWS makes up at deployment."""
    return isinstance(value, str) and "${" in value


@dataclass(frozen=True, slots=True)
class LiveFile:
    """A snapshot of an account, and how a report names its file."""

    info: SnapshotInfo
    snapshot: Snapshot


@dataclass(slots=True)
class Live:
    """The account's side. ``by_key`` holds its resources by kind, ``named`` its domains by name; ``nameless`` are
    domains whose name could not be seen, ``unified`` those whose resources SageMaker Unified Studio makes.
    ``incomplete``: account, region and kind whose list could not be read completely; ``unseen``: API paths that the SDK
    did not know, by kind.
    """

    by_key: dict[Kind, dict[Key, Record]] = field(default_factory=lambda: {kind: {} for kind in STUDIO_KINDS})
    named: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[str, list[Key]] = field(default_factory=lambda: defaultdict(list))
    nameless: list[Key] = field(default_factory=list)
    unified: set[Key] = field(default_factory=set)
    incomplete: set[tuple[str, str, str]] = field(default_factory=set)
    scopes: set[tuple[str, str]] = field(default_factory=set)
    unseen: dict[tuple[str, str, str], frozenset[str]] = field(default_factory=dict)
    gaps: dict[tuple[str, str, str, str], list[Gap]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, files: Sequence[LiveFile]) -> Live:
        found = cls()
        for file in files:
            found._take(file.snapshot)
        return found

    def _take(self, snapshot: Snapshot) -> None:
        places = {(s.account, s.region) for s in snapshot.header.scopes}
        self.scopes |= places
        listed: set[tuple[str, str]] = set()
        for record in snapshot.records:
            if record.kind == "account_region":
                listed.add((record.account, record.region))
                self.incomplete |= {(record.account, record.region, g) for g in record.gaps if g in STUDIO_KINDS}
            elif record.kind in self.by_key and record.document.get("Status") != _GONE:
                key = live_key(record)
                self.by_key[record.kind][key] = record
                if record.kind == "domain":
                    self._domain(key, record)
        missing = [k for k in STUDIO_KINDS if k not in snapshot.header.kinds]
        for account, region in places:
            self.incomplete |= {(account, region, k) for k in missing}
            if (account, region) not in listed:
                self.incomplete |= {(account, region, k) for k in STUDIO_KINDS}
            for kind in STUDIO_KINDS:
                paths = frozenset(u.path for u in snapshot.header.unseen if u.kind == kind)
                if paths:
                    self.unseen[account, region, kind] = paths
        for gap in snapshot.gaps:
            self.gaps[gap.account, gap.region, gap.resource_type, gap.resource_id].append(gap)

    def _domain(self, key: Key, record: Record) -> None:
        self.ids[key.domain].append(key)
        name = record.document.get("DomainName")
        if isinstance(name, str):
            self.named[name].append(key)
        else:
            self.nameless.append(key)
        if made_by_unified_studio(record.document.get("DomainSettings")):
            self.unified.add(key)

    def domain_of(self, key: Key) -> Record | None:
        return self.by_key["domain"].get(Key(key.account, key.region, key.domain))

    def complete(self, key: Key, kind: Kind) -> bool:
        """Whether the list of a kind was read completely where the key lies."""
        return (key.account, key.region, kind) not in self.incomplete

    def reason(self, record: Record, setting: str) -> str:
        """Why a member of a record could not be seen."""
        own = self.gaps.get((record.account, record.region, record.kind, record.id), [])
        for gap in (*own, *self.gaps.get((record.account, record.region, record.kind, "*"), [])):
            if gap.setting in ("*", setting) or setting == "*" or setting.startswith(f"{gap.setting}."):
                return f"{gap.operation}: {gap.reason.replace('_', ' ')}"
        return "it is unknown in the account"


def live_key(record: Record) -> Key:
    """The key of an account's resource, from its id."""
    domain, _, rest = record.id.partition("/")
    if record.kind == "app":
        owner, name, type_, app = (*rest.split("/", 3), "", "", "", "")[:4]
        return app_key(Key(record.account, record.region, domain), owner, name, type_, app)
    name = rest.casefold() if record.kind == "user_profile" else rest
    return Key(record.account, record.region, domain, name)


def app_key(domain: Key, owner: str, name: str, type_: str, app: str) -> Key:
    """The key of an app of a profile or a space (``owner``) of that name."""
    return domain._replace(name=app, inside=f"{owner}/{name.casefold() if owner == 'profile' else name}/{type_}")


@dataclass(slots=True)
class Templates:
    """The templates' side. ``details``: why a member is unknown, by root, kind, id and API path; ``innate``: what a
    root's language cannot express, by root and kind; ``unread``: what could not be read, so that it may define more."""

    records: dict[Kind, list[Record]] = field(default_factory=lambda: {kind: [] for kind in STUDIO_KINDS})
    by_address: dict[tuple[str, str], Record] = field(default_factory=dict)
    roles: dict[tuple[str, str], Record] = field(default_factory=dict)
    details: dict[tuple[str, str, str, str], str] = field(default_factory=dict)
    innate: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    unread: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, snapshot: Snapshot) -> Templates:
        found = cls()
        for record in snapshot.records:
            if record.kind in found.records:
                found.records[record.kind].append(record)
            if record.kind == "domain":
                found.by_address[record.account, record.id] = record
            elif record.kind == "role":
                found.roles[record.account, record.id] = record
        for gap in snapshot.gaps:
            if gap.reason in LANGUAGE_LIMITS:
                found.innate[gap.account, gap.resource_type].add(gap.setting)
            elif gap.resource_type == "template" and gap.reason in (UNREAD, ELSEWHERE):
                found.unread.append(gap.resource_id)
            else:
                found.details[gap.account, gap.resource_type, gap.resource_id, gap.setting] = gap.detail
        return found

    def reason(self, record: Record, setting: str) -> str:
        """Why a member of a record is unknown."""
        for path in _upwards(setting):
            detail = self.details.get((record.account, record.kind, record.id, path))
            if detail:
                return detail
        whole = (self.details.get((record.account, record.kind, record.id, path)) for path in ("*", NUMBER))
        return next((detail for detail in whole if detail), "it is not known before deployment")

    def gaps(self, record: Record) -> tuple[tuple[str, ...], frozenset[str]]:
        """Paths of a record that are unknown, and those that only its language cannot express, so that nothing in the
        template sets them."""
        innate = self.innate.get((record.account, record.kind), set())
        cannot = frozenset(
            g for g in record.gaps
            if g in innate and (record.account, record.kind, record.id, g) not in self.details
        )  # fmt: skip
        return tuple(g for g in record.gaps if g not in cannot), cannot


def _upwards(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition(".")[0]


def covering(gaps: Iterable[str], path: str) -> str | None:
    """The gap that leaves a path open, which no document holds: its own, one of what it lies in, or of all."""
    return next((g for g in gaps if g == "*" or g == path or path.startswith(f"{g}.")), None)


def reference(record: Record, domain: Record | None) -> ResourceRef:
    """A record as reports name it; ``domain`` is the one that it lies in."""
    document, place = record.document, record.place
    name = document.get(BY_KIND[record.kind].name_member)
    if not isinstance(name, str) or not name:
        name = record.id.rpartition("/")[2]
    domain_id = document.get("DomainId") or (record.id.partition("/")[0] if place is None else "")
    domain_name = domain.document.get("DomainName", "") if domain is not None else ""
    return ResourceRef(
        type=record.kind, id=record.id, name=name, account=record.account, region=record.region,
        arn=str(document.get(BY_KIND[record.kind].arn_member, "")), domain_id=str(domain_id),
        domain_name=str(domain_name),
        file=place.file if place else "", line=place.line if place else None,
        construct=place.construct if place else "",
    )  # fmt: skip
