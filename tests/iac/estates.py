"""Estates for the parity law: API documents, and the same written in each template language.

An estate is drawn by Hypothesis as API documents whose ids are the addresses that its resources have in the templates.
``documents`` gives them as a live collection would; ``properties`` writes one resource's properties in a language, from
the mapping table, so that a writer of CloudFormation or HCL only has to put them into a file. References stand in them
as ``Link`` values, for the writer to turn into its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from auditor.collect.iac.build import _COMPLETE
from auditor.model.snapshot import GLOBAL, SCHEMA_VERSION, TEMPLATE, Header, Kind, Record, Scope, Snapshot
from auditor.run.template_values import nested
from auditor.studio.resource_types import STUDIO_KINDS
from auditor.studio.settings import SETTINGS
from auditor.studio.side_roles import SIDE_ROLES
from auditor.studio.template_names import LANGUAGES, Row, rows
from auditor.studio.template_types import Language

AS_OF = "2026-11-23T02:00:00Z"
#: As the account of its ARNs, so that what it names is of the account itself.
ROOT = TEMPLATE
ROLE = f"arn:aws:iam::{TEMPLATE}:role/"


@dataclass(frozen=True)
class Link:
    """A reference to another resource of the estate: to a domain's id, a role's ARN."""

    kind: Kind
    id: str


@dataclass(frozen=True)
class Item:
    """One resource: its API document by dotted path (values are plain, or a Link), and tags."""

    kind: Kind
    id: str
    members: Mapping[str, Any]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Estate:
    items: tuple[Item, ...]
    roles: tuple[str, ...]
    """Names of its roles, without policies."""


def everywhere(row: Row, languages: Sequence[Language]) -> bool:
    """Whether each of the languages can express the row."""
    return all(row.names[language] is not None for language in languages)


_WORDS = st.sampled_from(["ana", "ds-team", "x1", "ml.t3.medium", "s3://bucket/x", "alias/key"])
#: Values that mean something to the resolver; others are any text.
_TEXTS: Mapping[str, Sequence[str]] = {
    "AutoMountHomeEFS": ["Enabled", "Disabled", "DefaultAsDomain"],
    "HomeEfsFileSystemCreation": ["Enabled", "Disabled"],
    "AuthMode": ["IAM", "SSO"],
    "StudioWebPortal": ["ENABLED", "DISABLED"],
    "StudioWebPortalAccess": ["ENABLED", "DISABLED"],
    "DefaultLandingUri": ["studio::", "app:JupyterServer:", "app:RStudioServerPro:"],
    "LifecycleManagement": ["ENABLED", "DISABLED"],
    "AccessStatus": ["ENABLED", "DISABLED"],
    "NotebookOutputOption": ["Allowed", "Disabled"],
    "AppNetworkAccessType": ["VpcOnly", "PublicInternetOnly"],
    "SharingType": ["Private", "Shared"],
    "AppType": ["JupyterLab", "CodeEditor", "JupyterServer", "KernelGateway"],
    "RemoteAccess": ["ENABLED", "DISABLED"],
    "TagPropagation": ["ENABLED", "DISABLED"],
    "EnableDockerAccess": ["ENABLED", "DISABLED"],
    "ExecutionRoleIdentityConfig": ["USER_PROFILE_NAME", "DISABLED"],
}
_LISTS: Mapping[str, Sequence[str]] = {
    "HiddenAppTypes": ["JupyterServer", "JupyterLab", "CodeEditor", "Canvas", "RStudioServerPro"],
    "HiddenMlTools": ["DataWrangler", "Comet", "Fiddler", "LakeraGuard", "DeepchecksLLMEvaluation"],
}
#: Structures of which only their presence counts, with a member that makes them one, by language.
_PRESENT: Mapping[str, Mapping[str, Any]] = {
    "JupyterServerAppSettings": {"LifecycleConfigArns": ["x"]},
    "KernelGatewayAppSettings": {"LifecycleConfigArns": ["x"]},
    "RStudioServerProDomainSettings": {"RStudioConnectUrl": "x"},
    "HiddenSageMakerImageVersionAliases": {"SageMakerImageName": "x"},
}


def _item(row: Row) -> str:
    """The member of its structures that a list of structures is read for."""
    return next(s.item for s in SETTINGS if s.item and row.path.endswith(s.path))


def _at(value: Mapping[str, Any], path: str) -> Any:
    for name in path.split("."):
        value = value[name]
    return value


def _value(row: Row) -> st.SearchStrategy[Any]:
    last = row.path.rpartition(".")[2].removesuffix("[]")
    match row.read:
        case "number":
            return st.integers(0, 1000)
        case "list":
            return st.lists(st.sampled_from(_LISTS.get(last, ["a", "b"])), max_size=3, unique=True)
        case "present":
            return st.just(_PRESENT[last])
        case "items":
            return st.lists(_WORDS.map(lambda text: nested({_item(row): text})), max_size=2)
        case _:
            return st.sampled_from(_TEXTS[last]) if last in _TEXTS else _WORDS


@st.composite
def estates(draw: st.DrawFn, languages: Sequence[Language] = LANGUAGES) -> Estate:
    """Domains, profiles, spaces and apps whose members all of the languages can express."""

    def members(kind: Kind, fixed: Mapping[str, Any]) -> dict[str, Any]:
        free = [
            r for r in rows(kind)
            if everywhere(r, languages) and r.path not in fixed and r.read != "tags" and "[]" not in r.path
        ]  # fmt: skip
        # Of a structure of which only presence counts and its members one is drawn.
        alone = {r.path for r in free if r.read == "present"}

        def structure(row: Row) -> str:
            return next((path for path in alone if row.path.startswith(f"{path}.")), row.path)

        chosen = draw(st.lists(st.sampled_from(free), max_size=8, unique_by=structure)) if free else []
        found = dict(fixed)
        for row in chosen:
            last = row.path.rpartition(".")[2]
            if row.path in SIDE_ROLES.get(kind, ()):
                found[row.path] = [role()] if row.read == "list" else role()
            else:
                found[row.path] = role() if last == "ExecutionRole" else draw(_value(row))
        return found

    def role() -> Link:
        return Link("role", draw(st.sampled_from(roles)))

    tags = st.dictionaries(st.sampled_from(["owner", "cost-center"]), st.sampled_from(["a", "b"]), max_size=2)
    roles = ("studio-a", "studio-b")
    items: list[Item] = []
    for number in range(draw(st.integers(1, 2))):
        id_ = f"Domain{number}"
        fixed = {
            "DomainName": f"domain {number}",
            "AuthMode": draw(st.sampled_from(_TEXTS["AuthMode"])),
            "VpcId": "vpc-1",
            "SubnetIds": ["subnet-1"],
        }
        items.append(Item("domain", id_, members("domain", fixed), draw(tags)))
        people = [f"{draw(_WORDS)[:3]}-{number}-{n}" for n in range(draw(st.integers(0, 3)))]
        link = {"DomainId": Link("domain", id_)}
        for n, name in enumerate(people):
            items.append(
                Item(
                    "user_profile",
                    f"Profile{number}{n}",
                    members("user_profile", {**link, "UserProfileName": name}),
                    draw(tags),
                )
            )
        for n in range(draw(st.integers(0, 2))):
            owner = draw(st.sampled_from([*people, "nobody"]))
            fixed = {**link, "SpaceName": f"space-{n}", "OwnershipSettings.OwnerUserProfileName": owner}
            items.append(Item("space", f"Space{number}{n}", members("space", fixed), draw(tags)))
        if people and draw(st.booleans()):
            fixed = {**link, "UserProfileName": people[0], "AppName": "default"}
            fixed["AppType"] = draw(st.sampled_from(_TEXTS["AppType"]))
            items.append(Item("app", f"App{number}", members("app", fixed), draw(tags)))
    return Estate(tuple(items), roles)


def documents(estate: Estate) -> Snapshot:
    """The estate as a live collection would see it, with the ids that the templates' builder gives."""
    records = [Record(ROOT, TEMPLATE, "account_region", TEMPLATE, {})]
    for item in estate.items:
        plain = {p: _in_api(v) for p, v in item.members.items()}
        document = nested(plain) | {"Status": "InService"}
        if item.kind == "domain":
            document |= {"DomainId": item.id, "CreationTime": AS_OF}
            if document.get("HomeEfsFileSystemCreation") != "Disabled":
                document["HomeEfsFileSystemId"] = "fs-1"
        records.append(Record(ROOT, TEMPLATE, item.kind, item.id, document, tuple(sorted(item.tags.items()))))
    for name in estate.roles:
        document = {"Arn": ROLE + name, "RoleName": name, "AssumeRolePolicyDocument": {"Statement": []},
                    "RolePolicyList": [], "AttachedManagedPolicies": [], "LocalPolicyDocuments": {}}  # fmt: skip
        records.append(Record(ROOT, GLOBAL, "role", ROLE + name, document))
        records.append(Record(ROOT, GLOBAL, "permission", ROLE + name, {"Results": []}))
    header = Header(SCHEMA_VERSION, "aws", AS_OF, "0", "", "", (Scope(ROOT, TEMPLATE),), kinds=_COMPLETE)
    return Snapshot(header, tuple(records))


def _in_api(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_api(item) for item in value]
    if isinstance(value, Link):
        return ROLE + value.id if value.kind == "role" else value.id
    return value


def _in_its_names(
    value: Mapping[str, Any], path: str, by_path: Mapping[str, Row], language: Language
) -> dict[str, Any]:
    """The members of a structure of which the presence counts, in the language's names where a column reads them."""
    names = {member: by_path.get(f"{path}.{member}") for member in value}
    return {
        ((row.names[language] or "").rpartition(".")[2] if row else "") or member: value[member]
        for member, row in names.items()
    }


def properties(item: Item, language: Language, write: Callable[[Any], Any]) -> dict[str, Any]:
    """The item's properties in the language's names. ``write`` turns each value (plain, or a Link) into what stands in
    the file."""
    by_path = {row.path: row for row in rows(item.kind)}
    named: dict[str, Any] = {}
    for path, value in item.members.items():
        name = by_path[path].names[language]
        assert name is not None, (path, language)
        if by_path[path].read == "items":
            inside = by_path[f"{path}[].{_item(by_path[path])}"]
            inner = (inside.names[language] or "").partition("[].")[2]
            named[name] = [nested({inner: write(_at(v, inside.path.partition("[].")[2]))}) for v in value]
        else:
            linked = isinstance(value, list) and any(isinstance(v, Link) for v in value)
            written = [write(v) for v in value] if linked else write(value)
            present = _in_its_names(value, path, by_path, language) if isinstance(value, dict) else value
            named[name] = present if by_path[path].read == "present" else written
    if item.tags:
        form = {"cloudformation": ("Key", "Value"), "awscc": ("key", "value")}.get(language)
        name = by_path["Tags"].names[language]
        assert name is not None
        named[name] = (
            dict(item.tags) if form is None else [{form[0]: k, form[1]: v} for k, v in sorted(item.tags.items())]
        )
    return nested(named)


def not_compared(languages: Sequence[Language]) -> frozenset[str]:
    """API paths that one of the languages cannot express: their columns may differ."""
    return frozenset(
        path for kind in STUDIO_KINDS for row in rows(kind) if not everywhere(row, languages) for path in (row.path,)
    )
