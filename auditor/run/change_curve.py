"""How far changes lead: each lot of them is chosen from an audit of what those before it would make."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from auditor.config import Config
from auditor.evaluate.audit import evaluate
from auditor.model.finding import Finding, RootCause
from auditor.model.report import Report
from auditor.model.rule import Severity, Verdict
from auditor.run.conclude import evaluate_options
from auditor.run.run_options import RuleOptions
from auditor.run.selection import choose
from auditor.run.what_if import combined
from auditor.store.masked_copies import without_secrets
from auditor.temporary_files import workspace
from auditor.whatif import fixes
from auditor.whatif.gather import gather
from auditor.whatif.overlay import changed_copies

#: A lot of changes resolves at least one of so many parts of the failures, where so much is left.
_PARTS = 10


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """What an audit says after the first ``changes``: of the failures of today ``resolved``, of those of severity high
    and critical ``resolved_high``; ``new`` failures that today has not."""

    changes: int
    resolved: int
    resolved_high: int
    new: int


@dataclass(frozen=True, slots=True)
class ChangeCurve:
    """``failures`` of today, ``high`` of them of severity high and critical; ``left``: root causes that no printed
    command fixes, after the last point."""

    failures: int
    high: int
    points: tuple[CurvePoint, ...]
    left: int


def change_curve(config: Config, files: Sequence[Path], rules: RuleOptions) -> ChangeCurve:
    """Try the commands of the report's root causes, the first first, until none is left. What a change resolves or
    brings beside its own findings counts for the next choice. Raises SnapshotError, ConfigError."""
    choice = choose(config, rules)
    options = evaluate_options(choice)
    with without_secrets(files) as masked, workspace("curve") as folder:
        current = list(masked)
        report = evaluate(current, choice.rules, options)
        today = _failures(report)
        points: list[CurvePoint] = []
        tried: set[str] = set()
        made: set[str] = set()
        for number in count():
            lot = list(_lot(report, tried, len(today) / _PARTS))
            if not lot:
                break
            tried |= {cause.id for cause in lot}
            lines, changes, _left = gather(current, (), fixes.calls_of(lot)[0])
            if not changes:
                continue
            becomes, _clashes = combined(lines, [{} for _ in current], changes)
            before, current = current, changed_copies(current, lines, becomes, folder / str(number))
            report = evaluate(current, choice.rules, options)
            # A large snapshot would be on the disk once for each lot.
            for file in {*before} - {*current, *masked}:
                file.unlink()
            made |= {change.origin for change in changes}
            points.append(_point(len(made), today, report))
        left = sum(cause.id not in tried for cause in report.root_causes if cause.affects)
    return ChangeCurve(len(today), sum(map(_is_high, today.values())), tuple(points), left)


def _lot(report: Report, tried: Collection[str], wanted: float) -> Iterator[RootCause]:
    """The first root causes with a command that was not tried, as many as resolve so many failures."""
    resolved = 0
    for cause in report.root_causes:
        if resolved >= wanted:
            return
        if cause.affects and cause.id not in tried and fixes.has_call(cause):
            resolved += cause.affects
            yield cause


def _failures(report: Report) -> dict[str, Finding]:
    return {f.fingerprint: f for f in report.findings if f.status is Verdict.FAIL}


def _is_high(finding: Finding) -> bool:
    return finding.severity.rank <= Severity.HIGH.rank


def _point(changes: int, today: dict[str, Finding], report: Report) -> CurvePoint:
    """A failure of today that is unknown then is not resolved."""
    then = {finding.fingerprint for finding in report.findings}
    gone = [finding for name, finding in today.items() if name not in then]
    return CurvePoint(changes, len(gone), sum(map(_is_high, gone)), len(_failures(report).keys() - today.keys()))
