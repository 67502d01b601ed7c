"""How far changes lead, as text, as Markdown, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from auditor.counting import plural
from auditor.inert_text import in_json

if TYPE_CHECKING:
    from auditor.run.change_curve import ChangeCurve

_HEADINGS = ("Changes", "Resolved", "Of high and critical", "New")


def render_curve(found: ChangeCurve, output: str) -> Iterator[str]:
    """Lines of ``text``, ``markdown`` or ``json``."""
    if output == "json":
        import msgspec

        yield in_json(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
        return
    rows = [_HEADINGS, *_rows(found)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(_HEADINGS))]
    for number, row in enumerate(rows):
        cells = [cell.rjust(width) for cell, width in zip(row, widths, strict=True)]
        if output == "text":
            yield "  ".join(cells)
            continue
        yield f"| {' | '.join(cells)} |"
        if number == 0:
            yield f"|{'|'.join('-' * (width + 1) + ':' for width in widths)}|"
    yield ""
    left = plural(found.left, "root cause")
    yield (
        f"{plural(found.failures, 'failure')} now. Each line is an audit after the first changes; "
        + (
            f"no more are tried, so {left} left, some with a command that can be run as it is printed."
            if found.stopped
            else f"{left} left without a command that can be run as it is printed."
        )
    )


def _rows(found: ChangeCurve) -> Iterator[tuple[str, str, str, str]]:
    for point in found.points:
        yield (
            f"{point.changes:,}",
            _share(point.resolved, found.failures),
            _share(point.resolved_high, found.high),
            f"{point.new:,}",
        )


def _share(part: int, whole: int) -> str:
    return f"{part:,} ({part * 100 // whole}%)" if whole else f"{part:,}"
