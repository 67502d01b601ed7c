"""The exit code that a report deserves: 4 wins over 5, and what could not be seen is never 0."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import ExitCode
from auditor.evaluate.gate import apply_gate, exit_code
from auditor.model.report import Gate, Report
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Gap

from .helpers import ACCOUNT, REGION, audit, changed, domain, rules_of

GAP = Gap(ACCOUNT, REGION, "user_profile", "*", "*", "ListUserProfiles", "access_denied")
OK, FINDINGS, INCOMPLETE = ExitCode.OK, ExitCode.FINDINGS, ExitCode.INCOMPLETE
Seen = list[tuple[str, str]]

#: findings as (status, severity), whether there is a gap, fail_on → exit code, exit code with --allow-incomplete
SITUATIONS: list[tuple[Seen, bool, str | None, ExitCode, ExitCode]] = [
    ([], False, "high", OK, OK),
    ([], False, None, OK, OK),
    ([], False, "info", OK, OK),
    # Findings at or above the severity, and below it.
    ([("fail", "critical")], False, "high", FINDINGS, FINDINGS),
    ([("fail", "high")], False, "high", FINDINGS, FINDINGS),
    ([("fail", "medium")], False, "high", OK, OK),
    ([("fail", "info")], False, "low", OK, OK),
    ([("fail", "low")], False, "low", FINDINGS, FINDINGS),
    ([("fail", "info")], False, "info", FINDINGS, FINDINGS),
    ([("fail", "high")], False, "critical", OK, OK),
    ([("fail", "low"), ("fail", "high"), ("fail", "low")], False, "high", FINDINGS, FINDINGS),
    # None never fails.
    ([("fail", "critical")], False, None, OK, OK),
    # Incomplete: something was not seen, or could not be decided.
    ([], True, "high", INCOMPLETE, OK),
    ([], True, None, INCOMPLETE, OK),
    ([("unknown", "low")], False, "high", INCOMPLETE, OK),
    ([("error", "low")], False, "high", INCOMPLETE, OK),
    ([("unknown", "low")], False, None, INCOMPLETE, OK),
    ([("error", "info")], True, None, INCOMPLETE, OK),
    ([("fail", "medium")], True, "high", INCOMPLETE, OK),
    ([("fail", "medium"), ("unknown", "low")], False, "high", INCOMPLETE, OK),
    ([("fail", "critical"), ("unknown", "low")], True, None, INCOMPLETE, OK),
    # What is not decided is no failure, however severe it would be.
    ([("unknown", "critical"), ("error", "critical")], False, "info", INCOMPLETE, OK),
    # Both: 4 wins, and is not what --allow-incomplete forgives.
    ([("fail", "high")], True, "high", FINDINGS, FINDINGS),
    ([("error", "low"), ("fail", "high")], True, "high", FINDINGS, FINDINGS),
    ([("unknown", "critical"), ("fail", "low")], False, "low", FINDINGS, FINDINGS),
]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A report with one finding, to make others from."""
    folder = tmp_path_factory.mktemp("gate")
    report = audit(folder, rules_of(folder, changed()), domain())
    assert len(report.findings) == 1
    return report


@pytest.mark.parametrize(("seen", "gap", "fail_on", "code", "allowed"), SITUATIONS, ids=str)
def test_gate(seen: Seen, gap: bool, fail_on: str | None, code: ExitCode, allowed: ExitCode, base: Report) -> None:
    report = replace(
        base,
        findings=tuple(replace(base.findings[0], status=Verdict(s), severity=Severity(v)) for s, v in seen),
        gaps=(GAP,) if gap else (),
    )
    report = apply_gate(report, Gate(None if fail_on is None else Severity(fail_on)))
    assert exit_code(report) == code
    assert exit_code(report, allow_incomplete=True) == allowed


def test_the_default_is_high(tmp_path: Path) -> None:
    for severity, code in (("medium", OK), ("high", FINDINGS)):
        assert exit_code(audit(tmp_path, rules_of(tmp_path, changed(severity=severity)), domain())) == code


def test_a_gap_of_the_snapshot_is_one_of_the_report(tmp_path: Path) -> None:
    """Also when no rule needed what is missing."""
    rules = rules_of(tmp_path, changed())
    report = audit(tmp_path, rules, domain("d-1", {"AuthMode": "SSO"}), gaps=[GAP])
    assert (report.findings, report.gaps, exit_code(report)) == ((), (GAP,), INCOMPLETE)
