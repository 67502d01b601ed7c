"""Values as SQL text, for queries that are generated."""

from __future__ import annotations

from collections.abc import Iterable


def literal(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def string_list(items: Iterable[str]) -> str:
    """A SQL list of string literals."""
    return "[" + ", ".join(map(literal, items)) + "]"
