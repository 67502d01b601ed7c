"""A difference as a table, as Markdown for a pull request, or as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditor.counting import plural
from auditor.inert_text import in_json, printable
from auditor.masking import mask_text
from auditor.model.finding import PastFinding
from auditor.report.markdown.markdown_text import text

if TYPE_CHECKING:
    from auditor.history.compare_runs import Difference
    from auditor.history.facts import Fact

_Item = Any  # Fact or PastFinding
#: Rows of one list in a table or in Markdown; JSON holds all.
_ROWS = 50
#: Attribute of Difference → name in JSON, heading.
_LISTS = (
    ("appeared", "new", "New"),
    ("regressed", "regressed", "Came back"),
    ("lapsed", "lapsed", "No longer waived"),
    ("resolved", "resolved", "Resolved"),
    ("waived", "waived", "Waived"),
    ("not_assessed", "not_assessed", "No longer assessed"),
    ("carried_over", "carried_over", "Not part of the new run"),
)


def render(found: Difference, output: str) -> Iterator[str]:
    """Lines of ``table``, ``markdown`` or ``json``."""
    return {"table": _table, "markdown": _markdown, "json": _json}[output](found)


def _parts(found: Difference) -> Iterator[tuple[str, str, Sequence[_Item]]]:
    for attribute, name, heading in _LISTS:
        yield name, heading, getattr(found, attribute)


def _cells(item: Fact | PastFinding) -> tuple[str, str, str, str]:
    """Severity, rule, resource, and what is to be said."""
    finding = item.finding if isinstance(item, PastFinding) else item
    resource = finding.resource
    inside = (
        f"{resource.domain_name or resource.domain_id}/" if resource.domain_id and resource.type != "domain" else ""
    )
    where = f"{resource.type.replace('_', ' ')} {inside}{resource.name} ({resource.account} {resource.region})"
    said = item.reason if isinstance(item, PastFinding) else finding.message
    return finding.severity.value, finding.rule_id, where, said


def _title(found: Difference) -> str:
    counts = [
        f"{len(items):,} {heading.lower()}" for _, heading, items in _parts(found) if items
    ]  # fmt: skip
    return f"{', '.join(counts) or 'no changes'}; {plural(found.unmoved, 'failure')} unchanged"


def _table(found: Difference) -> Iterator[str]:
    yield printable(mask_text(f"From {found.old} to {found.new}: {_title(found)}"))
    for _, heading, items in _parts(found):
        if not items:
            continue
        yield f"\n{heading}"
        rows = [_cells(item) for item in items[:_ROWS]]
        widths = [max(len(row[n]) for row in rows) for n in range(3)]
        for row in rows:
            cells = (printable(cell.replace("\n", " ")) for cell in row)
            yield "  " + "  ".join(c.ljust(w) for c, w in zip(cells, (*widths, 0), strict=True)).rstrip()
        if len(items) > _ROWS:
            yield f"  and {len(items) - _ROWS:,} more (--format json has all)"


def _markdown(found: Difference) -> Iterator[str]:
    yield f"### SageMaker Studio: {_title(found)}"
    yield f"\nFrom {text(found.old)} to {text(found.new)}."
    for _, heading, items in _parts(found):
        if not items:
            continue
        yield f"\n#### {heading} ({len(items):,})\n\n| severity | rule | resource | |\n|---|---|---|---|"
        for item in items[:_ROWS]:
            yield "| " + " | ".join(text(cell) for cell in _cells(item)) + " |"
        if len(items) > _ROWS:
            yield f"\nand {len(items) - _ROWS:,} more"


def _json(found: Difference) -> Iterator[str]:
    import msgspec

    def item(one: Fact | PastFinding) -> dict[str, Any]:
        finding = one.finding if isinstance(one, PastFinding) else one
        entry = {
            "fingerprint": finding.fingerprint, "rule": finding.rule_id, "severity": finding.severity,
            "resource": finding.resource, "message": finding.message, "first_seen": finding.first_seen,
        }  # fmt: skip
        return entry | ({"reason": one.reason, "last_seen": one.last_seen} if isinstance(one, PastFinding) else {})

    document = {
        "old": found.old,
        "new": found.new,
        "unmoved": found.unmoved,
        "findings": {name: [item(one) for one in items] for name, _, items in _parts(found)},
    }
    yield in_json(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
