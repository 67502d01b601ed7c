"""What every reader of a template language gives, and what the builder makes a snapshot of.

A reader (CloudFormation, CDK, Terraform) resolves what can be resolved without AWS and yields ``Root`` values; it knows
nothing of Studio. The builder (``auditor.collect.iac.build``) knows the mapping table and nothing of languages' syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from auditor.model.snapshot import GapReason

#: A property's value as a reader gives it: plain JSON (str, int, float, bool, list, dict), a Reference or an Unknown at
#: any depth. What the template does not set, or sets to "no value", is not in its mapping: absent.
Value = Any

_PLACEHOLDER = re.compile(r"\$\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be told from the template.

    ``expression`` is the value as text with what is unknown written ``${…}``: ``${RoleArn}``,
    ``arn:aws:iam::${AWS::AccountId}:role/x``. ``reason`` says in half a sentence why, naming the unknown part.
    """

    expression: str
    reason: str
    gap_reason: GapReason = "unresolved_expression"

    @property
    def partial(self) -> bool:
        """Whether some of the text is known, so that it is for certain neither empty nor a lone ``*``."""
        return bool(_PLACEHOLDER.sub("", self.expression).strip())


@dataclass(frozen=True, slots=True)
class Reference:
    """The name, id or attribute of a resource of the same root, which AWS makes up at deployment. It is known to be
    that resource's. ``attribute`` in the language's own words: ``Ref``, ``Arn``, ``id``, …"""

    address: str
    attribute: str

    @property
    def text(self) -> str:
        return f"${{{self.address}}}" if self.attribute in ("Ref", "id") else f"${{{self.address}.{self.attribute}}}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource of a root, its properties resolved.

    ``address`` names it within the root and never changes with its place in the file: a logical id (behind those of
    the nested stacks that it lies in, ``Network/Domain``), a Terraform address (``module.x.aws_vpc.main["a"]``).
    ``properties`` are in the language's own names; a Terraform block that may occur once is a mapping or a list of one.
    ``line`` counts from 1, None where it is not known; ``lines`` gives the line of each property that is written, by
    dotted path in the language's own names. ``doubt``: why it may not exist at all, or may exist more than once.
    ``account`` and ``region`` it is deployed in, empty where they are not known.
    """

    address: str
    type: str
    properties: Mapping[str, Value]
    file: str
    line: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    construct: str = ""
    doubt: Unknown | None = None
    account: str = ""
    region: str = ""


@dataclass(frozen=True, slots=True)
class NotAssessed:
    """Something that was not understood, so that its resources are not in the root: a file that cannot be parsed, a
    nested stack or a module that cannot be read. ``what`` is a file or an address."""

    what: str
    reason: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Root:
    """What is deployed together: a stack with its nested stacks, a Terraform root module with its modules.

    ``path`` is the template's file, or the module's folder, as the user would name it; it stands for the account in the
    snapshot, so that two roots never mix. ``files`` are those that were read. ``not_assessed`` makes the lists of
    resources incomplete. ``tags`` are put on every resource that can have tags (stack tags).
    """

    path: str
    language: str
    resources: tuple[Resource, ...]
    files: tuple[str, ...] = ()
    not_assessed: tuple[NotAssessed, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)


def unknowns(value: Value) -> Iterator[Unknown]:
    """Every Unknown in a value, at any depth."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from unknowns(member)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from unknowns(item)
