"""Values of Terraform expressions, with what cannot be known before deployment in them.

Text, numbers, true, false and null are Python's; objects and maps are dicts, lists and tuples are lists. Beside them
stand ``SetOf`` for sets, ``Holed`` for JSON text with holes, and the interface's Unknown and Reference. Resources and
modules as values, which exist only while a module is evaluated, are ``Handle``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from auditor.collect.iac.interface import Reference, Unknown, Value

KNOWN_LATER = "known after apply"
#: Parts of a value, and characters of a text; values of thousands of people have a tenth of it.
MANY_PARTS = 500_000
LONG_TEXT = 2_000_000


class EvaluationError(Exception):
    """What Terraform would refuse: an attribute that is not there, an index out of range. ``try`` catches it."""


class SetOf(list[Any]):
    """A set: elements once each, texts in their order, as Terraform walks through them."""

    @classmethod
    def of(cls, items: Sequence[Value]) -> SetOf:
        """The set of some elements."""
        unique: list[Value] = []
        for item in items:
            if not any(same(item, other) is True for other in unique):
                unique.append(item)
        if all(isinstance(item, str) for item in unique):
            unique.sort()
        return cls(unique)


@dataclass(frozen=True, slots=True)
class Holed:
    """JSON text in which something is unknown: its content."""

    content: Value


class Handle:
    """A resource, a data source or a module as a value."""

    def attribute(self, name: str) -> Value:
        """The value of one of its attributes. Raises EvaluationError where there is none."""
        raise NotImplementedError

    @property
    def shown(self) -> str:
        """It as part of a text that is not known: ``${aws_vpc.main}``."""
        raise NotImplementedError


def number_text(value: float) -> str:
    """A number as Terraform writes it into text."""
    if isinstance(value, int) or float(value).is_integer():
        return str(int(value))
    return repr(value)


def plain_text(value: Value) -> str | None:
    """A known scalar as text; None where it is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    return number_text(value) if isinstance(value, int | float) else None


def shown(value: Value) -> str:
    """A value as text, with ``${…}`` where it is unknown or made up at deployment."""
    if isinstance(value, Unknown):
        return value.expression
    if isinstance(value, Reference):
        return value.text
    if isinstance(value, Handle):
        return value.shown
    text = plain_text(value)
    return "…" if text is None else text


def holes(value: Value) -> Iterator[Unknown]:
    """What keeps a value from being known as it stands: unknowns, references and handles, at any depth. Raises
    EvaluationError for a value with more parts than any real one has: a few lines can write one down."""
    stack = [value]
    parts = 0
    while stack:
        part = stack.pop()
        parts += 1
        if parts > MANY_PARTS:
            raise EvaluationError("the value has too many parts to be worked out")
        if isinstance(part, Unknown):
            yield part
        elif isinstance(part, Reference):
            yield Unknown(part.text, f"{part.text[2:-1]} is {KNOWN_LATER}")
        elif isinstance(part, Handle):
            yield Unknown(part.shown, f"{part.shown[2:-1]} is {KNOWN_LATER}")
        elif isinstance(part, Holed):
            stack.append(part.content)
        elif isinstance(part, Mapping):
            stack += reversed(list(part.values()))
        elif isinstance(part, list):
            stack += reversed(part)


def hole_count(value: Value) -> int:
    """How many there are: a walk through the whole value, which ends where there are too many parts."""
    return sum(1 for _ in holes(value))


def hole(*values: Value) -> Unknown | None:
    """The first of them."""
    return next(holes(list(values)), None)


def joined(parts: Sequence[Value]) -> Value:
    """The parts as one text: unknown where one is, a lone reference as itself. Names that AWS makes up stay in it as
    ``${…}``. Raises EvaluationError for what is no text."""
    parts = [part for part in parts if part != ""]
    if len(parts) == 1 and isinstance(parts[0], Reference | Unknown | Holed):
        return parts[0]
    for part in parts:
        if part is None:
            raise EvaluationError("a part of the text is null")
        if not isinstance(part, Unknown | Reference | Holed | Handle) and plain_text(part) is None:
            raise EvaluationError("a part of the text is no text")
    text = "".join(shown(part) for part in parts)
    if len(text) > LONG_TEXT:
        raise EvaluationError("the text is too long to be worked out")
    gap = next((part for part in parts if isinstance(part, Unknown | Handle | Holed)), None)
    if gap is not None or any(isinstance(part, Reference) for part in parts):
        found = _json_with_holes(parts)
        if found is not None:
            return found
    if gap is None:
        return text
    first = hole(gap)
    assert first is not None
    return Unknown(text, first.reason, first.cause)


def _json_with_holes(parts: Sequence[Value]) -> Holed | None:
    """The parts as a JSON document of which some texts are unknown: policies are written so."""
    first = parts[0].lstrip() if isinstance(parts[0], str) else ""
    if not first.startswith("{"):
        return None
    open_ = [part for part in parts if plain_text(part) is None]
    text = "".join(_mark(open_.index(p)) if plain_text(p) is None else str(plain_text(p)) for p in parts)
    try:
        document = json.loads(text)
    except ValueError:
        return None
    return Holed(_filled(document, open_))


def _mark(at: int) -> str:
    return f"\ue000{at}\ue001"


def _filled(value: Any, parts: Sequence[Value]) -> Value:
    if isinstance(value, str) and "\ue000" in value:
        pieces: list[Value] = []
        for piece in value.split("\ue000"):
            number, mark, rest = piece.partition("\ue001")
            pieces += [parts[int(number)], rest] if mark else [piece]
        return joined(pieces)
    if isinstance(value, dict):
        return {str(k): _filled(v, parts) for k, v in value.items()}
    return [_filled(v, parts) for v in value] if isinstance(value, list) else value


def json_text(value: Value) -> Value:
    """jsonencode: text, or the content where something in it is unknown."""
    if hole(value) is not None:
        return Holed(value)
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def settled(value: Value) -> Value:
    """A value for the property of a resource: no handles, no null members, JSON with holes as its content."""
    if isinstance(value, list | dict):
        hole_count(value)
    return _settled(value)


def _settled(value: Value) -> Value:
    if isinstance(value, Holed):
        return _settled(value.content)
    if isinstance(value, Handle):
        return Unknown(value.shown, "a whole resource or module stands where a value belongs", "unexpected_response")
    if isinstance(value, Mapping):
        return {str(k): _settled(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_settled(v) for v in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same(one: Value, other: Value) -> bool | Unknown:
    """Whether two values are equal as Terraform compares them: a number never equals a text."""
    if isinstance(one, list | dict) and isinstance(other, list | dict):
        hole_count([one, other])
    return _same(one, other)


def _same(one: Value, other: Value) -> bool | Unknown:
    if isinstance(one, Unknown | Reference | Handle | Holed) or isinstance(other, Unknown | Reference | Handle | Holed):
        return _same_open(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if set(one) != set(other):
            return False
        return _all(_same(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return _all(map(_same, one, other)) if len(one) == len(other) else False
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other
    return type(one) is type(other) and bool(one == other)


def _same_open(one: Value, other: Value) -> bool | Unknown:
    if isinstance(one, Reference) and one == other:
        return True
    for a, b in ((one, other), (other, one)):
        # What AWS makes up is never null or empty; nor is text of which a part is known.
        solid = isinstance(a, Reference | Holed | Handle) or (isinstance(a, Unknown) and a.partial)
        if solid and (b is None or b == ""):
            return False
    gap = hole(one, other)
    assert gap is not None
    return gap


def _all(results: Iterator[bool | Unknown]) -> bool | Unknown:
    listed = list(results)
    if any(r is False for r in listed):
        return False
    return next((r for r in listed if isinstance(r, Unknown)), True)


def either(one: Value, other: Value, gap: Unknown) -> Value:
    """The value that is one of two, by a condition that is unknown: what both agree on, member by member."""
    hole_count([one, other])
    return _either(one, other, gap)


def _either(one: Value, other: Value, gap: Unknown) -> Value:
    if isinstance(one, dict) and isinstance(other, dict):
        names = dict.fromkeys([*one, *other])
        return {name: _either(one.get(name), other.get(name), gap) for name in names}
    if isinstance(one, Unknown) and isinstance(other, Unknown):
        return one if one.expression == other.expression else gap
    return one if _same(one, other) is True else gap


def truth(value: Value) -> bool | Unknown:
    """A condition's value; texts ``true`` and ``false`` count. Raises EvaluationError."""
    if isinstance(value, bool | Unknown):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    gap = hole(value)
    if gap is not None:
        return gap
    raise EvaluationError("it is neither true nor false")


def number(value: Value) -> int | float:
    """A known number, also as text. Raises EvaluationError."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            return int(value)
        except ValueError:
            pass
        try:
            found = float(value)
        except ValueError:
            raise EvaluationError(f"{value!r} is no number") from None
        if found == found and abs(found) != float("inf"):
            return found
    raise EvaluationError("it is no number")


def items_of(value: Value) -> list[tuple[Value, Value]]:
    """Keys and elements of a list, set or mapping, in Terraform's order. Raises EvaluationError."""
    if isinstance(value, SetOf):
        return [(item, item) for item in value]
    if isinstance(value, list):
        return list(enumerate(value))
    if isinstance(value, dict):
        return [(key, value[key]) for key in sorted(value, key=str)]
    raise EvaluationError("it is neither a list nor a mapping")


class Files(Protocol):
    """Files beside the configuration, for ``file`` and its kin. Names are as written in. Each raises EvaluationError
    where it cannot tell."""

    def read(self, path: str) -> str:
        """A file's text."""

    def exists(self, path: str) -> bool:
        """Whether there is such a file."""

    def matching(self, folder: str, pattern: str) -> list[str]:
        """Files below a folder that match, relative to it."""
