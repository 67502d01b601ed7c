"""The exit code that a report deserves: 4 wins over 5, and what could not be seen is never 0."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.errors import ExitCode
from auditor.evaluate.gate import apply_gate, exit_code
from auditor.model.report import Gate, Outcome, Report
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
    gate = Gate(None if fail_on is None else Severity(fail_on))
    assert exit_code(apply_gate(report, gate)) == code
    assert exit_code(apply_gate(report, replace(gate, allow_incomplete=True))) == allowed


def test_the_default_is_high(base: Report) -> None:
    for severity, code in (("medium", OK), ("high", FINDINGS)):
        report = replace(base, findings=(replace(base.findings[0], severity=Severity(severity)),))
        assert exit_code(apply_gate(report, Gate())) == code


#: Gaps that leave no verdict of the rule open.
ELSEWHERE = (
    replace(GAP, resource_type="sign_in", operation="LookupEvents"),
    replace(GAP, resource_type="trail", resource_id="arn:aws:cloudtrail:…", operation="GetTrailStatus"),
    replace(GAP, resource_type="partner_app", operation="ListPartnerApps"),
    replace(GAP, resource_id="d-1/ada", operation="DescribeUserProfile"),
    replace(GAP, setting="UserSettings.RStudioServerProAppSettings", reason="not_in_sdk"),
)


@pytest.fixture(scope="module")
def passing(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A domain that passes, beside every gap."""
    folder = tmp_path_factory.mktemp("passing")
    rules = rules_of(folder, changed())
    return audit(folder, rules, domain("d-1", {"AuthMode": "SSO"}), gaps=[GAP, *ELSEWHERE])


def _beside(passing: Report, gap: Gap) -> Report:
    assert gap in passing.gaps
    return apply_gate(replace(passing, gaps=(gap,)), Gate())


def test_a_list_that_is_not_complete_is_never_0(passing: Report) -> None:
    """Also when no rule needed what is missing: nobody knows what the list does not name."""
    report = _beside(passing, GAP)
    assert (report.findings, exit_code(report)) == ((), INCOMPLETE)
    assert (report.gate.outcome, report.gate.incomplete_lists) == (Outcome.INCOMPLETE, 1)
    assert exit_code(passing) == INCOMPLETE


@pytest.mark.parametrize("gap", ELSEWHERE, ids=lambda gap: gap.operation)
def test_what_leaves_no_verdict_open_does_not_gate(gap: Gap, passing: Report) -> None:
    """Evidence, a resource, a setting that could not be seen: the rules in force did not need it."""
    report = _beside(passing, gap)
    assert (report.findings, exit_code(report), report.gate.outcome) == ((), OK, Outcome.PASSED)


#: Gaps, and the tables of rules whose lists they leave incomplete: who names a role or a configuration was not seen.
LISTS: list[tuple[Gap, set[str]]] = [
    (ELSEWHERE[0], set()),
    (ELSEWHERE[2], {"partner_app", "execution_role"}),
    (replace(GAP, resource_type="mlflow_app", operation="ListMlflowApps"), {"mlflow_server", "execution_role"}),
    (replace(GAP, resource_type="lifecycle_config", operation="ListStudioLifecycleConfigs"), {"lifecycle_config"}),
    (ELSEWHERE[3], {"execution_role", "lifecycle_config"}),
    (replace(ELSEWHERE[3], setting="UserSettings", reason="unexpected_response"), {"execution_role"}),
    (replace(ELSEWHERE[3], setting="UserSettings.JupyterLabAppSettings.EmrSettings"), {"execution_role"}),
    (replace(ELSEWHERE[3], setting="UserSettings.SharingSettings", reason="unexpected_response"), set()),
    (replace(ELSEWHERE[3], reason="unresolved_expression"), set()),
    (replace(ELSEWHERE[3], setting="UserSettings.JupyterLabAppSettings", reason="ambiguous_inheritance"), set()),
    (replace(GAP, resource_type="role", region="aws-global", operation="GetAccountAuthorizationDetails"), set()),
]


@pytest.mark.parametrize(("gap", "tables"), LISTS, ids=lambda value: getattr(value, "operation", ""))
def test_a_list_that_a_rule_in_force_reads_is_never_0(gap: Gap, tables: set[str], passing: Report) -> None:
    (rule,) = passing.rules
    for table in ("execution_role", "partner_app", "mlflow_server", "lifecycle_config", "domain"):
        report = apply_gate(replace(passing, gaps=(gap, gap), rules=(replace(rule, table=table),)), Gate())
        assert (exit_code(report), report.gate.incomplete_lists) == ((INCOMPLETE, 1) if table in tables else (OK, 0))
        report = apply_gate(replace(passing, gaps=(gap,), rules=(replace(rule, table=table, not_run="off"),)), Gate())
        assert report.gate.incomplete_lists == 0


NOTHING = ExitCode.NOTHING_COLLECTED


def test_nothing_decided_is_3_whatever_is_allowed(tmp_path: Path) -> None:
    """Every verdict is open: credentials that expire after the first call must not make a green night."""
    rules = rules_of(tmp_path, changed())
    report = audit(tmp_path, rules, domain("d-1", {"AuthMode": None}, gaps=["*"]))
    assert report.by_status["unknown"] == 1
    for allowed in (False, True):
        gated = apply_gate(report, Gate(allow_incomplete=allowed, allow_empty=allowed))
        assert (exit_code(gated), gated.gate.outcome) == (NOTHING, Outcome.UNDECIDED)


def test_one_verdict_is_enough_to_be_incomplete(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, changed())
    known, unknown = domain("d-1", {"AuthMode": "SSO"}), domain("d-2", {"AuthMode": None}, gaps=["*"])
    report = audit(tmp_path, rules, known, unknown)
    assert (exit_code(report), exit_code(apply_gate(report, Gate(allow_incomplete=True)))) == (INCOMPLETE, OK)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """An account without any domain, and all of it known."""
    folder = tmp_path_factory.mktemp("empty")
    return audit(folder, rules_of(folder, changed()))


def test_no_resource_at_all_is_3_unless_it_is_allowed(empty: Report) -> None:
    assert (exit_code(empty), empty.gate.outcome) == (NOTHING, Outcome.EMPTY)
    assert exit_code(apply_gate(empty, Gate(allow_incomplete=True))) == NOTHING
    assert exit_code(apply_gate(empty, Gate(allow_empty=True))) == OK


def test_an_empty_account_with_a_list_that_was_lost_is_not_known_to_be_empty(empty: Report) -> None:
    report = replace(empty, gaps=(GAP,))
    assert exit_code(apply_gate(report, Gate(allow_empty=True, allow_incomplete=True))) == NOTHING
