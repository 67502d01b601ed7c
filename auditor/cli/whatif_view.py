"""What changes would do, as text, as Markdown for a ticket or a pull request, as a page, or as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from auditor.cli.policy_view import policy_sections
from auditor.counting import plural
from auditor.inert_text import in_json, printable
from auditor.masking import mask_text
from auditor.report.markdown.markdown_text import text as markdown_text

if TYPE_CHECKING:
    from auditor.model.finding import Finding
    from auditor.whatif.consequences import Findings, NotTried, SettingMove, WhatIf

#: Names that stand behind a count.
_NAMES = 4
#: Findings of one rule that are written out.
LISTED = 10
#: The same on a page.
ROWS = 300


def render(found: WhatIf, output: str) -> Iterator[str]:
    """Lines of ``text``, ``markdown`` or ``json``; pieces of ``html``."""
    if output == "html":
        from auditor.report.html.whatif_page import page

        return page(found)
    return {"text": _text, "markdown": _markdown, "json": _json}[output](found)


def _sections(found: WhatIf) -> Iterator[tuple[str, list[str]]]:
    """Headings, each with its lines."""
    yield "Changes", [f"~ {c.said}  ({c.origin})" for c in found.changes if c.said]
    yield (
        "Changes that want different values; the later one counts",
        [f"! {c.path} of {c.key[2].replace('_', ' ')} {c.key[3]}: {c.earlier}, then {c.later}" for c in found.clashes],
    )
    yield "Not tried", list(_not_tried(found.not_tried))
    yield "Settings in force that change", list(_settings(found.settings.moves))
    yield "Failures that are resolved", list(_findings(found.gone, "-"))
    yield "New failures", list(_findings(found.came, "+"))
    yield "No longer evaluated", list(_findings(found.unknown, "?"))
    if found.replay is not None:
        yield from policy_sections(found.replay)
    if found.apps:
        few = ", ".join(key.split("/", 3)[-1] for key in found.apps[:_NAMES])
        more = f" and {len(found.apps) - _NAMES:,} more" if len(found.apps) > _NAMES else ""
        yield (
            "Running apps that keep their settings until they are started again",
            [f"{plural(len(found.apps), 'app')}: {few}{more}"],
        )


def _not_tried(those: Sequence[NotTried]) -> Iterator[str]:
    groups: dict[tuple[str, str], list[NotTried]] = defaultdict(list)
    for one in those:
        groups[one.rule_id, one.reason].append(one)
    for (rule_id, reason), members in groups.items():
        more = f" and {len(members) - _NAMES:,} more" if len(members) > _NAMES else ""
        yield f"! {rule_id} {', '.join(f'{m.resource} ({m.cause})' for m in members[:_NAMES])}{more}: {reason}"


def _settings(moves: Sequence[SettingMove]) -> Iterator[str]:
    for move in moves:
        more = f" and {move.number - _NAMES:,} more" if move.number > _NAMES else ""
        who = f"{plural(move.number, move.table.replace('_', ' '))}: {', '.join(move.names[:_NAMES])}{more}"
        yield f"~ {move.setting}: {_value(move.before)} -> {_value(move.after)}  ({who})"


def _value(value: str | None) -> str:
    if value is None:
        return "unknown"
    return value or "(not set)"


def _findings(findings: Findings, mark: str) -> Iterator[str]:
    for rule_id, those in findings.by_rule().items():
        for finding in those[:LISTED]:
            yield f"{mark} {rule_id} {finding.severity.value}: {finding.message}"
        if findings.numbers[rule_id] > LISTED:
            yield f"{mark} {rule_id}: and {findings.numbers[rule_id] - LISTED:,} more"


def _text(found: WhatIf) -> Iterator[str]:
    def clean(line: str) -> str:
        return printable(mask_text(line.replace("\n", " ")))

    for heading, lines in _sections(found):
        if lines:
            yield f"{heading}:"
            yield from (f"  {clean(line)}" for line in lines)
            yield ""
    yield f"{found.headline}."
    if found.of_policy:
        yield "No policy was attached: this is what it makes of the calls, as far as they are known."
    else:
        yield "Nothing was changed: this is what an audit of the same snapshot would say."


def _markdown(found: WhatIf) -> Iterator[str]:
    yield f"### What if: {found.headline}"
    for heading, lines in _sections(found):
        if lines:
            yield f"\n#### {heading}\n"
            yield from (f"- {markdown_text(mask_text(line))}" for line in lines)


def _json(found: WhatIf) -> Iterator[str]:
    """The document, line by line: what a change of everybody's settings does to a large estate is not held at once."""
    import msgspec

    def plain(value: Any) -> Any:
        return msgspec.to_builtins(value, str_keys=True)

    def finding(one: Finding) -> dict[str, Any]:
        return {
            "fingerprint": one.fingerprint, "rule": one.rule_id, "severity": one.severity, "status": one.status,
            "resource": plain(one.resource), "message": one.message,
        }  # fmt: skip

    members: list[tuple[str, Any]] = [
        ("failures", {"before": found.before, "after": found.after}),
        (
            "changes",
            [{"resource": "/".join(c.key), "change": c.said, "origin": c.origin} for c in found.changes if c.said],
        ),
        (
            "clashes",
            [
                {"resource": "/".join(c.key), "path": c.path, "earlier": c.earlier, "later": c.later}
                for c in found.clashes
            ],
        ),
        ("not_tried", plain(found.not_tried)),
        ("resolved", map(finding, found.gone.every())),
        ("new", map(finding, found.came.every())),
        ("unknown", map(finding, found.unknown.every())),
        (
            "settings",
            (
                {"table": s.table, "resource": s.key, "setting": s.setting, "before": s.before, "after": s.after}
                for s in found.settings.every()
            ),
        ),
        ("running_apps", plain(found.apps)),
    ]
    if found.replay is not None:
        members.append(("policy", plain(found.replay)))
    yield "{"
    for number, (name, value) in enumerate(members, 1):
        end = "," if number < len(members) else ""
        if isinstance(value, Iterator):
            yield from _streamed(name, value, end)
        else:
            *lines, last = _lines(value)
            yield from _named(name, [*lines, f"{last}{end}"])
    yield "}"


def _streamed(name: str, items: Iterator[Any], end: str) -> Iterator[str]:
    """Lines of a member that is a list, one item after another."""
    before: list[str] = []
    for item in items:
        if not before:
            yield f'  "{name}": ['
        else:
            yield from (*before[:-1], f"{before[-1]},")
        before = [f"    {line}" for line in _lines(item)]
    yield from (*before, f"  ]{end}") if before else (f'  "{name}": []{end}',)


def _named(name: str, lines: Sequence[str]) -> Iterator[str]:
    yield f'  "{name}": {lines[0]}'
    yield from (f"  {line}" for line in lines[1:])


def _lines(value: Any) -> list[str]:
    import msgspec

    return in_json(msgspec.json.format(msgspec.json.encode(value), indent=2).decode()).split("\n")
