"""What the first screen of every report says, and in which order: what fails the run, what changed, how far the first
changes lead, posture, and what is overdue. A pure function of the Report, for HTML, Markdown, JSON and the terminal.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TypeVar

from auditor.counting import plural
from auditor.model.finding import Finding, RootCause
from auditor.model.posture import PostureCount
from auditor.model.report import Report
from auditor.model.resource import ResourceRef
from auditor.model.rule import Severity
from auditor.report.phrases import account_label, kind, name, scope

_Key = TypeVar("_Key")

#: What every report says of its order.
ORDER = (
    "Order: what fails the run, what changed, the changes that resolve most, posture, overdue findings, trend."
    " In each list, what fails the run comes first, then severity and the number of findings decide."
)
#: Shares of the findings at which the curve says how many changes it takes.
_MARKS = tuple(range(10, 101, 10))


def standing(report: Report) -> tuple[Finding, ...]:
    """The report's findings as every count has them: failures that are not waived, in the report's order."""
    return tuple(f for f in report.findings if f.stands)


@dataclass(frozen=True, slots=True)
class RuleGroup:
    """Findings of one rule: ``first`` of ``number``, of which ``new`` are new or came back. ``where`` says where they
    are: the one resource with account and Region, or how many of which kind in how many accounts."""

    rule_id: str
    title: str
    severity: Severity
    first: Finding
    number: int
    new: int
    where: str


def rule_groups(report: Report, findings: Iterable[Finding]) -> tuple[RuleGroup, ...]:
    """The findings by rule: what fails the run first, then the most severe, then the most."""
    titles = {rule.id: rule.title for rule in report.rules}
    grouped: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        grouped[finding.rule_id].append(finding)
    groups = [
        RuleGroup(
            rule_id, titles.get(rule_id, rule_id), min((f.severity for f in of), key=lambda s: s.rank), of[0], len(of),
            sum(f.is_news for f in of), where([f.resource for f in of], report),
        )
        for rule_id, of in grouped.items()
    ]  # fmt: skip
    return tuple(sorted(groups, key=lambda g: (not g.first.gates, g.severity.rank, -g.number, g.rule_id)))


def where(resources: Sequence[ResourceRef], report: Report | None = None) -> str:
    """``6 domains in 4 accounts``, or the one resource with its account and Region, or its file. ``report`` knows the
    accounts' names."""
    keys = {resource.key: resource for resource in resources}
    first = next(iter(keys.values()))
    if len(keys) == 1:
        return f"{name(first)} · {scope(first, report)}" if scope(first) else name(first)
    counted = [plural(number, noun) for noun, number in sorted(Counter(kind(r) for r in keys.values()).items())]
    accounts = {r.account for r in keys.values()}
    if len(accounts) > 1:
        places = plural(len(accounts), "template" if first.file else "account")
    else:
        regions = {r.region for r in keys.values()}
        named = first.account if report is None else account_label(report, first.account)
        one = first.account if first.file else scope(first, report)
        places = one if len(regions) == 1 else f"{named}, {plural(len(regions), 'Region')}"
    return f"{', '.join(counted)} in {places}" if places else ", ".join(counted)


def examples(report: Report) -> Mapping[str, Finding]:
    """By root cause, the first of its findings: what says what is wrong, where only the cause is listed."""
    found: dict[str, Finding] = {}
    for finding in standing(report):
        found.setdefault(finding.root_cause, finding)
    return found


def wrong(cause: RootCause, example: Finding | None) -> str:
    """What is wrong, in the words of the cause's first finding, and how many more there are."""
    if example is None:
        return f"{cause.setting} on {name(cause.resource)}"
    return example.message + (f" (and {cause.affects - 1:,} more)" if cause.affects > 1 else "")


@dataclass(frozen=True, slots=True)
class Fix:
    """Changes that stand next to each other in the order of root causes and are of one rule: a role with administrator
    access in each of forty accounts is one line, and forty ``changes``.

    ``resolves`` findings, ``new`` of which are news; with all before them they resolve ``percent`` of all. ``said`` is
    what is wrong with the first, ``where`` where they all are.
    """

    cause: RootCause
    changes: int
    resolves: int
    new: int
    percent: int
    said: str
    where: str


def fixes(report: Report, only: Collection[str] | None = None) -> tuple[Fix, ...]:
    """The changes to make, the first to make first; ``only``: the root causes with these ids."""
    first = examples(report)
    news = Counter(f.root_cause for f in standing(report) if f.is_news)
    causes = [c for c in report.open_root_causes if only is None or c.id in only]
    total, so_far, made = sum(cause.affects for cause in causes), 0, []
    for _, run in groupby(causes, key=lambda cause: (cause.rule_id, bool(cause.gates))):
        of = list(run)
        resolves = sum(cause.affects for cause in of)
        so_far += resolves
        more = f" (and {len(of) - 1:,} more such {'change' if len(of) == 2 else 'changes'})" if len(of) > 1 else ""
        said = wrong(of[0], first.get(of[0].id)) + more
        made.append(
            Fix(of[0], len(of), resolves, sum(news[cause.id] for cause in of), so_far * 100 // total, said,
                where([cause.resource for cause in of], report))
        )  # fmt: skip
    return tuple(made)


@dataclass(frozen=True, slots=True)
class Step:
    """The first ``changes`` of the list of root causes resolve ``resolved`` findings, ``percent`` of all, rounded down:
    100 is all of them."""

    changes: int
    resolved: int
    percent: int


#: What the figures of the curve rest on.
BASIS = (
    "Each finding counts once, for the change of its own root cause. What the changes do to one another's findings, and"
    " which new ones they bring, is not in it: auditor whatif --snapshot FILE --curve measures that with an audit after"
    " each lot of changes."
)


@dataclass(frozen=True, slots=True)
class Curve:
    """How far the changes lead when they are made in the order of the root causes.

    ``gating``: after which nothing fails the run any more, None where nothing does. ``marks``: the first that reach
    each tenth of the ``findings``. ``steps`` has every change.
    """

    findings: int
    gating: Step | None
    marks: tuple[Step, ...]
    steps: tuple[Step, ...]

    def reaching(self, percent: int) -> Step | None:
        """The fewest changes in that order that resolve so much; None without findings."""
        return next((step for step in self.marks if step.percent >= percent), None)

    @property
    def sentence(self) -> str:
        """``3 changes resolve everything that fails the run, 12 changes resolve 50% of 368 findings, …``"""
        if not self.steps:
            return ""
        parts = []
        if self.gating is not None:
            parts.append(f"{_changes(self.gating.changes)} everything that fails the run")
        last = self.steps[-1]
        chosen = dict.fromkeys(step for mark in (50, 80) if (step := self.reaching(mark)))
        parts += [f"{_changes(step.changes)} {step.percent}%" for step in chosen if step.changes < last.changes]
        total = "the 1 finding" if self.findings == 1 else f"all {self.findings:,} findings"
        parts.append(f"{_changes(last.changes)} {total}")
        return f"{'; '.join(parts)}."

    @property
    def basis(self) -> str:
        """What the figures rest on, and how to measure them; empty where there is nothing to choose between."""
        return BASIS if len(self.steps) > 1 else ""


def _changes(number: int) -> str:
    return f"{number:,} {'change resolves' if number == 1 else 'changes resolve'}"


def curve(report: Report) -> Curve:
    """The curve of the report's open root causes."""
    causes = report.open_root_causes
    total = sum(cause.affects for cause in causes)
    steps, resolved, gating = [], 0, None
    for number, cause in enumerate(causes, 1):
        resolved += cause.affects
        steps.append(Step(number, resolved, resolved * 100 // total))
        if cause.gates:
            gating = steps[-1]
    marks: dict[Step, None] = {}
    wanted = iter(_MARKS)
    mark = next(wanted, None)
    for step in steps:
        while mark is not None and step.percent >= mark:
            marks[step] = None
            mark = next(wanted, None)
    return Curve(total, gating, tuple(marks), tuple(steps))


@dataclass(frozen=True, slots=True)
class Share:
    """Checks that passed of those that passed or failed, and the same of the run before, None where that is not known.

    Waived failures and unknown results count for neither.
    """

    passed: int
    failed: int
    before: Share | None = None

    @property
    def evaluated(self) -> int:
        return self.passed + self.failed

    @property
    def percent(self) -> int | None:
        """Rounded down, so that 100 is all of them; None where nothing was decided."""
        return self.passed * 100 // self.evaluated if self.evaluated else None

    @property
    def change(self) -> int | None:
        """Points more than in the run before."""
        if self.before is None or self.percent is None or self.before.percent is None:
            return None
        return self.percent - self.before.percent


@dataclass(frozen=True, slots=True)
class Posture:
    """The share that passed: of all, by area, by account, and by account, Region and domain (empty: none)."""

    total: Share
    areas: Mapping[str, Share]
    accounts: Mapping[str, Share]
    domains: Mapping[tuple[str, str, str], Share]


def posture(report: Report) -> Posture:
    """The posture of the report, beside that of the run before where it is known."""
    now, old = report.posture, report.previous_posture
    return Posture(
        next(iter(_shares(now, old, lambda _: "").values()), Share(0, 0)),
        dict(sorted(_shares(now, old, lambda part: part.area).items(), key=_least_first)),
        _shares(now, old, lambda part: part.account),
        _shares(now, old, lambda part: (part.account, part.region, part.domain_id)),
    )


def _least_first(item: tuple[str, Share]) -> tuple[float, str]:
    area, share = item
    return (share.passed / share.evaluated if share.evaluated else 1.0, area)


def _shares(
    now: Iterable[PostureCount], old: Iterable[PostureCount] | None, key: Callable[[PostureCount], _Key]
) -> dict[_Key, Share]:
    before: dict[_Key, tuple[int, int]] = {} if old is None else _sums(old, key)
    return {
        name_: Share(passed, failed, Share(*before[name_]) if name_ in before else None)
        for name_, (passed, failed) in _sums(now, key).items()
    }


def _sums(parts: Iterable[PostureCount], key: Callable[[PostureCount], _Key]) -> dict[_Key, tuple[int, int]]:
    sums: dict[_Key, tuple[int, int]] = {}
    for part in parts:
        passed, failed = sums.get(key(part), (0, 0))
        sums[key(part)] = (passed + part.passed, failed + part.failed)
    return sums


@dataclass(frozen=True, slots=True)
class Overdue:
    """Findings of a severity that are to be fixed within ``days``: ``number`` of ``findings`` are overdue, the oldest
    for ``oldest`` days. ``undated``: nobody knows since when."""

    severity: Severity
    days: int
    findings: int
    number: int
    oldest: int
    undated: int


def due(report: Report, finding: Finding) -> date | None:
    """The last day on which the finding is to be fixed; None where nobody set one, or it is no standing finding."""
    days = report.sla_owners.get(finding.owner or "", {}).get(finding.severity, report.sla.get(finding.severity))
    if days is None or finding.first_seen is None or not finding.stands:
        return None
    return datetime.fromisoformat(finding.first_seen).date() + timedelta(days=days)


def overdue(report: Report) -> tuple[Overdue, ...]:
    """What is overdue, for each severity that has a limit, the worst first."""
    today = datetime.fromisoformat(report.as_of).date()
    of: dict[Severity, list[Finding]] = defaultdict(list)
    for finding in standing(report):
        of[finding.severity].append(finding)
    rows = []
    for severity in Severity:
        limits = [days[severity] for days in (report.sla, *report.sla_owners.values()) if severity in days]
        if not limits:
            continue
        days = [(today - day).days for f in of[severity] if (day := due(report, f)) is not None]
        late = [n for n in days if n > 0]
        rows.append(
            Overdue(
                severity, limits[0], len(of[severity]), len(late), max(late, default=0),
                len(of[severity]) - len(days),
            )
        )  # fmt: skip
    return tuple(rows)
