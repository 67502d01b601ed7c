"""What a template makes of one document: the members that it sets, and those that nobody can tell before deployment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from auditor.drift.sides import Live, LiveFile, Templates, made_up
from auditor.drift.value_forms import Unsure, same
from auditor.model.paths import value_at
from auditor.model.snapshot import MAY_NOT_EXIST, NUMBER, TEMPLATE, Record
from auditor.studio.partitions import partition_of
from auditor.studio.settings import DOMAIN_USER_ROOT, USER_PROFILE_ROOT, USER_SETTINGS
from auditor.studio.structures import ROOTS, member

#: Members that name a resource, or that AWS alone writes: a template changes none of them in a resource that exists.
FIXED = frozenset({
    "DomainId", "DomainName", "DomainArn", "UserProfileName", "UserProfileArn", "SpaceName", "SpaceArn", "AppName",
    "AppType", "AppArn", "Status", "CreationTime", "LastModifiedTime", "FailureReason", "Url",
})  # fmt: skip
#: Whether a domain has a file system. UpdateDomain gives it one, and never takes it away.
_FILE_SYSTEM, _MAKES_IT = "HomeEfsFileSystemId", "HomeEfsFileSystemCreation"
#: What UpdateSpace and UpdateDomain take beside the structures that commands send (botocore's models).
_UPDATED = frozenset({"SpaceDisplayName", "AppSecurityGroupManagement"})
#: UpdateDomain takes it under another name, with fewer members.
_RSTUDIO = "DomainSettings.RStudioServerProDomainSettings."
#: How ids begin that a template writes; anything else there is a resource whose id is made up at deployment.
_IDS: Mapping[str, str] = {
    "VpcId": "vpc-", "SubnetIds": "subnet-", "SecurityGroups": "sg-", "SecurityGroupIds": "sg-",
    "ExecutionRole": "arn:",
}  # fmt: skip
#: Kind of evidence, and what the ARN of one of it holds.
_NAMED: Mapping[str, str] = {"lifecycle_config": ":studio-lifecycle-config/", "role": ":role/"}
#: Lists of which one element says something whatever the others are: by path, where the elements stand that are certain
#: of a list that is not known, and the member that names an element that is a structure.
_LISTS: Mapping[str, tuple[str, str]] = {
    f"{root}.{s.path}": (f"{root}.{s.known_path}", s.item)
    for root in (DOMAIN_USER_ROOT, USER_PROFILE_ROOT) for s in USER_SETTINGS if s.known_path
} | {"SubnetIds": ("KnownSubnetIds", "")}  # fmt: skip
_CERTAIN_PARTS = frozenset(
    {"KnownDomainName", "KnownSubnetNumber", *(known.rpartition(".")[2] for known, _ in _LISTS.values())}
)
_OWN_ROLE = f"arn:aws:iam::{TEMPLATE}:role/"
_NESTED = 3
_NOT_SAID = Unsure("the template leaves it out, and AWS does not say whether an update keeps it")


@dataclass(slots=True)
class Made:
    """What a template makes of a document. ``certain``: all that it sets, by path, with the account's ids; ``put``:
    of that, what is another value now; ``opened``: paths of which nobody can tell what will stand there, and why;
    ``elements``: of lists among them the elements that are certain, by the path at which they are kept.
    ``replaced``: a member that differs and that no update changes."""

    certain: dict[str, Any] = field(default_factory=dict)
    put: dict[str, Any] = field(default_factory=dict)
    opened: dict[str, str] = field(default_factory=dict)
    elements: dict[str, tuple[str, list[str]]] = field(default_factory=dict)
    replaced: str = ""

    def known_below(self, path: str) -> dict[str, Any] | None:
        """What is certain below a path that is not known whole; None where that is nothing."""
        inner = {p[len(path) + 1 :]: value for p, value in self.certain.items() if p.startswith(f"{path}.")}
        return nested(inner) if inner else None


def leaves(document: Mapping[str, Any], at: str = "") -> Iterator[tuple[str, Any]]:
    """Every member of a document that is no structure, or an empty one, by its path. What is certain of a list that is
    not known is left out: the list is changed as a whole."""
    for name, value in document.items():
        if name in _CERTAIN_PARTS:
            continue
        path = f"{at}.{name}" if at else name
        if isinstance(value, Mapping) and value:
            yield from leaves(value, path)
        elif value is not None:
            yield path, value


def nested(members: Mapping[str, Any]) -> dict[str, Any]:
    """The document with these members; ``leaves`` the other way round."""
    document: dict[str, Any] = {}
    for path, value in members.items():
        *parents, name = path.split(".")
        place = document
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return document


class Values:
    """Reads templates' documents as the account will have them."""

    def __init__(self, templates: Templates, live: Live, files: tuple[LiveFile, ...]) -> None:
        self._templates, self._live = templates, live
        self._held = {key for file in files for key in _evidence(file)}
        self._looked_for = {
            (scope.account, scope.region, kind)
            for file in files for scope in file.snapshot.header.scopes for kind in file.snapshot.header.kinds
        }  # fmt: skip

    def of_pair(self, template: Record, live: Record) -> Made:
        """What deploying the template makes of a resource that exists."""
        found = Made()
        empty: list[str] = []
        for path, value in leaves(template.document):
            root = path.partition(".")[0]
            if root in FIXED or root in (_FILE_SYSTEM, _MAKES_IT):
                continue
            now = value_at(live.document, path)
            if value == {}:
                empty.append(path)
                continue
            real = self._real(template, (live.account, live.region), path, value, now)
            if isinstance(real, Unsure):
                found.opened[path] = real
                self._elements(template, (live.account, live.region), path, value, found)
                continue
            equal = self._equal(path, real, now, template, live)
            if isinstance(equal, Unsure):
                found.opened[path] = equal
                continue
            found.certain[path] = real
            if equal:
                continue
            if _updated(path):
                found.put[path] = real
            elif path.startswith(_RSTUDIO) or _unseen(live, path):
                del found.certain[path]
                found.opened[path] = "whether an update changes it is not known"
            else:
                found.replaced = found.replaced or path
        for gap in (gap.partition("[")[0] for gap in self._templates.gaps(template)[0]):
            if gap.partition(".")[0] not in (*FIXED, _FILE_SYSTEM, _MAKES_IT, "Tags"):
                found.opened[gap] = self._templates.reason(template, gap)
                self._known_elements(template, (live.account, live.region), gap, found)
        self._file_system(template, live, found)
        self._left_out(live, found, empty)
        for path in list(found.opened):
            if value_at(live.document, path) is None and _unseen(live, path) and found.known_below(path) is None:
                del found.opened[path]  # it is unknown now, and will be
        return found

    def of_new(self, template: Record, place: tuple[str, str]) -> Made:
        """What a resource has that exists in a template only, in an account and Region."""
        found = Made()
        for path, value in leaves(template.document):
            if path.partition(".")[0] in FIXED:
                continue
            real: Any = self._real(template, place, path, value)
            if isinstance(real, Unsure):
                found.opened[path] = real
                self._elements(template, place, path, value, found)
            else:
                found.certain[path] = real
        for gap in template.gaps:
            if gap not in ("Tags", "*", MAY_NOT_EXIST, NUMBER):
                found.opened[gap] = self._templates.reason(template, gap)
                self._known_elements(template, place, gap, found)
        found.certain |= dict(found.elements.values())
        return found

    def _elements(self, template: Record, place: tuple[str, str], path: str, value: Any, found: Made) -> None:
        """Of a list that the template knows, and nobody before deployment: the elements that are certain."""
        if path in _LISTS and isinstance(value, list):
            known, item = _LISTS[path]
            named = [one.get(item) if isinstance(one, Mapping) else one for one in value]
            certain = [
                n for n in named if isinstance(n, str) and not isinstance(self._real(template, place, path, n), Unsure)
            ]
            found.elements[path] = (known, certain)

    def _known_elements(self, template: Record, place: tuple[str, str], path: str, found: Made) -> None:
        """The same of a list that the template doesn't know whole."""
        if path in _LISTS:
            self._elements(template, place, path, value_at(template.document, _LISTS[path][0]), found)

    def _file_system(self, template: Record, live: Record, found: Made) -> None:
        """A domain without a file system gets one where the template asks for it, or may do so."""
        if template.kind != "domain" or live.document.get(_FILE_SYSTEM):
            return
        if _MAKES_IT in template.gaps or template.document.get(_MAKES_IT) == "Enabled":
            found.opened[_FILE_SYSTEM] = "AWS makes the file system at deployment"

    def _left_out(self, live: Record, found: Made, empty: Sequence[str]) -> None:
        """An update sends the template's structures. Whether one that it sends takes the place of the one that is
        there, whole or member by member, AWS does not say: so of what the template leaves out nobody can tell.
        ``empty``: structures that the template writes without a member."""
        written = [*found.certain, *found.opened]
        sent = {path for path in empty if "." in path}
        if found.put or found.opened:
            sent |= {".".join(path.split(".")[:2]) for path in written if path.count(".") >= _NESTED - 1}
        for path, _ in leaves(live.document):
            inside = any(_within(path, one) and path != one for one in sent)
            if not inside or path.partition(".")[0] not in ROOTS or member(path) is None:
                continue
            if not any(_within(path, other) or _within(other, path) for other in written):
                found.opened[path] = _NOT_SAID

    def _equal(self, path: str, real: Any, now: Any, template: Record, live: Record) -> bool | Unsure:
        if now is None:
            return real in ({}, []) and not _unseen(live, path)
        if isinstance(real, str) and isinstance(now, str) and path.endswith("KmsKeyId"):
            return same(path, real, now, live, self._templates.roles, template.account)
        if isinstance(real, list) and isinstance(now, list) and all(isinstance(v, str) for v in (*real, *now)):
            return set(real) == set(now)
        return bool(real == now)

    def _real(self, record: Record, place: tuple[str, str], path: str, value: Any, now: Any = None) -> Any:
        """A template's value as the account will have it; Unsure where that is made up at deployment. ``now``: what
        stands there, which may be judged as it is."""
        if isinstance(value, list):
            items = [self._real(record, place, path, item, now) for item in value]
            return next((item for item in items if isinstance(item, Unsure)), items)
        if isinstance(value, Mapping):
            inner = {name: self._real(record, place, f"{path}.{name}", item) for name, item in value.items()}
            return next((item for item in inner.values() if isinstance(item, Unsure)), inner)
        if not isinstance(value, str) or not value:
            return value
        if made_up(value):
            return Unsure(f"{value} is made up at deployment")
        if value.startswith(_OWN_ROLE):
            value = self._role_arn(record.account, value, *place)
            if isinstance(value, Unsure):
                return value
        last = path.rpartition(".")[2]
        start = _IDS.get(last, "arn:" if last.endswith(("Arn", "Arns")) else "")
        if f"::{TEMPLATE}:" in value or not value.startswith(start):
            return Unsure(f"the id of {value} is made up at deployment")
        held = value == now or (isinstance(now, list) and value in now)
        return value if held or self._judged(last, value, *place) else Unsure(f"the snapshot does not hold {value}")

    def _judged(self, member_: str, value: str, account: str, region: str) -> bool:
        """Whether what is named may be judged: an audit takes what is not in the snapshot for missing, and a collection
        reads only what is in use."""
        kind = next((kind for kind, part in _NAMED.items() if part in value), "vpc" if member_ == "VpcId" else "")
        if not kind or (account, region, kind) not in self._looked_for:
            return True
        return (account, value) in self._held

    def _role_arn(self, root: str, arn: str, account: str, region: str) -> str:
        """The ARN that a role of the templates will have; Unsure where AWS makes up its name."""
        name = own_name(self._templates.roles.get((root, arn)))
        if not name:
            return Unsure(f"the name of the role {arn.removeprefix(_OWN_ROLE)} is made up at deployment")
        return f"arn:{partition_of(region)}:iam::{account}:role/{name}"


def own_name(role: Record | None) -> str:
    """Path and name of a role that its template names, as its ARN has them; empty where AWS makes the name up, or where
    it may not be deployed."""
    if role is None or "RoleName" not in role.document or {MAY_NOT_EXIST, NUMBER} & set(role.gaps):
        return ""
    return role.id.removeprefix(_OWN_ROLE)


def _evidence(file: LiveFile) -> Iterator[tuple[str, str]]:
    """Account and id of what documents name, as far as the snapshot holds it."""
    for record in file.snapshot.records:
        if record.kind in ("vpc", "lifecycle_config", "role"):
            yield record.account, record.id
            # Of some an ARN stands beside the id.
            yield from ((record.account, arn) for name, arn in record.document.items()
                        if name.endswith("Arn") and isinstance(arn, str))  # fmt: skip


def _updated(path: str) -> bool:
    """Whether an update call changes the member."""
    return path in _UPDATED or member(path) is not None


def _within(path: str, other: str) -> bool:
    return f"{path}.".startswith(f"{other}.")


def _unseen(live: Record, path: str) -> bool:
    return any(gap == "*" or _within(path, gap) for gap in live.gaps)
