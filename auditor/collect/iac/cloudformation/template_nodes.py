"""Mappings of a template, and where their members stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from auditor.collect.iac.marked import Key


def members(node: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """The mapping's members."""
    yield from ((str(key), value) for key, value in node.items())


def scalar(value: object) -> Any:
    """A scalar as CloudFormation sees it. A file of parameters may hold dates: they are text there."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | int | float):
        return value
    return str(value)


def key_line(node: Mapping[Any, Any], name: str) -> int | None:
    """Line of a member's key, from 1; None where there is no such member."""
    return next((key.place.line for key in node if key == name and isinstance(key, Key)), None)


def property_lines(node: Any, prefix: str = "") -> dict[str, int]:
    """Line of each property by dotted path; inside Fn::If the first branch that writes it counts."""
    found: dict[str, int] = {}
    if not isinstance(node, Mapping):
        return found
    branches = node.get("Fn::If")
    if isinstance(branches, list):
        for branch in branches[1:]:
            found = property_lines(branch, prefix) | found
        return found
    for name, value in members(node):
        path = f"{prefix}.{name}" if prefix else name
        line = key_line(node, name)
        if line is not None:
            found[path] = line
        found |= property_lines(value, path)
    return found
