"""From the roots that readers found to a snapshot: the same records as a live collection, with places and gaps."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from auditor.collect.iac.interface import SOURCES, Reference, Resource, Root, Unknown
from auditor.collect.iac.partly_known import text_patterns
from auditor.collect.iac.roles_and_logs import RolesAndLogs
from auditor.collect.iac.scope import LANGUAGE_NAMES, Scope
from auditor.collect.iac.translate import Document, document
from auditor.model import snapshot as model
from auditor.model.snapshot import MAY_NOT_EXIST, NUMBER, TEMPLATE, Coverage, Gap, Kind, Place, Record, Snapshot
from auditor.studio.changing_calls import UPDATES
from auditor.studio.resource_types import BY_KIND, STUDIO_KINDS
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT, USER_SETTINGS
from auditor.studio.structures import PLAIN, ROLE_ROOTS, ROOTS
from auditor.studio.template_names import not_expressible, rows, snake
from auditor.studio.template_types import TYPES, Language
from auditor.version import __version__

#: Kinds whose lists a root holds completely, where everything in it was understood. Of all others an account may have
#: more than any template shows.
_COMPLETE: tuple[Kind, ...] = tuple(sorted(("account_region", *STUDIO_KINDS)))
#: What the calls that update a resource may change of it.
_UPDATED = {
    kind: (*(root for root, (of, _) in ROOTS.items() if of == kind), *(PLAIN if kind == "domain" else ()))
    for kind in UPDATES
}
_OWNER = "OwnershipSettings.OwnerUserProfileName"


def scan_moment(moment: datetime | None = None) -> str:
    """When templates are read, now where nothing else is given: RFC 3339 in UTC, to the second."""
    moment = (moment or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    return moment.isoformat().replace("+00:00", "Z")


def build(roots: Sequence[Root], as_of: str) -> Snapshot:
    """The snapshot of the roots. ``as_of``: the moment of the scan (``scan_moment``). Equal roots give equal values."""
    records: list[Record] = []
    gaps: list[Gap] = []
    coverage: list[Coverage] = []
    for root in roots:
        scope = Scope(root)
        records += _records(scope)
        gaps += scope.gaps
        coverage += _coverage(root)
    sources = sorted({SOURCES[root.language] for root in roots})
    header = model.Header(
        schema_version=model.SCHEMA_VERSION,
        source="mixed" if len(sources) > 1 else next(iter(sources), "cloudformation"),
        as_of=as_of,
        tool_version=__version__,
        botocore_version="",
        caller="",
        scopes=tuple(model.Scope(root.path, TEMPLATE) for root in sorted(roots, key=lambda r: r.path)),
        kinds=_COMPLETE,
    )
    return Snapshot(header, tuple(records), tuple(sorted(set(gaps))), tuple(sorted(coverage)))


def _records(scope: Scope) -> list[Record]:
    root = scope.root
    records = [_studio(scope, resource) for kind in STUDIO_KINDS for resource in scope.of(kind)]
    records += RolesAndLogs(scope).records()
    incomplete: set[str] = {r.kind for r in records if {MAY_NOT_EXIST, NUMBER} & set(r.gaps)}
    for missing in root.not_assessed:
        incomplete |= set(STUDIO_KINDS)
        where = f"{missing.what}:{missing.line}" if missing.line else missing.what
        reason = model.ELSEWHERE if missing.elsewhere else model.UNREAD
        scope.gap("template", missing.what, "*", Unknown(where, missing.reason, reason))
    place = Place(root.files[0] if root.files else root.path)
    account = Record(root.path, TEMPLATE, "account_region", TEMPLATE, {}, None, tuple(sorted(incomplete)), place)
    return [account, *records]


def _coverage(root: Root) -> list[Coverage]:
    failed = {n.what: n.reason for n in root.not_assessed}
    files = dict.fromkeys((*root.files, *failed))
    return [
        Coverage(root.path, TEMPLATE, file, 1, int(file in failed), error=failed.get(file, "")[:200]) for file in files
    ]


def _studio(scope: Scope, resource: Resource) -> Record:
    """The record of a domain, profile, space or app."""
    kind, language = scope.info(resource)
    type_ = BY_KIND[kind]
    found = document(resource, kind, language, scope.resolve)
    _changed(scope, resource, found)
    _roles(scope, resource, found)
    _partly_known_lists(found)
    scope.side_roles(resource, found)
    members = found.members
    if kind == "domain":
        _created_domain(scope, resource, found)
    else:
        _in_domain(scope, kind, resource, found)
    # Nothing has an ARN before it is deployed.
    members[type_.arn_member] = ""
    # What a template says is what will be.
    members["Status"] = "InService"
    if found.tags is not None and "Tags" not in found.gaps:
        found.tags = {**resource.tags, **found.tags}
    place = scope.place(resource, found.lines)
    id_ = resource.address
    if resource.doubt is not None:
        kept = {n: members[n] for n in ("DomainId", type_.name_member, type_.arn_member) if n in members}
        scope.gap(kind, id_, "*", resource.doubt)
        return Record(scope.root.path, TEMPLATE, kind, id_, kept, None, ("*", MAY_NOT_EXIST, "Tags"), place)  # type: ignore[arg-type]
    scope.note(kind, id_, found.gaps)
    cannot = not_expressible(kind, language)
    _innate(scope, kind, language, cannot)
    tags = None if found.tags is None else tuple(sorted(found.tags.items()))
    uncounted = () if resource.number is None else (NUMBER,)
    if resource.number is not None:
        scope.gap(kind, id_, NUMBER, resource.number)
    gaps = tuple(sorted({*found.gaps, *cannot, *uncounted}))
    return Record(scope.root.path, TEMPLATE, kind, id_, members, tags, gaps, place)  # type: ignore[arg-type]


def _changed(scope: Scope, resource: Resource, found: Document) -> None:
    """What a program may change of the resource once it is made is unknown, whatever is written."""
    kind = scope.info(resource).kind
    for one in scope.root.changes:
        if not one.about(kind, resource.address):
            continue
        for row in rows(kind):
            path = row.path.partition("[]")[0]
            if path.partition(".")[0] in _UPDATED.get(kind, ()) and path not in found.gaps and one.writes(path):
                found.gaps[path] = Unknown("", one.reason)
                found.certain.pop(path, None)
                _drop(found.members, path)


def _drop(members: dict[str, Any], path: str) -> None:
    first, _, rest = path.partition(".")
    inner = members.get(first)
    if not rest:
        members.pop(first, None)
    elif isinstance(inner, dict):
        _drop(inner, rest)


def _innate(scope: Scope, kind: str, language: Language, paths: Sequence[str]) -> None:
    """One gap for each member that the language lacks, for all resources of the kind."""
    name = LANGUAGE_NAMES[language]
    for path in paths:
        scope.gap(kind, "*", path, Unknown("", f"{name} cannot express it", "not_expressible"))


def _created_domain(scope: Scope, resource: Resource, found: Document) -> None:
    """What AWS gives a domain when it is made: its id, and a file system unless told not to make one. Of subnets that
    are not all known those that are, for one that is public is so whatever the others are, and whether there is one
    only. Of a name that is not known,
    what it may be: quick setup gives names of one form."""
    members = found.members
    members["DomainId"] = resource.address
    if "DomainName" in found.gaps and (patterns := text_patterns(found.gaps["DomainName"])):
        members["KnownDomainName"] = patterns
    if "SubnetIds" in found.gaps:
        listed = scope.read(resource).members.get("SubnetIds")
        if isinstance(listed, list):
            known = [subnet for subnet in listed if isinstance(subnet, str)]
            members |= {"KnownSubnetIds": known} if known else {}
            # One that is not known is one all the same: a list within a list is refused. Of several, one may be
            # left out, or two be the same.
            members |= {"KnownSubnetNumber": 1} if len(listed) == 1 else {}
    creation = found.gaps.get("HomeEfsFileSystemCreation")
    if creation is not None:
        found.gaps["HomeEfsFileSystemId"] = replace(creation)
    elif members.get("HomeEfsFileSystemCreation") != "Disabled":
        members["HomeEfsFileSystemId"] = Reference(resource.address, "HomeEfsFileSystemId").text


def _in_domain(scope: Scope, kind: str, resource: Resource, found: Document) -> None:
    """Say why what the domain hands down is unknown, where the domain is not in the root."""
    domain = found.members.get("DomainId")
    if domain is None:
        if "DomainId" not in found.gaps:
            found.gaps["DomainId"] = Unknown("", "it names no domain")
    elif domain not in scope.by_address or TYPES[scope.by_address[domain].type].kind != "domain":
        reason = "the domain is not defined here, so what it hands down is unknown"
        own = next((a for a in scope.by_address if str(domain).startswith(f"${{{a}.")), None)
        if own is not None and TYPES[scope.by_address[own].type].kind == "domain":
            reason = f"this is not the id of {own} (d-…), which AWS asks for, so what the domain hands down is unknown"
        scope.gap(kind, resource.address, "DomainId", Unknown(str(domain), reason))


def _partly_known_lists(found: Document) -> None:
    """What is certain of a list of which not all elements are known: that it is written, and those that are."""
    for root in (DOMAIN_USER_ROOT, USER_PROFILE_ROOT):
        for setting in USER_SETTINGS:
            path = f"{root}.{setting.path}"
            elements = found.certain.get(path) if setting.known_path and path in found.gaps else None
            structure: Any = found.members
            for name in path.split(".")[:-1]:
                structure = structure.get(name) if isinstance(structure, dict) else None
            if elements is not None and isinstance(structure, dict):
                named = [one.get(setting.item) if isinstance(one, dict) else one for one in elements]
                structure[setting.known_path.rpartition(".")[2]] = [one for one in named if isinstance(one, str)]


def _is_set(role: Unknown, language: Language) -> bool:
    """Whether a role that is not known is a role for certain, rather than left out. CloudFormation has AWS::NoValue for
    that; the aws provider requires the argument, and refuses null; a variable given to awscc may be null."""
    return bool(role.symbol) and (language != "awscc" or not re.search(r"\b(?:var|local)\.", role.symbol))


def _roles(scope: Scope, resource: Resource, found: Document) -> None:
    """Execution roles that are written as an ARN built around a role of the root are that role's. One that is not known
    is the same role wherever it has the same symbol, and stands there for certain. Without a symbol it is a role of
    which nobody can tell whether another one is the same: where the argument is required, there is one all the same."""
    language = scope.info(resource).language
    for layer in ROLE_ROOTS:
        path = f"{layer}.ExecutionRole"
        structure: Any = found.members.get(layer)
        value = found.gaps.get(path) or (structure or {}).get("ExecutionRole")
        arn = scope.role_of(value) if value is not None else None
        if arn is not None and isinstance(structure, dict):
            structure["ExecutionRole"] = arn
            found.gaps.pop(path, None)
        elif isinstance(value, Unknown) and isinstance(structure, dict):
            if _is_set(value, language):
                structure["ExecutionRole"] = value.symbol
            elif language == "aws":
                structure["ExecutionRole"] = f"${{{resource.address}.{snake(layer)}.execution_role}}"
