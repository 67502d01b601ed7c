"""A what-if the long way: copies of the snapshots with the changes in them, two whole reports and all settings in force
beside each other. What a what-if makes in the tables must be the same."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import duckdb

from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.model.finding import Finding, RootCause
from auditor.model.report import Report
from auditor.model.rule import Rule, Severity, Verdict
from auditor.rules.verdict_sql import Overrides
from auditor.run.what_if import combined
from auditor.store.snapshot_reader import Key
from auditor.whatif.changes import Change, Line
from auditor.whatif.consequences import WhatIf
from auditor.whatif.fixes import calls_of, has_call
from auditor.whatif.gather import gather
from auditor.whatif.moved_settings import export_settings
from auditor.whatif.overlay import changed_copies, read_lines

Told = dict[str, tuple[str, ...]]
Moved = set[tuple[str, str, str | None, str | None]]


@dataclass(frozen=True)
class Difference:
    """Findings that go, come and become unknown, failures on both sides, and settings that move."""

    gone: Told
    came: Told
    unknown: Told
    before: int
    after: int
    settings: Moved


@dataclass(frozen=True)
class Rules:
    """The rules of a side and their parameters."""

    rules: Sequence[Rule]
    overrides: Overrides = field(default_factory=dict)


def told(findings: Sequence[Finding]) -> Told:
    """What is said of findings, but for how to fix them."""
    return {f.fingerprint: (f.resource.key, f.rule_id, f.status, f.severity, f.message) for f in findings}


def quick(found: WhatIf) -> Difference:
    """What a what-if found, with everything listed."""
    for findings in (found.gone, found.came, found.unknown):
        assert len(findings.listed) == len(findings)
    settings = {
        (f"{m.table}/{name}", m.setting, m.before, m.after) for m in found.settings.moves for name in m.names
    }  # fmt: skip
    listed = (told(those.listed) for those in (found.gone, found.came, found.unknown))
    return Difference(*listed, found.before, found.after, settings)


def long_way(
    files: Sequence[Path],
    changes: Sequence[Change],
    before: Rules,
    after: Rules | None = None,
    made: Sequence[Mapping[Key, Line]] = (),
) -> tuple[Difference, Report]:
    """The difference, and the report as it would be."""
    after = after or before
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides = [folder / "before", folder / "after"]
        for side in sides:
            side.mkdir()
        keys = {change.key for change in changes}
        lines = [read_lines(file, keys.__contains__) for file in files]
        becomes, _ = combined(lines, made or [{} for _ in files], changes)
        copies = changed_copies(files, lines, becomes, folder)
        reports = [
            evaluate(
                those, side.rules, EvaluateOptions(overrides=side.overrides, export=export_settings(where))
            )
            for those, side, where in zip((files, copies), (before, after), sides, strict=True)
        ]  # fmt: skip
        return _difference(reports[0], reports[1], _moved(*sides)), reports[1]


def _difference(before: Report, after: Report, settings: Moved) -> Difference:
    now, then = ({f.fingerprint: f for f in report.findings} for report in (before, after))
    failed, fails = ({p: f for p, f in side.items() if f.status is Verdict.FAIL} for side in (now, then))
    return Difference(
        told([f for p, f in failed.items() if p not in then]),
        told([f for p, f in fails.items() if p not in failed]),
        told([
            f for p, f in then.items()
            if f.status is not Verdict.FAIL and (p not in now or now[p].status is Verdict.FAIL)
        ]),
        len(failed),
        len(fails),
        settings,
    )  # fmt: skip


def _moved(before: Path, after: Path) -> Moved:
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    moved: Moved = set()
    for file in sorted(before.iterdir()):
        columns = [d[0] for d in con.execute(f"select * from read_parquet('{file}') limit 0").description or ()]
        texts = ", ".join(f'"{c}"::VARCHAR as "{c}"' for c in columns)
        sides = [
            {row[0]: row for row in con.execute(f"select {texts} from read_parquet('{where / file.name}')").fetchall()}
            for where in (before, after)
        ]
        for key, row in sides[0].items():
            for name, was, is_ in zip(columns[3:], row[3:], sides[1].get(key, row)[3:], strict=True):
                if was != is_:
                    called = row[2] or ""
                    who = called if file.name == "domain" else f"{row[1] or ''}/{called}"
                    moved.add((f"{file.name}/{who}", name, was, is_))
    return moved


def long_curve(files: Sequence[Path], rules: Sequence[Rule], parts: int = 10) -> tuple[list[tuple[int, ...]], int]:
    """How far changes lead, with a whole report after each lot of them: changes, failures that are resolved, those of
    them that are high or critical, and new ones; and the root causes that are left."""
    report = evaluate(files, rules)
    today = _failing(report)
    points: list[tuple[int, ...]] = []
    tried: set[str] = set()
    made: set[str] = set()
    with tempfile.TemporaryDirectory() as name:
        for number in count():
            lot: list[RootCause] = []
            for cause in report.root_causes:
                if sum(c.affects for c in lot) < len(today) / parts and cause.id not in tried and has_call(cause):
                    lot.append(cause)
            if not lot:
                return points, sum(cause.id not in tried for cause in report.root_causes)
            tried |= {cause.id for cause in lot}
            lines, changes, _ = gather(files, (), calls_of(lot)[0])
            becomes, _ = combined(lines, [{} for _ in files], changes)
            files = changed_copies(files, lines, becomes, Path(name) / str(number))
            report = evaluate(files, rules)
            made |= {change.origin for change in changes}
            then = {f.fingerprint for f in report.findings}
            gone = [f for fingerprint, f in today.items() if fingerprint not in then]
            high = sum(f.severity in (Severity.CRITICAL, Severity.HIGH) for f in gone)
            points.append((len(made), len(gone), high, len(_failing(report).keys() - today.keys())))
    raise AssertionError


def _failing(report: Report) -> dict[str, Finding]:
    return {f.fingerprint: f for f in report.findings if f.status is Verdict.FAIL}
