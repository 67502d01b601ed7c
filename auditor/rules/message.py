"""The message of a finding, and how values read in a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from auditor.model.rule import Rule
from auditor.rules.value_columns import VALUE


def format_value(value: Any) -> str:
    """A value in a sentence."""
    if value is None:
        return "unknown"
    if value == "":
        return "not set"
    if isinstance(value, (list, tuple)):
        return ", ".join(str(v) for v in value) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def message(rule: Rule, row: Mapping[str, Any]) -> str:
    """The message of a failure on a row that holds the columns, and under their prefix the values, which it names."""
    return filled(rule.message, row)


def filled(text: str, row: Mapping[str, Any]) -> str:
    """A sentence of a rule with the row's columns and values in its placeholders."""
    return text.format_map(_Shown(row))


class _Shown:
    """A row whose values read well in a sentence."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row

    def __getitem__(self, name: str) -> str:
        row = self._row
        # A value that could not be worked out is unknown, as a column is.
        value = row[name] if name in row else row.get(VALUE + name)
        # What a template calls a resource is known, whatever its name will be.
        return format_value(row.get("id") if name == "name" and value is None else value)
