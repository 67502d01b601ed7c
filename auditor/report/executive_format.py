"""report.executive.html: one sheet for who decides and pays. Posture, trend, the five first changes, what changed.

It prints on one page of A4 or Letter, so that every list has a fixed length; no text is cut: where a sentence is too
long for its line, the rule's title stands instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from auditor.counting import plural
from auditor.model.finding import State
from auditor.model.report import Report, RuleSummary
from auditor.model.rule import Severity
from auditor.report.first_screen import (
    Curve,
    Overdue,
    Posture,
    RuleGroup,
    curve,
    fixes,
    overdue,
    posture,
    rule_groups,
    standing,
)
from auditor.report.html.chart import Chart, trend_chart
from auditor.report.html.page_parts import html_environment, policy
from auditor.report.phrases import gate_words, resolved, shortcoming
from auditor.resources import templates_dir

FIXES, CHANGES, AREAS = 5, 3, 9
#: Characters of a sentence, and of what says where: what keeps a full sheet on one page.
_SENTENCE, _PLACE = 180, 90


@dataclass(frozen=True, slots=True)
class Line:
    """A row: ``severity``, what is ``said``, ``more`` about it in small print, and how many findings."""

    severity: Severity
    said: str
    more: str
    number: int


@dataclass(frozen=True, slots=True)
class ExecutiveView:
    """The template's whole context, under the name ``view``.

    ``scope`` names accounts (or templates) and Regions, ``verdict`` is what the gate says and ``missing`` what could
    not be evaluated, empty for nothing. ``severities`` counts findings; ``states`` what moved since the run before,
    None without one. ``fixes`` are the first changes of ``curve``, ``changes`` what is new, back and resolved, each
    with its number and first lines. ``areas`` are the least compliant areas of ``posture``; ``late`` are findings not
    fixed in time, None where no time is set. ``chart`` is the trend, None for a single run.
    """

    report: Report
    scope: str
    verdict: str
    missing: str
    severities: Mapping[str, int]
    total: int
    posture: Posture
    areas: Sequence[str]
    late: int | None
    fixes: tuple[Line, ...]
    curve: Curve
    changes: tuple[tuple[str, int, tuple[Line, ...]], ...] | None
    chart: Chart | None


def executive_view(report: Report) -> ExecutiveView:
    """The sheet of a report. Equal reports give equal views."""
    found = standing(report)
    late: tuple[Overdue, ...] = overdue(report)
    shares = posture(report)
    moved = {
        "New": rule_groups(report, (f for f in found if f.state is State.NEW)),
        "Back again": rule_groups(report, (f for f in found if f.state is State.REGRESSED)),
        "Resolved": rule_groups(report, (p.finding for p in resolved(report))),
    }
    return ExecutiveView(
        report=report,
        scope=_scope(report),
        verdict=gate_words(report, report.gate.failed),
        missing=shortcoming(report),
        severities={s.value: report.by_severity.get(s, 0) for s in Severity},
        total=len(found),
        posture=shares,
        areas=tuple(shares.areas)[:AREAS],
        late=sum(o.number for o in late) if late else None,
        fixes=_fixes(report),
        curve=curve(report),
        changes=None if report.previous is None else tuple(
            (title, sum(g.number for g in groups), tuple(map(_group, groups[:CHANGES])))
            for title, groups in moved.items()
        ),
        chart=trend_chart(report.trend),
    )  # fmt: skip


def _scope(report: Report) -> str:
    places = [place for info in report.snapshots for place in info.scopes]
    accounts, regions = sorted({account for account, _ in places}), sorted({region for _, region in places})
    if report.of_templates:
        return _few(accounts, "template")
    return f"{_few(accounts, 'account')} · {_few(regions, 'Region')}"


def _few(names: Sequence[str], noun: str) -> str:
    return ", ".join(names) if len(names) <= 3 else plural(len(names), noun)


def _fixes(report: Report) -> tuple[Line, ...]:
    rules: dict[str, RuleSummary] = {rule.id: rule for rule in report.rules}
    lines = []
    for fix in fixes(report)[:FIXES]:
        rule_id = fix.cause.rule_id
        said = _fitting(fix.said, rules[rule_id].title if rule_id in rules else rule_id, _SENTENCE)
        place = _fitting(fix.where, fix.cause.resource.account, _PLACE)
        lines.append(Line(fix.cause.severity, said, f"{rule_id} · {place}", fix.resolves))
    return tuple(lines)


def _group(group: RuleGroup) -> Line:
    more = f" (and {group.number - 1:,} more)" if group.number > 1 else ""
    place = _fitting(group.where, group.first.resource.account, _PLACE)
    return Line(
        group.severity, _fitting(group.first.message + more, group.title, _SENTENCE), f"{group.rule_id} · {place}",
        group.number,
    )  # fmt: skip


def _fitting(text: str, instead: str, limit: int) -> str:
    """The text where it fits, else what says the same in fewer words, else nothing: never a part of it."""
    return text if len(text) <= limit else instead if len(instead) <= limit else ""


def render(report: Report) -> Iterator[str]:
    """The sheet, piece by piece."""
    style = (templates_dir() / "executive.css").read_text(encoding="utf-8")
    template = html_environment().get_template("executive.html.j2")
    return template.generate(
        view=executive_view(report),
        policy=policy(style),
        style=Markup(style),  # noqa: S704 — our own file, not data
    )
