"""What a Terraform file says, as nodes: blocks, attributes, expressions. Nothing is evaluated here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

#: An expression is shown in a gap; this much of it tells which one it is.
_SHOWN = 160


@dataclass(frozen=True, slots=True)
class Span:
    """Where something stands in its file: bytes from ``start`` to before ``end``, counted from the start of the file (a
    byte order mark included), on the lines from ``line`` to ``last_line``, counted from 1."""

    start: int
    end: int
    line: int
    last_line: int


@dataclass(slots=True)
class Node:
    """An expression. ``source``: its text in the file, on one line and cut off where it is long; ``line`` counts from
    1. ``span``: None for what stands in no file, or in text inside of one (JSON's, a template's)."""

    source: str
    line: int
    span: Span | None = field(default=None, kw_only=True, compare=False, repr=False)

    @property
    def shown(self) -> str:
        """The expression as part of a text that is not known: ``${var.x}``."""
        text = self.source if len(self.source) <= _SHOWN else f"{self.source[:_SHOWN]}…"
        return f"${{{text}}}"


@dataclass(slots=True)
class Literal(Node):
    """Text without escapes or templates, a number, true, false or null."""

    value: Any


@dataclass(slots=True)
class Template(Node):
    """Text with ``${…}`` or ``%{…}``, in pieces: escapes are resolved, markers that strip whitespace have done so."""

    parts: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Choice:
    """``%{ if condition }…%{ else }…%{ endif }``"""

    condition: Node
    then: Sequence[Part]
    otherwise: Sequence[Part]


@dataclass(frozen=True, slots=True)
class Loop:
    """``%{ for key, value in items }…%{ endfor }``"""

    key: str | None
    value: str
    items: Node
    parts: Sequence[Part]


#: A piece of a template: text as it stands, an interpolation, or a directive.
Part = str | Node | Choice | Loop


@dataclass(slots=True)
class Name(Node):
    """The first part of a reference: ``var``, ``aws_vpc``, a loop's variable."""

    name: str


@dataclass(slots=True)
class Attribute(Node):
    """``value.name``"""

    value: Node
    name: str


@dataclass(slots=True)
class Index(Node):
    """``value[key]``"""

    value: Node
    key: Node


@dataclass(slots=True)
class Splat(Node):
    """``value[*].a.b`` (``full``) or ``value.*.a.b``. ``steps``: a name, or an expression in brackets."""

    value: Node
    steps: Sequence[str | Node]


@dataclass(slots=True)
class Tuple(Node):
    """``[a, b]``"""

    items: Sequence[Node]


@dataclass(slots=True)
class Object(Node):
    """``{a = b}``"""

    items: Sequence[tuple[Node, Node]]


@dataclass(slots=True)
class Call(Node):
    """``name(…)``. ``spread``: the last argument stands for several."""

    name: str
    arguments: Sequence[Node]
    spread: bool = False


@dataclass(slots=True)
class For(Node):
    """``[for key, value in items : element if condition]``; with ``element_key`` an object, which may ``group``."""

    key: str | None
    value: str
    items: Node
    element_key: Node | None
    element: Node
    condition: Node | None
    group: bool = False


@dataclass(slots=True)
class Conditional(Node):
    """``condition ? one : other``"""

    condition: Node
    one: Node
    other: Node


@dataclass(slots=True)
class Unary(Node):
    """``!a`` or ``-a``"""

    operator: str
    operand: Node


@dataclass(slots=True)
class Binary(Node):
    """``a && b``"""

    operator: str
    left: Node
    right: Node


@dataclass(slots=True)
class Broken(Node):
    """An expression that cannot be understood, and why."""

    reason: str


@dataclass(slots=True)
class Body:
    """The inside of a block. ``attributes`` by name, ``blocks`` in the order of the file.

    ``keys``: where each attribute's name stands; its value's place is the node's own. ``span``: what lies between the
    braces.
    """

    attributes: dict[str, Node] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    keys: dict[str, Span] = field(default_factory=dict)
    span: Span | None = None

    def of(self, kind: str) -> Iterator[Block]:
        """Blocks of one type."""
        return (block for block in self.blocks if block.kind == kind)


@dataclass(slots=True)
class Block:
    """``kind "label" "label" { … }``, with the file it stands in as the user would name it. ``span``: all of it, from
    the kind to the closing brace."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    line: int
    file: str = ""
    span: Span | None = None


def literal(node: Node | None) -> Any:
    """The value of a node that is a literal, None where it is not one."""
    return node.value if isinstance(node, Literal) else None
