"""What checkov's parser gives: mappings with marks on their keys, and members of its own among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

#: Members that the parser adds to every mapping.
_ADDED = frozenset({"__file__", "__startline__", "__endline__", "start_line", "end_line"})


def members(node: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    """The mapping's own members. Keys that YAML read as something else (dates, numbers) are text again."""
    for key, value in node.items():
        if key not in _ADDED:
            yield key if isinstance(key, str) else str(scalar(key)), value


def scalar(value: object) -> Any:
    """A scalar as CloudFormation sees it: YAML's dates are text there."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bool | int | float):
        return value
    return str(value)


def key_line(node: Mapping[Any, Any], name: str) -> int | None:
    """Line of a member's key, from 1; None where the parser did not mark it."""
    for key in node:
        if key == name:
            mark = getattr(key, "start_mark", None)
            line = getattr(mark, "line", None)
            return None if line is None else int(line) + 1
    return None


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
