"""One root while its records are built: its resources by address and kind, what references stand for, and its gaps."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.collect.iac.interface import Reference, Resource, Root, Unknown, Value
from auditor.collect.iac.partly_known import rest_of
from auditor.collect.iac.translate import Document, document, plain_text
from auditor.model.paths import value_at
from auditor.model.snapshot import TEMPLATE, Gap, Kind, Place, Record
from auditor.studio.resource_types import KINDS_IN_DOMAINS
from auditor.studio.side_roles import SIDE_ROLES
from auditor.studio.template_names import rows
from auditor.studio.template_types import TYPES, Language, Part, TypeInfo

LANGUAGE_NAMES: Mapping[Language, str] = {
    "cloudformation": "CloudFormation", "aws": "Terraform (aws)", "awscc": "Terraform (awscc)",
}  # fmt: skip
#: Attributes of a resource that are its id in the API's documents, by kind, in any language.
ID_ATTRIBUTES: Mapping[Kind | Part, frozenset[str]] = {
    "domain": frozenset({"Ref", "DomainId", "id", "domain_id"}),
    "vpc": frozenset({"Ref", "VpcId", "id", "vpc_id"}),
    "subnet": frozenset({"Ref", "SubnetId", "id", "subnet_id"}),
    "route_table": frozenset({"Ref", "RouteTableId", "id", "route_table_id"}),
    "lifecycle_config": frozenset({"StudioLifecycleConfigArn", "arn", "studio_lifecycle_config_arn"}),
    "security_group": frozenset({"Ref", "GroupId", "id", "group_id"}),
    "vpc_endpoint": frozenset({"Ref", "Id", "id", "vpc_endpoint_id"}),
    "internet_gateway": frozenset({"Ref", "InternetGatewayId", "id", "internet_gateway_id"}),
    "role": frozenset({"Arn", "arn"}),
    "managed_policy": frozenset({"Ref", "PolicyArn", "arn", "policy_arn", "id"}),
}
#: Attributes that are a resource's name, and the API's member that holds it. Ref of a user profile gives domain and
#: profile together; who writes it where a name belongs means the profile.
NAME_ATTRIBUTES: Mapping[Kind | Part, tuple[frozenset[str], str]] = {
    "user_profile": (frozenset({"Ref", "UserProfileName", "user_profile_name", "id"}), "UserProfileName"),
    "space": (frozenset({"Ref", "SpaceName", "space_name", "id"}), "SpaceName"),
    "role": (frozenset({"Ref", "name", "id", "role_name", "RoleName"}), "RoleName"),
    "log_group": (frozenset({"Ref", "name", "id", "log_group_name"}), "LogGroupName"),
}
#: A role's ARN in which only the account, the partition or a reference to the role is open.
_ROLE = re.compile(
    r"^arn:(?:[^:]*|\$\{[^}]*\}):iam::(?P<account>[^:]*|\$\{[^}]*\}):role/(?P<path>(?:[^$/]+/)*)(?P<name>[^/]+)$"
)
_PLACEHOLDER = re.compile(r"^\$\{([^}.]+)(?:\.[^}]+)?\}$")
_REFERRED: tuple[Kind, ...] = ("role", "vpc", "subnet", "route_table", "security_group", "lifecycle_config")
_NONE: Mapping[str, Unknown] = {}
_NO_LINES: Mapping[str, int] = {}
#: How an expression begins that is the account's own number.
OWN_ACCOUNT = ("${AWS::AccountId}", "${data.aws_caller_identity")


@dataclass(slots=True)
class Scope:
    """``gaps`` collects what could not be told."""

    root: Root
    by_address: dict[str, Resource] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    _by_kind: dict[Kind | Part, list[Resource]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for resource in self.root.resources:
            self.by_address[resource.address] = resource
            info = TYPES.get(resource.type)
            if info is not None:
                self._by_kind.setdefault(info.kind, []).append(resource)

    def info(self, resource: Resource) -> TypeInfo:
        """What the resource is. Only for types of the table."""
        return TYPES[resource.type]

    def of(self, kind: Kind | Part) -> list[Resource]:
        """Resources of a kind, in the order of the template."""
        return self._by_kind.get(kind, [])

    def certain(self, kind: Kind | Part) -> list[Resource]:
        """Those of them that exist for certain. What others refer to exists where they do, however many there are."""
        return [r for r in self.of(kind) if r.doubt is None and (r.number is None or kind in _REFERRED)]

    def raw(self, resource: Resource, member: str) -> Value:
        """A member of the API's document as the template's language has it, None where it is not set."""
        kind, language = self.info(resource)
        name = next((row.names[language] for row in rows(kind) if row.path == member), None)
        if name is None:
            return None
        rest = rest_of(resource.properties) if name not in resource.properties else None
        return resource.properties.get(name) if rest is None else rest

    def resolve(self, reference: Reference, path: str) -> str | Unknown:
        """What a reference stands for in a document."""
        target = self.by_address.get(reference.address)
        info = TYPES.get(target.type) if target is not None else None
        if target is None or info is None:
            return reference.text
        if path.endswith(("RoleArn", "RoleArns")) or path.rpartition(".")[2] == "ExecutionRole":
            return self.role_arn(target) if info.kind == "role" else reference.text
        if reference.attribute in ID_ATTRIBUTES.get(info.kind, ()):
            return self._id(target, info.kind)
        if info.kind in KINDS_IN_DOMAINS and reference.attribute in ("DomainId", "domain_id"):
            return self._domain_of(target, path, reference)
        attributes, member = NAME_ATTRIBUTES.get(info.kind, (frozenset(), ""))
        if reference.attribute in attributes:
            name = self.raw(target, member)
            if isinstance(name, Unknown):
                return name
            return plain_text(name) or reference.text
        return reference.text

    def _domain_of(self, target: Resource, path: str, reference: Reference) -> str | Unknown:
        """The domain that a profile, space or app lies in, as it names it itself."""
        domain = self.raw(target, "DomainId")
        if isinstance(domain, Reference) and domain != reference:
            return self.resolve(domain, path)
        return domain if isinstance(domain, Unknown) else plain_text(domain) or reference.text

    def _id(self, target: Resource, kind: Kind | Part) -> str:
        if kind == "role":
            return self.role_arn(target)
        if kind == "managed_policy":
            return self.policy_arn(target)
        return f"igw-{target.address}" if kind == "internet_gateway" else target.address

    def role_arn(self, role: Resource) -> str:
        """The ARN that stands for a role of the root: with its real name where the template gives one."""
        name, path = self.raw(role, "RoleName"), self.raw(role, "Path")
        where = path if isinstance(path, str) and path.startswith("/") and path.endswith("/") else "/"
        known = self.named(role)
        return f"arn:aws:iam::{TEMPLATE}:role{where}{name}" if known else f"arn:aws:iam::{TEMPLATE}:role/{role.address}"

    def named(self, role: Resource) -> bool:
        """Whether the template gives the role its name and path, so that they are not made up at deployment."""
        name, path = self.raw(role, "RoleName"), self.raw(role, "Path")
        return isinstance(name, str) and "$" not in name and (path is None or isinstance(path, str))

    def policy_arn(self, policy: Resource) -> str:
        """The ARN that stands for a managed policy of the root."""
        return f"arn:aws:iam::{TEMPLATE}:policy/{policy.address}"

    def role_of(self, value: str | Unknown) -> str | None:
        """The ARN of the root's role that a text means: ``arn:aws:iam::${AWS::AccountId}:role/NAME`` with the name of,
        or a reference to, a role of the root. None where it means none."""
        match = _ROLE.match(value.expression if isinstance(value, Unknown) else value)
        if match is None:
            return None
        placeholder = _PLACEHOLDER.match(match["name"])
        if placeholder is not None:
            role = self.by_address.get(placeholder[1])
            return self.role_arn(role) if role is not None and role in self.of("role") else None
        if not match["account"].startswith(OWN_ACCOUNT):
            return None
        wanted = f"arn:aws:iam::{TEMPLATE}:role/{match['path']}{match['name']}"
        return wanted if any(self.role_arn(role) == wanted for role in self.of("role")) else None

    def side_roles(self, resource: Resource, found: Document) -> None:
        """Write the roles beside execution roles into the document: those of the root, and what stands for one that is
        not known, which is there for certain unless somebody may leave it out."""
        kind, _ = self.info(resource)
        written = self.read(resource).members
        for path in SIDE_ROLES.get(kind, ()):
            value = value_at(written, path)
            if value is None:
                continue
            arns = [self._side_role(v) for v in (value if isinstance(value, list) else [value])]
            known = [arn for arn in arns if arn]
            if known:
                _put(found.members, path, known if isinstance(value, list) or path.endswith("Arns") else known[0])
                if len(known) == len(arns):
                    found.gaps.pop(path, None)

    def _side_role(self, value: Any) -> str:
        """An ARN, or the symbol of a role that is not known; empty where nobody can tell one from another."""
        role = self.role_of(value) if isinstance(value, str | Unknown) else None
        if role is not None:
            return role
        return value.symbol if isinstance(value, Unknown) else str(value)

    def role_named(self, value: Value) -> Resource | None:
        """The root's role that a reference or a name means."""
        if isinstance(value, Reference):
            target = self.by_address.get(value.address)
            return target if target is not None and target in self.of("role") else None
        return next((role for role in self.of("role") if self.raw(role, "RoleName") == value), None)

    def address_of(self, value: Value, kind: Kind | Part) -> str | None:
        """The address of the root's resource of that kind which a value refers to, None where it refers to none."""
        if not isinstance(value, Reference):
            return None
        return value.address if any(r.address == value.address for r in self.of(kind)) else None

    def read(self, resource: Resource) -> Document:
        """The resource's document with its unknowns left in place."""
        kind, language = self.info(resource)
        return document(resource, kind, language, self.resolve, keep_unknown=True)

    def place(self, resource: Resource, lines: Mapping[str, int]) -> Place:
        return Place(
            resource.file, resource.line, resource.construct, dict(lines), resource.account, resource.region
        )  # fmt: skip

    def record(
        self, kind: Kind, resource: Resource, id_: str, members: Mapping[str, Any], gaps: Mapping[str, Unknown] = _NONE,
        lines: Mapping[str, int] = _NO_LINES, region: str = TEMPLATE,
    ) -> Record:  # fmt: skip
        """A record at the resource's place. Its gaps are noted."""
        self.note(kind, id_, gaps, region)
        return Record(
            self.root.path, region, kind, id_, members, None, tuple(sorted(gaps)), self.place(resource, lines)
        )

    def note(self, kind: str, id_: str, gaps: Mapping[str, Unknown], region: str = TEMPLATE) -> None:
        """Remember why members of a record are unknown."""
        for path, unknown in gaps.items():
            self.gap(kind, id_, path, unknown, region)

    def gap(self, kind: str, id_: str, setting: str, unknown: Unknown, region: str = TEMPLATE) -> None:
        """Remember one thing that could not be told."""
        detail = f"{unknown.expression}: {unknown.reason}" if unknown.expression else unknown.reason
        self.gaps.append(
            Gap(self.root.path, region, kind, id_, setting, self.root.language, unknown.gap_reason, detail)
        )


def _put(members: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for name in outer:
        members = members.setdefault(name, {})
    members[last] = value


def split(members: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Unknown]]:
    """Members that are known, and those that are not."""
    known = {name: value for name, value in members.items() if not isinstance(value, Unknown)}
    return known, {name: value for name, value in members.items() if isinstance(value, Unknown)}


def plain(value: Any) -> Any:
    """A document in which what is unknown stands as text."""
    if isinstance(value, Unknown):
        return value.expression
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    return [plain(v) for v in value] if isinstance(value, list | tuple) else value
