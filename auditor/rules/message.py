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


def format_placeholder(name: str, row: Mapping[str, Any]) -> str:
    """What stands for a placeholder ``name`` in a sentence about the row.

    A column that is empty is not set. A value that is empty is a part of the sentence that its rule leaves out.
    """
    if name not in row:
        # A value that could not be worked out is unknown, as a column is.
        value = row.get(VALUE + name)
        return "" if value == "" else format_value(value)
    # What a template calls a resource is known, whatever its name will be.
    return format_value(row.get("id") if name == "name" and row[name] is None else row[name])


class _Shown:
    """A row whose values read well in a sentence."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        self._row = row

    def __getitem__(self, name: str) -> str:
        return format_placeholder(name, self._row)
