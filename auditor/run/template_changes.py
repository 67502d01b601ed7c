"""What deploying templates would make of snapshots: changes of what exists, and resources that are new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from auditor.drift.detect import load_live
from auditor.drift.match_resources import match
from auditor.drift.sides import Key as Place
from auditor.drift.sides import Live, LiveFile, Templates, made_up
from auditor.errors import CollectError, ConfigError
from auditor.model.paths import line_at
from auditor.model.snapshot import GLOBAL, MAY_NOT_EXIST, NUMBER, Record, Snapshot
from auditor.run.read_templates import read_templates
from auditor.run.run_options import TemplateOptions
from auditor.run.template_values import FIXED, Made, Values, nested, own_name
from auditor.store.snapshot_reader import Key, SnapshotReader
from auditor.studio.partitions import partition_of
from auditor.studio.resource_types import BY_KIND, STUDIO_KINDS
from auditor.whatif.changes import Change, Edit, Line, only_tags, partly_known, put, shown, tag, unknown, unknown_but
from auditor.whatif.consequences import NotTried

_OPTION = "--template"
_ONLY_STUDIO = "a what-if changes domains, user profiles, spaces and apps only"
#: What of a role's document a template says, and what AWS gives a domain when it is made.
_OF_ROLES = ("AssumeRolePolicyDocument", "AttachedManagedPolicies", "RolePolicyList", "PermissionsBoundary")
_MADE_BY_AWS = ("HomeEfsFileSystemId", "SingleSignOnApplicationArn", "SecurityGroupIdForDomainBoundary")
_ROLE_NAMES = frozenset({"Arn", "RoleName", "RoleId", "Path", "CreateDate"})


@dataclass(frozen=True, slots=True)
class TemplateChanges:
    """``made``: per snapshot, empty lines of the resources that are new; ``left``: what could not be laid over them."""

    changes: tuple[Change, ...]
    made: tuple[Mapping[Key, Line], ...]
    left: tuple[NotTried, ...]


def template_changes(paths: Sequence[Path], options: TemplateOptions, files: Sequence[Path]) -> TemplateChanges:
    """What the templates would change. Raises ConfigError where none of them can be read, with files and lines, or a
    snapshot is not of an account; SnapshotError."""
    for file in files:
        if SnapshotReader(file).header.source != "aws":
            raise ConfigError(
                f"--template: {file} is a snapshot of templates",
                hint="Lay a template over a snapshot of an account: auditor collect --snapshot FILE makes one.",
            )
    templates = _read(paths, options)
    live = load_live(files)
    # Whose resources they are says where they are deployed.
    if pseudo := _deployed_in(templates, live):
        templates = _read(paths, options, pseudo)
    return _Overlay(templates, live).run()


def _deployed_in(snapshot: Snapshot, files: tuple[LiveFile, ...]) -> dict[str, str]:
    """The pseudo parameters that follow from where the templates are deployed, as far as they are all deployed in one
    place: where the resources are that they define, or the only place that there is."""
    templates, live = Templates.of(snapshot), Live.of(files)
    found: dict[str, set[tuple[str, str]]] = {}
    for template, there in match(templates, live).pairs:
        found.setdefault(template.account, set()).add((there.account, there.region))
    roots = {record.account for record in snapshot.records if record.kind in STUDIO_KINDS}
    places = {place for root in roots for place in found.get(root, live.scopes)}
    values: dict[str, set[str]] = {
        "AWS::AccountId": {account for account, _ in places},
        "AWS::Region": {region for _, region in places},
        "AWS::Partition": {partition_of(region) for _, region in places},
    }
    return {name: one for name, those in values.items() if len(those) == 1 for one in those}


def _read(
    paths: Sequence[Path], options: TemplateOptions, pseudo: Mapping[str, str] = MappingProxyType({})
) -> Snapshot:
    try:
        return read_templates(paths, options, pseudo)
    except CollectError as error:
        # No audit was begun: it is the option that leads nowhere.
        raise ConfigError(f"--template: {error.message}", hint=error.hint) from error


class _Overlay:
    def __init__(self, snapshot: Snapshot, files: tuple[LiveFile, ...]) -> None:
        self._snapshot, self._files = snapshot, files
        self._templates, self._live = Templates.of(snapshot), Live.of(files)
        self._values = Values(self._templates, self._live, files)
        self._changes: list[Change] = []
        self._left: list[NotTried] = []
        self._made: list[dict[Key, Line]] = [{} for _ in files]
        #: Account, region and id of each domain of the templates, by root and address.
        self._domains: dict[tuple[str, str], tuple[str, str, str]] = {}

    def run(self) -> TemplateChanges:
        found = match(self._templates, self._live)
        for template, live in found.pairs:
            if template.kind == "domain":
                self._domains[template.account, template.id] = (live.account, live.region, live.id)
            self._pair(template, live)
        for record in sorted(found.not_deployed, key=lambda r: STUDIO_KINDS.index(r.kind)):
            self._new(record)
        for record, reason in found.unmatched:
            self._leave(record, reason)
        handled = set(self._roles())
        for record in self._snapshot.records:
            if record.kind not in (*STUDIO_KINDS, "account_region") and (record.account, record.id) not in handled:
                self._leave(record, _ONLY_STUDIO)
        for gap in self._snapshot.gaps:
            if gap.resource_type == "template":
                self._left.append(NotTried(_OPTION, gap.operation, gap.resource_id, gap.detail))
        return TemplateChanges(tuple(self._changes), tuple(self._made), tuple(self._left))

    # What exists

    def _pair(self, template: Record, live: Record) -> None:
        key = (live.account, live.region, live.kind, live.id)
        if {"*", MAY_NOT_EXIST, NUMBER} & set(template.gaps):
            self._open(key, template, self._templates.reason(template, "*"))
            return
        made = self._values.of_pair(template, live)
        if made.replaced:
            self._leave(template, f"no update changes {made.replaced}: deploying it makes another resource, or fails")
            return
        for path, reason in made.opened.items():
            at, certain = made.elements.get(path, ("", []))
            edit = partly_known(path, at, certain) if at else unknown(path, made.known_below(path))
            self._change(key, template, path, "".join(f"{one}, " for one in certain) + f"(unknown: {reason})", edit)
        for path, value in made.put.items():
            self._change(key, template, path, value, put(path, value))
        self._tags(key, template, live)

    def _open(self, key: Key, template: Record, reason: str) -> None:
        self._change(key, template, "all settings", f"(unknown: {reason})", unknown_but(FIXED))

    def _tags(self, key: Key, template: Record, live: Record) -> None:
        certain, whole = _tags(template)
        if not whole:
            self._change(key, template, "Tags", f"(unknown: {self._templates.reason(template, 'Tags')})",
                         only_tags(certain))  # fmt: skip
            return
        held = dict(live.tags or ())
        for name, value in certain.items():
            if held.get(name) != value:
                self._change(key, template, f"Tags.{name}", value, tag({name: value}))

    # What is new

    def _new(self, template: Record) -> None:
        where = self._place(template)
        if where is None:
            self._leave(template, "it is new, and the template does not say in which account and Region it will be")
            return
        account, region, domain = where
        made = self._values.of_new(template, (account, region))
        id_ = self._id(template, domain)
        key: Key = (account, region, template.kind, id_)
        number = next(
            n for n, file in enumerate(self._files)
            if any((s.account, s.region) == (account, region) for s in file.snapshot.header.scopes)
        )  # fmt: skip
        if key in self._made[number]:
            self._leave(template, "the templates define it twice")
            return
        line = self._line(key, template, made, self._files[number].info.as_of)
        self._made[number][key] = {**{n: line[n] for n in ("account", "region", "kind", "id")}, template.kind: {}}
        self._changes.append(
            Change(key, _origin(template, ""), f"new {_called(template)}", lambda _: deepcopy(line))
        )  # fmt: skip

    def _place(self, template: Record) -> tuple[str, str, str] | None:
        """Account, Region and domain's id of a new resource; None where nobody can tell."""
        address = str(template.document.get("DomainId"))
        if template.kind == "domain":
            at = template.place
            places = [
                (account, region) for account, region in sorted(self._live.scopes)
                if at is None or (at.account in ("", account) and at.region in ("", region))
            ]  # fmt: skip
            if len(places) != 1:
                return None
            taken = {place for place in self._domains.values() if place[:2] == places[0]}
            id_ = template.id if (*places[0], template.id) not in taken else f"{template.id}-{len(taken)}"
            self._domains[template.account, template.id] = (*places[0], id_)
            return (*places[0], id_)
        own = self._domains.get((template.account, address))
        if own is not None:
            return own
        known = self._live.ids.get(address, ())
        return (known[0].account, known[0].region, known[0].domain) if len(known) == 1 else None

    def _id(self, template: Record, domain: str) -> str:
        if template.kind == "domain":
            return domain
        name = template.document[BY_KIND[template.kind].name_member]
        if template.kind != "app":
            return f"{domain}/{name}"
        space = template.document.get("SpaceName")
        owner = f"space/{space}" if space else f"profile/{template.document.get('UserProfileName')}"
        return f"{domain}/{owner}/{template.document['AppType']}/{name}"

    def _line(self, key: Key, template: Record, made: Made, as_of: str) -> Line:
        """The line of a new resource. It is as old as the snapshot."""
        document = nested(made.certain)
        document |= {name: template.document[name] for name in FIXED if name in template.document}
        document |= {"DomainId": key[3].partition("/")[0], "Status": "InService", "CreationTime": as_of}
        gaps = {*made.opened} - {"DomainId"}
        if template.kind == "domain":
            gaps |= {*_MADE_BY_AWS}
        certain, whole = _tags(template)
        whole = whole and not self._hands_on_tags(template, key)
        line: dict[str, Any] = {"account": key[0], "region": key[1], "kind": key[2], "id": key[3], key[2]: document}
        line["tags"] = [{"Key": name, "Value": certain[name]} for name in sorted(certain)]
        return {**line, "gaps": sorted(gaps if whole else {*gaps, "Tags"})}

    def _hands_on_tags(self, template: Record, key: Key) -> bool:
        """Whether the domain of a new resource may give it tags (TagPropagation)."""
        if template.kind == "domain":
            return False
        domain = key[3].partition("/")[0]
        address = template.account, str(template.document.get("DomainId"))
        sides = (self._templates.by_address.get(address), self._live.domain_of(Place(key[0], key[1], domain)))
        return any(
            side is not None
            and (side.document.get("TagPropagation") == "ENABLED" or {"*", "TagPropagation"} & set(side.gaps))
            for side in sides
        )

    # Roles

    def _roles(self) -> Iterator[tuple[str, str]]:
        """Leave open what roles may do that the templates name and write in another way; those that are dealt with."""
        held = {
            (r.account, r.id): r for file in self._files for r in file.snapshot.records if r.kind == "role"
        }  # fmt: skip
        for (root, arn), role in self._templates.roles.items():
            name = own_name(role) or str(role.document.get("RoleName", ""))
            if not name:
                continue
            at = role.place
            for account, region in sorted(self._live.scopes):
                live = held.get((account, f"arn:{partition_of(region)}:iam::{account}:role/{name}"))
                if live is None or (at is not None and at.account not in ("", account)):
                    continue
                yield root, arn
                key: Key = (account, GLOBAL, "role", live.id)
                if _same_role(role, live) or any(change.key == key for change in self._changes):
                    continue
                said = "a what-if reads no roles of templates"
                self._change(key, role, "policies and trust", f"(unknown: {said})", _open_role)
                # What IAM answered about the role was about its policies as they are.
                self._changes.append(
                    Change((account, GLOBAL, "permission", live.id), _OPTION, "", put("Results", None))
                )

    # Lists

    def _change(self, key: Key, template: Record, path: str, value: Any, edit: Edit) -> None:
        said = f"{key[2].replace('_', ' ')} {key[3]}: {path} = {shown(value)}"
        self._changes.append(Change(key, _origin(template, path), said, edit))

    def _leave(self, record: Record, reason: str) -> None:
        self._left.append(NotTried(_OPTION, _where(record, ""), _called(record), reason))


def _open_role(line: Line) -> Line:
    """A role of which only the name is known."""
    changed = unknown_but(_ROLE_NAMES)(line)
    assert changed is not None
    return {**changed, "gaps": sorted({"*", *_OF_ROLES, "LocalPolicyDocuments"})}


def _same_role(template: Record, live: Record) -> bool:
    """Whether the template writes a role as it is, for certain."""
    if template.gaps:
        return False
    return all(_plain(template.document.get(name)) == _plain(live.document.get(name)) for name in _OF_ROLES)


def _plain(value: Any) -> Any:
    return sorted(value, key=str) if isinstance(value, list) else value or []


def _tags(template: Record) -> tuple[dict[str, str], bool]:
    """The tags whose value is known, and whether these are all that the template sets."""
    certain = {name: value for name, value in template.tags or () if not made_up(value)}
    whole = "Tags" not in template.gaps and template.tags is not None and len(certain) == len(template.tags)
    return certain, whole


def _called(record: Record) -> str:
    noun = record.kind.replace("_", " ")
    type_ = BY_KIND.get(record.kind)
    name = record.document.get(type_.name_member) if type_ is not None else None
    return f"{noun} {name if isinstance(name, str) and name else record.id}"


def _where(record: Record, path: str) -> str:
    """File and line of a resource, or of one of its members."""
    place = record.place
    if place is None:
        return record.account
    line = line_at(place.lines, path) or place.line
    return f"{place.file}:{line}" if line else place.file


def _origin(record: Record, path: str) -> str:
    return f"{_OPTION} {_where(record, path)}"
