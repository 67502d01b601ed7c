"""What a reader of a template language is and gives, and what the builder makes a snapshot of.

A ``TemplateReader`` (CloudFormation with the CDK's assemblies, Terraform) resolves what can be resolved without AWS and
yields ``Root`` values; it knows nothing of Studio. The builder (``auditor.collect.iac.build``) knows the mapping table
and nothing of languages' syntax.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

from auditor.model.snapshot import GapReason, Source

#: Languages that there are readers for, as people call them, and what a snapshot of nothing else says it is made of.
RootLanguage = Literal["CloudFormation", "Terraform"]
SOURCES: Mapping[RootLanguage, Source] = {"CloudFormation": "cloudformation", "Terraform": "terraform"}
#: A property's value as a reader gives it: plain JSON (str, int, float, bool, list, dict), a Reference, an Unknown or
#: an OpenMap at any depth. What the template does not set, or sets to "no value", is not in its mapping: absent.
Value = Any

_LONE = re.compile(r"^\$\{[^}]*\}$")


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that cannot be told from the template.

    ``expression`` is the value as text with what is unknown written ``${…}``: ``${RoleArn}``,
    ``arn:aws:iam::${AWS::AccountId}:role/x``. ``reason`` says in half a sentence why, naming the unknown part.
    ``among``: the values of which it is one, where they are known. ``symbol``: a text with ``${…}`` in it that is the
    same for the same value, so that two of one symbol are equal for certain; empty where that cannot be said.
    """

    expression: str
    reason: str
    gap_reason: GapReason = "unresolved_expression"
    among: tuple[Any, ...] = ()
    symbol: str = ""

    def part(self, step: str, expression: str) -> Unknown:
        """A part of it: an attribute (``.name``) or an element (``[0]``)."""
        symbol = f"{self.symbol[:-1]}{step}}}" if _LONE.match(self.symbol) else ""
        return Unknown(expression, self.reason, self.gap_reason, symbol=symbol)

    @property
    def partial(self) -> bool:
        """Whether some of the text is known, so that it is for certain neither empty nor a lone ``*``."""
        return bool("".join(known_pieces(self.expression)).strip())


@dataclass(frozen=True, slots=True)
class Several(Unknown):
    """An element of a list that stands for any number of elements, none as well: ``concat(var.more, ["a"])``. What
    stands before it in a list stands there for certain; what stands behind it is in the list, nobody knows where."""


class OpenMap(dict[str, Any]):
    """An object or map of which it is not known which keys there are. ``open_keys``: why keys that it holds may not be
    there. ``rest``: why there may be keys that it does not hold; what it holds is certain all the same. Readers give
    the builder ``rest`` only."""

    def __init__(
        self, members: Mapping[str, Value], open_keys: Mapping[str, Unknown], rest: Unknown | None = None
    ) -> None:
        super().__init__(members)
        self.open_keys = dict(open_keys)
        self.rest = rest

    def doubts(self) -> list[Unknown]:
        """Why it is not known which keys there are."""
        return [*self.open_keys.values(), *([] if self.rest is None else [self.rest])]


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
    dotted path in the language's own names. ``doubt``: why it may not exist at all. ``number``: why nobody can tell how
    many of it there are (none, one or several); each of them is as the properties say.
    ``account`` and ``region`` it is deployed in, empty where they are not known. ``tags`` are put on it by whoever
    deploys it (stack tags).
    """

    address: str
    type: str
    properties: Mapping[str, Value]
    file: str
    line: int | None = None
    lines: Mapping[str, int] = field(default_factory=dict)
    construct: str = ""
    doubt: Unknown | None = None
    number: Unknown | None = None
    account: str = ""
    region: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def unsure(self) -> Unknown | None:
        """Why there may be none of it."""
        return self.doubt or self.number


@dataclass(frozen=True, slots=True)
class NotAssessed:
    """Something that was not understood, so that its resources are not in the root: a file that cannot be parsed, a
    nested stack or a module that cannot be read. ``what`` is a file or an address. ``elsewhere``: it does not lie in
    the tree that is scanned, and what lies there only names it."""

    what: str
    reason: str
    line: int | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Changed:
    """What a program that the root runs may change of resources that the root makes. ``kinds``: of which kinds.
    ``addresses``: of which resources; empty where that was not told. ``words``: names of members that the program
    writes; None where it is not known which. ``reason``: in half a sentence, why their values are unknown."""

    reason: str
    kinds: frozenset[str]
    addresses: frozenset[str] = frozenset()
    words: frozenset[str] | None = None

    def about(self, kind: str, address: str) -> bool:
        """Whether it may change that resource."""
        return kind in self.kinds and (not self.addresses or address in self.addresses)

    def writes(self, path: str) -> bool:
        """Whether it may change the member at an API path."""
        return self.words is None or path.removesuffix("[]").rpartition(".")[2] in self.words


@dataclass(frozen=True, slots=True)
class Unread:
    """Why something that a configuration names cannot be read. ``elsewhere`` as in ``NotAssessed``."""

    reason: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Root:
    """What is deployed together: a stack with its nested stacks, stacks that import from each other, a Terraform root
    module with its modules.

    ``path`` is the template's file, or the module's folder, as the user would name it; it stands for the account in the
    snapshot, so that two roots never mix. ``files`` are those that were read. ``not_assessed`` makes the lists of
    resources incomplete. ``called``: folders of the modules that something else than Terraform's configuration deploys
    (Terragrunt, a Terraform Stack), by what stands before the addresses of their resources. ``others``: types of the
    resources that are not among ``resources``, by address, where an address alone does not tell that it is one.
    ``changes``: what programs do to the resources once they are made.
    """

    path: str
    language: RootLanguage
    resources: tuple[Resource, ...]
    files: tuple[str, ...] = ()
    not_assessed: tuple[NotAssessed, ...] = ()
    called: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, str] = field(default_factory=dict)
    changes: tuple[Changed, ...] = ()


class TemplateReader(Protocol):
    """One language in one scan: which files are meant for it, and the roots that they make.

    The search (``auditor.collect.iac.discover``) asks each reader about what it comes by, and lets the first that
    recognises it take it. ``roots`` reads what was taken. Only ``take`` and ``notice`` change a reader before that.
    ``option`` of the command line gives its values by name, ``given`` are the names that came from there, and
    ``declared`` those that what was read declares: what was given and is not among them fits nowhere.
    """

    language: RootLanguage
    option: str
    #: How the names of files end whose text is worth a look; of files that are read with others and are nothing by
    #: themselves; and of those that are so in a folder that is read as a whole.
    endings: tuple[str, ...]
    parts: tuple[str, ...]
    parts_inside: tuple[str, ...]
    given: frozenset[str]

    @property
    def declared(self) -> set[str]: ...

    @property
    def took(self) -> bool:
        """Whether anything was taken."""

    def by_name(self, name: str, /) -> bool:
        """Whether a file of that name is the language's whatever stands in it, and is read with its folder."""

    def by_text(self, text: str, /) -> bool:
        """Whether a text is meant for the language, be it broken or not. It may be only the start of a file."""

    def of_studio(self, text: str, /) -> bool:
        """Whether a text of the language that nobody asked for may hold something of Studio, so that it is missed."""

    def as_a_whole(self, folder: Path, /) -> bool:
        """Whether a program wrote the folder, and what it wrote is read by what it says of it (a cloud assembly)."""

    def notice(self, file: Path, /) -> bool:
        """Whether a file says that a program has yet to write what would be read; ``roots`` tells of it, then."""

    def take(self, path: Path, text: str = "", named: bool = False, /) -> None:
        """Read it later: such a folder, a file recognised by its name, or by its ``text``. ``named``: the user names
        it, so that it counts as one of Studio's."""

    def refusal(self, file: Path, text: str, /) -> tuple[str, str]:
        """What to say, and to advise, of a file that the user names and that nobody reads; empty where it is none of
        the language's."""

    def roots(self) -> list[Root]:
        """What was taken, read. A file that cannot be read is in a root's ``not_assessed``."""


def known_pieces(expression: str) -> tuple[str, ...]:
    """The known text before, between and behind the placeholders of an expression. What stands in one is code,
    with braces and texts of its own; one that does not end reaches to the end."""
    pieces, piece = [], ""
    inside: list[str] = []
    at = 0
    while at < len(expression):
        two, one = expression[at : at + 2], expression[at]
        if two == "${" and (not inside or inside[-1] == '"'):
            if not inside:
                pieces.append(piece)
                piece = ""
            inside.append("{")
            at += 2
            continue
        if not inside:
            piece += one
        elif inside[-1] == '"':
            at += one == "\\"
            inside = inside[:-1] if one == '"' else inside
        elif one in '{"':
            inside.append(one)
        elif one == "}":
            inside.pop()
        at += 1
    return (*pieces, piece)


def symbol_of(parts: Sequence[tuple[Value, str]]) -> str:
    """The symbol of a text that is put together of values, each given with its text: empty where a part has none."""
    if any(isinstance(value, Unknown) and not value.symbol for value, _ in parts):
        return ""
    return "".join(value.symbol if isinstance(value, Unknown) else text for value, text in parts)


def unknowns(value: Value) -> Iterator[Unknown]:
    """Every Unknown in a value, at any depth."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Mapping):
        for member in value.values():
            yield from unknowns(member)
        yield from value.doubts() if isinstance(value, OpenMap) else ()
    elif isinstance(value, list | tuple):
        for item in value:
            yield from unknowns(item)
