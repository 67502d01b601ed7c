"""Rows for a terminal or another program."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from textwrap import wrap
from typing import Any

import click

from auditor.cli.terminal import emit
from auditor.inert_text import in_json, printable, printable_lines

#: Characters of a column that is made narrower.
_NARROWEST = 12


def _plain(value: Any) -> Any:
    return value.isoformat() + "Z" if isinstance(value, datetime) and value.tzinfo is None else str(value)


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False, default=_plain)
    return str(_plain(value)) if isinstance(value, datetime) else str(value)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], output: str) -> None:
    """Print as ``table``, ``markdown``, ``csv`` (NULL is an empty field) or ``json`` (an array of objects)."""
    if output == "json":
        found = [dict(zip(columns, row, strict=True)) for row in rows]
        emit([in_json(json.dumps(found, ensure_ascii=False, indent=2, default=_plain)), "\n"])
    elif output == "csv":
        written = io.StringIO()
        writer = csv.writer(written, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(["" if value is None else printable_lines(_cell(value)) for value in row] for row in rows)
        emit([written.getvalue()])
    elif output == "markdown":
        from auditor.report.markdown.markdown_text import text

        lines = (columns, ["---"] * len(columns), *([text(_cell(value)) for value in row] for row in rows))
        emit(f"| {' | '.join(line)} |\n" for line in lines)
    else:
        cells = [[printable(_cell(value).replace("\n", " ")) for value in row] for row in rows]
        widths = _fitting([max(map(len, column)) for column in zip(columns, *cells, strict=True)])
        for line in (columns, ["-" * width for width in widths], *cells):
            # A cell that is wider than its column goes on in the row below: nothing is cut.
            parts = [
                [cell] if len(cell) <= width else wrap(cell, width) for cell, width in zip(line, widths, strict=True)
            ]
            for row in zip_longest(*parts, fillvalue=""):
                click.echo("  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip())


def _fitting(widths: list[int]) -> list[int]:
    """The widths with the widest columns made narrower, until a row fits the terminal; as they are where that is none,
    or where it is too narrow for so many columns."""
    room = shutil.get_terminal_size().columns - 2 * (len(widths) - 1) if sys.stdout.isatty() else sum(widths)
    if sum(min(width, _NARROWEST) for width in widths) > room:
        return widths
    widths = list(widths)
    while sum(widths) > room:
        widths[widths.index(max(widths))] -= 1
    return widths
