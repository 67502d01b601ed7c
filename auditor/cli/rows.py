"""Rows for a terminal or another program."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import click

from auditor.cli.terminal import emit
from auditor.inert_text import in_json, printable, printable_lines


def _plain(value: Any) -> Any:
    return value.isoformat() + "Z" if isinstance(value, datetime) and value.tzinfo is None else str(value)


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return str(_plain(value)) if isinstance(value, datetime) else str(value)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: str) -> None:
    """Print as ``table``, ``csv`` (NULL is an empty field) or ``json`` (an array of objects)."""
    if output == "json":
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        emit([in_json(json.dumps(found, ensure_ascii=False, indent=2, default=_plain)), "\n"])
    elif output == "csv":
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else printable_lines(_cell(value)) for value in row] for row in rows)
        emit([written.getvalue()])
    else:
        cells = [[printable(_cell(value).replace("\n", " ")) for value in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        for line in (columns, ["-" * width for width in widths], *cells):
            click.echo("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
