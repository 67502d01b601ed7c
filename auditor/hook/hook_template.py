"""From a template, or one resource, to what the readers of templates make of it, with domains that lie elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from auditor.budget import Limits
from auditor.collect.iac.cloudformation.library import Library
from auditor.collect.iac.cloudformation.parameters import Given, declared
from auditor.collect.iac.cloudformation.stack_reader import StackReader
from auditor.collect.iac.interface import NotAssessed, Resource, Root, Unknown
from auditor.collect.iac.scope import Scope
from auditor.collect.iac.tree import Tree
from auditor.collect.iac.unreadable import UnreadableError
from auditor.hook.hook_request import HookRequest
from auditor.studio.resource_types import BY_KIND, KINDS_IN_DOMAINS
from auditor.studio.template_names import rows

#: What DescribeDomain says of a domain, or why it says nothing.
Describe = Callable[[str], Mapping[str, Any] | str]
_NAME = "template"
#: A Hook waits 30 seconds for an answer.
_LIMITS = Limits(seconds=10)
_DOMAIN_ID = re.compile(r"d-[a-z0-9-]+")
_NOT_SENT = Unknown("", "CloudFormation doesn't send a Hook the values of parameters")


@dataclass(frozen=True, slots=True)
class HookSource:
    """``root``: what the template holds, and the domains elsewhere that it refers to; ``domains``: the ids of those.
    ``unread``: what could not be read; ``notes``: what lies elsewhere and was not seen, and why. ``asked``: all that
    the rest follows from."""

    root: Root
    domains: frozenset[str]
    unread: tuple[NotAssessed, ...]
    notes: tuple[str, ...]
    asked: str


def read_source(request: HookRequest, text: str, describe: Describe, folder: Path) -> HookSource:
    """Read a template's text, or the request's resource where it is about one. ``folder`` is the caller's own."""
    path = folder / "template.yaml"
    text = text if request.of_template else _around(request)
    path.write_text(text, encoding="utf-8")
    tree = Tree.around([path])
    values = _parameters(path, tree) if request.of_template else {}
    given = Given({**values, **({"AWS::Region": request.region} if request.region else {})})
    roots = list(StackReader(lambda _: _NAME, given, tree, _LIMITS).roots([path]))
    root = roots[0] if roots else Root(_NAME, "CloudFormation", (), (), (NotAssessed(_NAME, "it is not a template"),))
    domains, notes = _elsewhere(Scope(root), describe)
    notes += tuple(f"{missed.what}: {missed.reason}" for missed in root.not_assessed if missed.elsewhere)
    return HookSource(
        replace(root, resources=(*root.resources, *domains)),
        frozenset(domain.address for domain in domains),
        tuple(missed for missed in root.not_assessed if not missed.elsewhere),
        notes,
        repr((text, request.of_template, request.region, [domain.properties for domain in domains], notes)),
    )


def _around(request: HookRequest) -> str:
    """A template with the resource alone. Cloud Control API makes up a name that need not be one of a template."""
    name = re.sub(r"[^A-Za-z0-9]", "", request.logical_id) or "Resource"
    return json.dumps({"Resources": {name: {"Type": request.target, "Properties": dict(request.properties)}}})


def _parameters(path: Path, tree: Tree) -> dict[str, Unknown]:
    """No parameter counts with its default: whoever deploys the template may have given another value."""
    try:
        template = Library(lambda _: _NAME, tree).template(path)
    except UnreadableError:
        return {}  # the reader says why
    return {name: _NOT_SENT for name, node in declared(template.content).items() if not _has_one_value(node)}


def _has_one_value(parameter: Mapping[str, Any]) -> bool:
    allowed = parameter.get("AllowedValues")
    return isinstance(allowed, list) and len(allowed) == 1


def _elsewhere(scope: Scope, describe: Describe) -> tuple[list[Resource], tuple[str, ...]]:
    """Domains of the account that the template's resources name by their id."""
    named = {
        domain: None
        for kind in KINDS_IN_DOMAINS
        for resource in scope.of(kind)
        if isinstance(domain := scope.raw(resource, "DomainId"), str) and _DOMAIN_ID.fullmatch(domain)
    }
    found, notes = [], []
    for domain in named:
        document = describe(domain)
        if isinstance(document, str):
            notes.append(f"Domain {domain} could not be described: {document}")
        else:
            found.append(Resource(domain, BY_KIND["domain"].cloudformation, _properties(document), _NAME))
    return found, tuple(notes)


def _properties(document: Mapping[str, Any]) -> dict[str, Any]:
    """The members of the answer that CloudFormation has, under the same names. Its tags take a call of their own, and
    whether there is a file system is seen by its id."""
    names = {row.path.partition(".")[0] for row in rows("domain") if row.names["cloudformation"]}
    said = {name: value for name, value in document.items() if name in names and value is not None}
    home = "Enabled" if document.get("HomeEfsFileSystemId") else "Disabled"
    return {**said, "HomeEfsFileSystemCreation": home, "Tags": Unknown("", "the domain's tags are not asked for")}
