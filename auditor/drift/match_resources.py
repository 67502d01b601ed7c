"""Which resource of a template is which of the account. What cannot be told is said, never guessed.

A domain is looked for by its name, in all of the snapshots where the template does not say in which account and region
it is deployed. What lies in a domain is looked for in the domain that was found.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from auditor.drift.sides import Key, Live, Templates, app_key, made_up
from auditor.model.snapshot import MAY_NOT_EXIST, NUMBER, Kind, Record
from auditor.studio.resource_types import BY_KIND, STUDIO_KINDS
from auditor.studio.tools import AWS_PROFILE

_MANY = 3
#: The part of an app's key that says whose it is, and the member that names its owner.
_OWNERS = (("space", "SpaceName"), ("profile", "UserProfileName"))


@dataclass(slots=True)
class Matches:
    """``pairs``: a resource of the templates, and the same in the account. ``maybe``: the account's resources that a
    template may define, and why nobody can tell; ``only`` those that none defines."""

    pairs: list[tuple[Record, Record]] = field(default_factory=list)
    not_deployed: list[Record] = field(default_factory=list)
    unmatched: list[tuple[Record, str]] = field(default_factory=list)
    only: list[Record] = field(default_factory=list)
    maybe: list[tuple[Record, str]] = field(default_factory=list)
    out_of_scope: int = 0


@dataclass(frozen=True, slots=True)
class _Found:
    """Where a template's domain is: ``key`` of the account's, or None with ``absent`` where it is not deployed, else
    ``reason`` says why nobody can tell."""

    key: Key | None = None
    absent: bool = False
    reason: str = ""


def match(templates: Templates, live: Live) -> Matches:
    """Match everything. The order of the lists is that of the snapshots."""
    return _Matcher(templates, live).run()


class _Matcher:
    def __init__(self, templates: Templates, live: Live) -> None:
        self._templates, self._live = templates, live
        self._out = Matches()
        self._domains: dict[tuple[str, str], _Found] = {}
        self._taken: dict[Kind, set[Key]] = {kind: set() for kind in STUDIO_KINDS}
        #: Why a resource of the account may be a template's: any of a kind, any of a kind in a domain, that very one,
        #: any of a kind and name.
        self._any: dict[Kind, str] = {}
        self._in_domain: dict[tuple[Kind, Key], str] = {}
        self._keys: dict[tuple[Kind, Key], str] = {}
        self._names: dict[tuple[Kind, str], str] = {}

    def run(self) -> Matches:
        self._match_domains()
        for kind in STUDIO_KINDS[1:]:
            for record in self._templates.records[kind]:
                self._inside(kind, record)
        self._rest()
        return self._out

    # Domains

    def _match_domains(self) -> None:
        found: dict[tuple[str, str], list[Key]] = {}
        for record in self._templates.records["domain"]:
            name = _name(record)
            if name is not None:
                keys = [k for k in self._live.named.get(name, ()) if _may_lie_at(record, k)]
                found[record.account, record.id] = keys
        wanted = Counter(key for keys in found.values() for key in keys)
        for record in self._templates.records["domain"]:
            address = record.account, record.id
            result = self._domain(record, found.get(address), wanted)
            self._domains[address] = result
            if result.key is not None:
                self._take("domain", record, result.key)
            elif result.absent:
                self._missing(record)
            else:
                self._out.unmatched.append((record, result.reason))

    def _domain(self, record: Record, keys: list[Key] | None, wanted: Mapping[Key, int]) -> _Found:
        if keys is None:
            reason = f"its name is not known: {self._templates.reason(record, 'DomainName')}"
            if "DomainName" not in record.gaps and "*" not in record.gaps:
                shown = record.document.get("DomainName")
                reason = f"its name is made up at deployment{f': {shown}' if shown else ''}"
            self._any.setdefault("domain", f"the name of {record.id} in {_file(record)} is not known")
            return _Found(reason=reason)
        if len(keys) > 1:
            for key in keys:
                self._keys["domain", key] = (
                    f"{record.id} in {_file(record)} may be this domain or another with this name"
                )
            shown = ", ".join(f"{k.domain} in {k.account}/{k.region}" for k in keys[:_MANY])
            more = f" and {len(keys) - _MANY} more" if len(keys) > _MANY else ""
            return _Found(reason=f"ambiguous: {len(keys)} domains have its name: {shown}{more}")
        if keys and wanted[keys[0]] > 1:
            self._keys["domain", keys[0]] = f"{wanted[keys[0]]} domains of the templates have its name"
            return _Found(
                reason=f"ambiguous: {wanted[keys[0]]} domains of the templates have its name, and the account has one"
            )
        if keys:
            return _Found(keys[0])
        places = sorted(s for s in self._live.scopes if _may_lie_at(record, Key(*s, "")))
        if not places:
            return _Found(reason="the snapshot does not hold the account and region that it is deployed in")
        unlisted = [s for s in places if (*s, "domain") in self._live.incomplete]
        if unlisted:
            return _Found(reason=f"the domains of {'/'.join(unlisted[0])} could not all be listed")
        if self._live.nameless:
            for key in self._live.nameless:
                self._keys["domain", key] = "its name is unknown"
            return _Found(reason="the names of some of the account's domains are unknown")
        return _Found(absent=True)

    # What lies in them

    def _inside(self, kind: Kind, record: Record) -> None:
        found = self._where_is(record)
        name = self._key_of(kind, record)
        if found.key is None:
            if found.absent:
                self._missing(record)
            else:
                self._out.unmatched.append((record, found.reason))
                self._open(kind, record, name)
            return
        if name is None:
            member = next(m for m in _members(kind, record) if not _plain(record, m))
            detail = self._templates.reason(record, member)
            if member not in record.gaps and "*" not in record.gaps:
                detail = str(record.document.get(member) or "it is made up at deployment")
            self._out.unmatched.append((record, f"its {member} is not known: {detail}"))
            self._in_domain[kind, found.key] = f"{record.id} in {_file(record)} has a name that is not known"
            return
        key = name._replace(account=found.key.account, region=found.key.region, domain=found.key.domain)
        if key in self._live.by_key[kind]:
            self._take(kind, record, key)
        elif not self._live.complete(key, kind):
            self._out.unmatched.append((record, f"the list of the account's {kind.replace('_', ' ')}s is incomplete"))
        else:
            self._missing(record)

    def _where_is(self, record: Record) -> _Found:
        """Where the domain of a profile, space or app is."""
        id_ = record.document.get("DomainId")
        if isinstance(id_, str) and (record.account, id_) in self._domains:
            found = self._domains[record.account, id_]
            return found if found.key or found.absent else _Found(reason=f"its domain: {found.reason}")
        if not isinstance(id_, str) or not id_.startswith("d-") or made_up(id_):
            return _Found(reason=f"its domain is not known: {self._templates.reason(record, 'DomainId')}")
        keys = [k for k in self._live.ids.get(id_, ()) if _may_lie_at(record, k)]
        if len(keys) == 1:
            return _Found(keys[0])
        if keys:
            return _Found(reason=f"ambiguous: {len(keys)} snapshots hold a domain {id_}")
        return _Found(reason=f"its domain {id_} is not in the snapshot")

    def _key_of(self, kind: Kind, record: Record) -> Key | None:
        """The record's key without its place; None where a part of it is not known."""
        if not all(_plain(record, member) for member in _members(kind, record)):
            return None
        name = str(record.document[BY_KIND[kind].name_member])
        if kind != "app":
            return Key("", "", "", name.casefold() if kind == "user_profile" else name)
        owner, member = next((o, m) for o, m in _OWNERS if m in _members(kind, record))
        return app_key(Key("", "", ""), owner, record.document[member], record.document["AppType"], name)

    # Results

    def _take(self, kind: Kind, record: Record, key: Key) -> None:
        self._taken[kind].add(key)
        self._out.pairs.append((record, self._live.by_key[kind][key]))

    def _missing(self, record: Record) -> None:
        if {MAY_NOT_EXIST, NUMBER} & set(record.gaps):
            doubt = self._templates.reason(record, "*")
            self._out.unmatched.append(
                (record, f"the account has none such, and it may not be deployed at all: {doubt}")
            )
        else:
            self._out.not_deployed.append(record)

    def _open(self, kind: Kind, record: Record, name: Key | None) -> None:
        """A record whose domain is not known may be any of that name."""
        id_ = record.document.get("DomainId")
        if isinstance(id_, str) and id_.startswith("d-") and not self._live.ids.get(id_):
            return
        reason = f"it may be {record.id} in {_file(record)}, of which the domain is not known"
        if name is None:
            self._any.setdefault(kind, f"neither name nor domain of {record.id} in {_file(record)} are known")
        else:
            self._names[kind, f"{name.inside}/{name.name}"] = reason

    def _rest(self) -> None:
        """What of the account no template was matched with."""
        unread = self._templates.unread
        whole = f"{unread[0]} could not be read and may define it" if unread else ""
        for kind in STUDIO_KINDS:
            for key, record in self._live.by_key[kind].items():
                if key in self._taken[kind]:
                    continue
                domain = Key(key.account, key.region, key.domain)
                if domain in self._live.unified or _is_aws_own(kind, key):
                    self._out.out_of_scope += 1
                    continue
                reason = next((r for r in self._doubts(kind, key, domain) if r), whole)
                if reason:
                    self._out.maybe.append((record, reason))
                else:
                    self._out.only.append(record)

    def _doubts(self, kind: Kind, key: Key, domain: Key) -> Iterator[str]:
        yield self._keys.get((kind, key), "")
        yield self._names.get((kind, f"{key.inside}/{key.name}"), "")
        yield self._in_domain.get((kind, domain), "")
        yield self._any.get(kind, "")


def _is_aws_own(kind: Kind, key: Key) -> bool:
    """Whether it is the profile, or an app of the profile, under which AWS runs RStudio for a domain."""
    if kind == "app":
        return key.inside.startswith(f"profile/{AWS_PROFILE}/")
    return kind == "user_profile" and key.name == AWS_PROFILE


def _may_lie_at(record: Record, key: Key) -> bool:
    """Whether the template's resource may be deployed in the account and region of the key."""
    place = record.place
    return place is None or (place.account in ("", key.account) and place.region in ("", key.region))


def _name(record: Record) -> str | None:
    """A domain's name where it is known."""
    return str(record.document["DomainName"]) if _plain(record, "DomainName") else None


def _plain(record: Record, member: str) -> bool:
    value = record.document.get(member)
    return isinstance(value, str) and bool(value) and not made_up(value)


def _members(kind: Kind, record: Record) -> tuple[str, ...]:
    """The members that name a resource within its domain."""
    if kind != "app":
        return (BY_KIND[kind].name_member,)
    owner = "SpaceName" if "SpaceName" in record.document or "SpaceName" in record.gaps else "UserProfileName"
    return (owner, "AppType", "AppName")


def _file(record: Record) -> str:
    return record.place.file if record.place is not None else record.account
