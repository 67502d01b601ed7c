"""Putting values together when parts of them are unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from auditor.collect.iac.interface import Reference, Unknown, Value, symbol_of
from auditor.collect.iac.translate import plain_text


class NoValue:
    """AWS::NoValue: as if the property were not written."""

    def __repr__(self) -> str:
        return "AWS::NoValue"


NO_VALUE = NoValue()
_PLACEHOLDER = re.compile(r"^\$\{([^}.:]+)(?:\.([^}:]+))?\}$")
_DYNAMIC = re.compile(r"\{\{(resolve:[^}]*)\}\}")


def shown(value: Value) -> str:
    """A value as text in which what is unknown, or made up at deployment, is a ``${…}``."""
    if isinstance(value, Unknown):
        return value.expression
    if isinstance(value, Reference):
        return value.text
    text = plain_text(value)
    return text if text is not None else "…"


def concatenated(parts: Sequence[Value]) -> Value:
    """The parts as one text: unknown where one is, a lone reference as itself."""
    parts = [part for part in parts if part != ""]
    if len(parts) == 1 and isinstance(parts[0], Reference | Unknown):
        return parts[0]
    text = "".join(shown(part) for part in parts)
    hole = next((part for part in parts if isinstance(part, Unknown)), None)
    if hole is not None:
        return Unknown(text, hole.reason, hole.gap_reason, symbol=symbol_of([(part, shown(part)) for part in parts]))
    odd = next((part for part in parts if not isinstance(part, Reference) and plain_text(part) is None), None)
    return text if odd is None else Unknown(text, "a part of the text is no text", "unexpected_response")


def literal(text: str) -> Value:
    """Text of the template: unknown where it holds a dynamic reference."""
    if "{{resolve:" not in text:
        return text
    shown_ = _DYNAMIC.sub(r"${\1}", text)
    return Unknown(shown_, "a dynamic reference is resolved at deployment", symbol=shown_)


def listed(parts: Sequence[str]) -> list[Value]:
    """The parts of a text that was split; one that is a reference alone is that reference again."""
    found: list[Value] = []
    for part in parts:
        match = _PLACEHOLDER.match(part.strip())
        found.append(Reference(match[1], match[2] or "Ref") if match else literal(part.strip()))
    return found


def either(one: Value, other: Value, hole: Unknown) -> Value:
    """The value that is one of two, by a condition that is unknown: what both agree on, member by member."""
    if isinstance(one, Unknown) and isinstance(other, Unknown):
        return one if one.expression == other.expression else hole
    if isinstance(one, dict) and isinstance(other, dict):
        return {
            name: either(one.get(name, NO_VALUE), other.get(name, NO_VALUE), hole)
            for name in dict.fromkeys([*one, *other])
        }
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other) and not same(one, other):
        return [either(a, b, hole) for a, b in zip(one, other, strict=True)]
    return one if same(one, other) else hole


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same as CloudFormation compares them: text by text."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(a, b) for a, b in zip(one, other, strict=True))
    texts = plain_text(one), plain_text(other)
    if None not in texts:
        return texts[0] == texts[1]
    equal: Any = one == other
    return bool(equal)
