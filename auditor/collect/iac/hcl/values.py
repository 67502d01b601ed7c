"""Values of Terraform expressions, with what cannot be known before deployment in them.

Text, numbers, true, false and null are Python's; objects and maps are dicts, lists and tuples are lists. Beside them
stand ``SetOf`` for sets, ``PartialJson`` for JSON text with unknown parts, and the interface's Unknown and Reference.
Resources and modules as values, which exist only while a module is evaluated, are ``ObjectValue``.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from auditor.budget import LONG_TEXT, TOO_LONG, TooLargeError
from auditor.collect.iac.interface import Reference, Unknown, Value, symbol_of
from auditor.collect.iac.partly_known import doubts_of, open_keys_of, rest_of, why_open, with_open_keys
from auditor.json_source import decode_json

KNOWN_LATER = "known after apply"
#: Parts of a value; values of thousands of people have a tenth of it.
MANY_PARTS = 500_000


class EvaluationError(Exception):
    """What Terraform would refuse: an attribute that is not there, an index out of range. ``try`` catches it."""


class SetOf(list[Any]):
    """A set: elements once each, texts in their order, as Terraform walks through them."""

    @classmethod
    def of(cls, items: Sequence[Value]) -> SetOf:
        """The set of some elements."""
        unique = once_each(items)
        if all(isinstance(item, str) for item in unique):
            unique.sort()
        return cls(unique)


@dataclass(frozen=True, slots=True)
class PartialJson:
    """JSON text in which something is unknown: its content."""

    content: Value


class ObjectValue:
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


def format_value(value: Value) -> str:
    """A value as text, with ``${…}`` where it is unknown or made up at deployment."""
    if isinstance(value, Unknown):
        return value.expression
    if isinstance(value, Reference):
        return value.text
    if isinstance(value, ObjectValue):
        return value.shown
    text = plain_text(value)
    return "…" if text is None else text


def unknown_parts(value: Value) -> Iterator[Unknown]:
    """What keeps a value from being known as it stands: unknowns, references and handles, at any depth. Raises
    TooLargeError for a value with more parts than any real one has: a few lines can write one down."""
    stack = [value]
    parts = 0
    while stack:
        part = stack.pop()
        parts += 1
        if parts > MANY_PARTS:
            raise TooLargeError("a value has more parts than any real one")
        if isinstance(part, Unknown):
            yield part
        elif isinstance(part, Reference):
            yield Unknown(part.text, f"{part.text[2:-1]} is {KNOWN_LATER}")
        elif isinstance(part, ObjectValue):
            yield Unknown(part.shown, f"{part.shown[2:-1]} is {KNOWN_LATER}")
        elif isinstance(part, PartialJson):
            stack.append(part.content)
        elif isinstance(part, Mapping):
            stack += doubts_of(part)
            stack += reversed(list(part.values()))
        elif isinstance(part, list):
            stack += reversed(part)


def unknown_count(value: Value) -> int:
    """How many there are: a walk through the whole value, which ends where there are too many parts."""
    return sum(1 for _ in unknown_parts(value))


def first_unknown(*values: Value) -> Unknown | None:
    """The first of them."""
    return next(unknown_parts(list(values)), None)


def joined(parts: Sequence[Value]) -> Value:
    """The parts as one text: unknown where one is, a lone reference as itself. Names that AWS makes up stay in it as
    ``${…}``. Raises EvaluationError for what is not a text."""
    parts = [part for part in parts if part != ""]
    if len(parts) == 1 and isinstance(parts[0], Reference | Unknown | PartialJson):
        return parts[0]
    for part in parts:
        if part is None:
            raise EvaluationError("a part of the text is null")
        if not isinstance(part, Unknown | Reference | PartialJson | ObjectValue) and plain_text(part) is None:
            raise EvaluationError("a part of the text is not a string")
    texts = [format_value(part) for part in parts]
    check_length(sum(map(len, texts)))
    text = "".join(texts)
    gap = next((part for part in parts if isinstance(part, Unknown | ObjectValue | PartialJson)), None)
    if gap is not None or any(isinstance(part, Reference) for part in parts):
        found = _partial_json(parts)
        if found is not None:
            return found
    if gap is None:
        return text
    first = first_unknown(gap)
    assert first is not None
    closed = all(not isinstance(part, ObjectValue | PartialJson) for part in parts)
    symbol = symbol_of([(part, format_value(part)) for part in parts]) if closed else ""
    return Unknown(text, first.reason, first.gap_reason, symbol=symbol)


def _partial_json(parts: Sequence[Value]) -> PartialJson | None:
    """The parts as a JSON document of which some texts are unknown: policies are written so."""
    first = parts[0].lstrip() if isinstance(parts[0], str) else ""
    if not first.startswith("{"):
        return None
    open_ = [part for part in parts if plain_text(part) is None]
    text = "".join(_mark(open_.index(p)) if plain_text(p) is None else str(plain_text(p)) for p in parts)
    try:
        document = decode_json(text)
    except ValueError:
        return None
    return PartialJson(_filled(document, open_))


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


def _written(value: Value) -> int:
    """At least how many characters a known value has as JSON; the count ends behind a long text."""
    stack, length = [value], 0
    while stack and length <= LONG_TEXT:
        part = stack.pop()
        length += len(part) + 2 if isinstance(part, str) else 1
        if isinstance(part, Mapping):
            length += sum(map(len, part))
            stack += part.values()
        elif isinstance(part, list):
            stack += part
    return length


def json_text(value: Value) -> Value:
    """jsonencode: text, or the content where something in it is unknown."""
    if first_unknown(value) is not None:
        return PartialJson(value)
    check_length(_written(value))
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


def check_length(length: int) -> None:
    """Raises TooLargeError for a text of that length that is longer than any real one."""
    if length > LONG_TEXT:
        raise TooLargeError(TOO_LONG)


def as_property(value: Value) -> Value:
    """A value for the property of a resource: no handles, no null members, JSON with unknown parts as its content."""
    if isinstance(value, list | dict):
        unknown_count(value)
    return _as_property(value)


def _as_property(value: Value) -> Value:
    if isinstance(value, PartialJson):
        return _as_property(value.content)
    if isinstance(value, ObjectValue):
        return Unknown(value.shown, "a whole resource or module stands where a value belongs", "unexpected_response")
    if isinstance(value, Mapping):
        doubtful = open_keys_of(value)
        found = {str(k): doubtful.get(k) or _as_property(v) for k, v in value.items() if v is not None}
        return with_open_keys(found, {}, rest_of(value))
    if isinstance(value, list):
        return [_as_property(v) for v in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def identity(value: Value) -> Hashable | None:
    """What is the same for two values exactly if they are equal for certain (``equals3``); None for a value that is
    never known to equal another one."""
    if isinstance(value, bool):
        return ("bool", value)
    if isinstance(value, str) or value is None:
        return value if value is not None else ("null",)
    if isinstance(value, int | float):
        return ("number", value)
    if isinstance(value, Reference):
        return ("reference", value.address, value.attribute)
    if type(value) is dict:
        members = {name: identity(member) for name, member in value.items()}
        return None if None in members.values() else ("map", frozenset(members.items()))
    if isinstance(value, list):
        items = tuple(map(identity, value))
        return None if None in items else ("list", items)
    return None


def once_each(items: Sequence[Value]) -> list[Value]:
    """The items without those that are equal to an earlier one."""
    unknown_count(list(items))
    seen: set[Hashable] = set()
    found: list[Value] = []
    for item in items:
        key = identity(item)
        if key is None or key not in seen:
            seen.add(key)
            found.append(item)
    return found


def truth(value: Value) -> bool | Unknown:
    """A condition's value; texts ``true`` and ``false`` count. Raises EvaluationError."""
    if isinstance(value, bool | Unknown):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    gap = first_unknown(value)
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
            raise EvaluationError(f"{value!r} is not a number") from None
        if found == found and abs(found) != float("inf"):
            return found
    raise EvaluationError("it is not a number")


def items_of(value: Value) -> list[tuple[Value, Value]]:
    """Keys and elements of a list, set or mapping, in Terraform's order. Raises EvaluationError, also where it is not
    known which there are."""
    gap = why_open(value)
    if gap is not None:
        raise EvaluationError(gap.reason)
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
