"""Values as SQL text, for queries that are generated."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.errors import ConfigError
from auditor.json_source import is_unicode


def literal(text: str) -> str:
    """A SQL string literal. Raises ConfigError for a name of a file, or an argument, in which bytes are not UTF-8."""
    if not is_unicode(text):
        shown = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        raise ConfigError(f"{shown}: the name is not UTF-8 text", hint="Rename it, or copy the file to another folder.")
    return "'" + text.replace("'", "''") + "'"


def string_list(items: Iterable[str]) -> str:
    """A SQL list of string literals."""
    return "[" + ", ".join(map(literal, items)) + "]"
