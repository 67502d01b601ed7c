"""Dotted paths of the API (``UserSettings.JupyterLabAppSettings``) in documents and in templates' lines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def value_at(members: Mapping[str, Any], path: str) -> Any:
    """The value at a path of nested structures; None where it is absent or something on the way is no structure."""
    value: Any = members
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value


def line_at(lines: Mapping[str, int], path: str) -> int | None:
    """The line of a path, or of the innermost structure around it that has one; None where none has."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return None
