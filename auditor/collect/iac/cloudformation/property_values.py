"""Putting values together when parts of them are unknown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from auditor.collect.iac.interface import Reference, Unknown, Value, symbol_of, unknowns
from auditor.collect.iac.partly_known import rest_of, several, shared_elements, why_open, with_open_keys
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
    unknown = next((part for part in parts if isinstance(part, Unknown)), None)
    if unknown is not None:
        return Unknown(
            text, unknown.reason, unknown.gap_reason, symbol=symbol_of([(part, shown(part)) for part in parts])
        )
    odd = next((part for part in parts if not isinstance(part, Reference) and plain_text(part) is None), None)
    return text if odd is None else Unknown(text, "a part of the text is not a string", "unexpected_response")


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


def joined_branches(left: Value, right: Value, unknown: Unknown) -> Value:
    """The value that is one of two, by a condition that is unknown: what both agree on, member by member."""
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        return left if left.expression == right.expression else unknown
    if isinstance(left, dict) and isinstance(right, dict):
        members = {
            name: joined_branches(left.get(name, NO_VALUE), right.get(name, NO_VALUE), unknown)
            for name in dict.fromkeys([*left, *right])
        }
        return with_open_keys(members, {}, rest_of(left) or rest_of(right))
    if same(left, right):
        return left
    if isinstance(left, list) and isinstance(right, list):
        if len(left) == len(right) and why_open([*left, *right]) is None:
            return [joined_branches(a, b, unknown) for a, b in zip(left, right, strict=True)]
        return shared_elements(left, right, _certainly_same, unknown)
    texts = plain_text(left), plain_text(right)
    if None not in texts:
        return replace(unknown, among=texts)
    # As an element of a list it may be left out.
    return several(unknown) if left is NO_VALUE or right is NO_VALUE else unknown


def _certainly_same(left: Value, right: Value) -> bool:
    return next(unknowns([left, right]), None) is None and same(left, right)


def same(left: Value, right: Value) -> bool:
    """Whether two values are the same as CloudFormation compares them: text by text."""
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    texts = plain_text(left), plain_text(right)
    if None not in texts:
        return texts[0] == texts[1]
    equal: Any = left == right
    return bool(equal)
