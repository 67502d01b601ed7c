"""The summary fits one screen, whatever the estate, and says what matters first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from auditor.cli.summary import LINES, rows, summary
from auditor.cli.terminal import show
from auditor.errors import ExitCode
from auditor.evaluate.gate import apply_gate
from auditor.model.finding import PastFinding, State
from auditor.model.history import Comparison, Standing
from auditor.model.report import FrameworkSummary, Gate, Report, RequirementStatus
from auditor.model.resource import SnapshotInfo
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Gap
from auditor.model.waiver import ResourcePattern, Waiver, WaiverProblem, WaiverStatus, WaiverSummary
from auditor.report.markdown_format import render as markdown

HOSTILE = "\x1b[31mred\x1b]0;title\x07 \u202e" + "long " * 80
WIDTH = 100


def printed(
    report: Report, code: ExitCode, written: tuple[Path, ...] = (), kept: str = "", width: int | None = WIDTH
) -> list[str]:
    out = StringIO()
    Console(file=out, width=WIDTH, highlight=False).print(summary(report, code, written, kept, width), crop=False)
    return out.getvalue().splitlines()


@pytest.fixture(scope="module")
def acme(estate_report: Callable[[str], Report]) -> Report:
    return apply_gate(estate_report("acme"), Gate())


def _many(report: Report) -> Report:
    """Everything at once, and much of it, with hostile names."""
    standings = {
        f.fingerprint: Standing(State.NEW, "2026-11-01T00:00:00Z") for f in report.findings if f.status is Verdict.FAIL
    }
    failures = [f for f in report.findings if f.status is Verdict.FAIL]
    gone = (State.RESOLVED, State.NOT_ASSESSED, State.CARRIED_OVER)
    past = tuple(PastFinding(f, s, "2026-11-01T00:00:00Z", HOSTILE)
                 for f, s in zip(failures, gone, strict=False))  # fmt: skip
    decided = apply_gate(report, Gate(Severity.INFO), Comparison("2026-11-01T00:00:00Z", standings, past, ()))
    waiver = Waiver(("STU101",), ResourcePattern(), HOSTILE, HOSTILE, date(2026, 1, 1), file=HOSTILE, line=3)
    accounts = tuple((f"{n:012d}", f"region-{n % 17}") for n in range(500))
    return replace(
        decided,
        findings=tuple(
            replace(f, resource=replace(f.resource, name=HOSTILE, domain_name=HOSTILE)) for f in decided.findings
        ),
        root_causes=tuple(
            replace(c, setting=HOSTILE, resource=replace(c.resource, name=HOSTILE)) for c in decided.root_causes
        ),
        gaps=tuple(
            Gap("1", f"r-{n}", "x", "*", "*", f"Operation{n}", "access_denied", HOSTILE) for n in range(300)
        ),
        waivers=tuple(WaiverSummary(waiver, status, 3) for status in WaiverStatus for _ in range(20)),
        waiver_problems=(WaiverProblem(HOSTILE, HOSTILE, HOSTILE),) * 9,
        frameworks=(FrameworkSummary("n", HOSTILE, "5", "", ()),) * 6,
        snapshots=(SnapshotInfo("f", "0" * 64, decided.as_of, "aws", "1", "", accounts),),
    )  # fmt: skip


def test_one_screen_for_any_estate(acme: Report) -> None:
    written = tuple(Path(f"audit-report/report.{n}") for n in range(8))
    for report in (_many(acme), acme, replace(acme, findings=(), root_causes=(), gaps=())):
        for code in (ExitCode.FINDINGS, ExitCode.INCOMPLETE, ExitCode.OK):
            lines = printed(report, code, written, HOSTILE)
            assert len(lines) <= LINES
            assert all(len(line) <= WIDTH for line in lines)
            assert "\x1b" not in "".join(lines)
            assert "\u202e" not in "".join(lines)


def test_off_a_terminal_every_line_is_whole(acme: Report) -> None:
    out = StringIO()
    Console(file=out, width=60, highlight=False).print(summary(acme, ExitCode.FINDINGS, ()), crop=False)
    text = out.getvalue()
    assert "…" not in text
    cause = acme.open_root_causes[0]
    assert f"{cause.setting} on {cause.resource.type.replace('_', ' ')}" in text
    longest = max(text.splitlines(), key=len)
    assert len(longest) > 60
    assert len(text.splitlines()) <= LINES


@pytest.mark.parametrize("width", [40, 60, 100])
@pytest.mark.parametrize("character", ["x", "漢", "word "])
@pytest.mark.parametrize("length", [30, 70, 120, 600])
def test_a_long_line_keeps_its_end(character: str, length: int, width: int) -> None:
    """What the line is about, the resource, stands at the end."""
    line = Text("  ").append_text(Text(character * length + "user profile jane-doe"))
    made = rows(line, width)
    assert rows(line, None) == [line]
    assert all(row.cell_len <= width for row in made)
    assert len(made) <= 3
    assert "".join(row.plain.removeprefix("      ") for row in made).replace(" ", "").endswith("userprofilejane-doe")


def test_with_new_only_older_causes_are_one_line(acme: Report) -> None:
    new = next(f for f in acme.findings if f.status is Verdict.FAIL)
    states = {True: State.NEW, False: State.OPEN}
    findings = tuple(replace(f, state=states[f.root_cause == new.root_cause]) for f in acme.findings)
    report = replace(acme, findings=findings, gate=Gate(new_only=True), previous="2026-11-01T00:00:00Z")
    section = "\n".join(printed(report, ExitCode.FINDINGS)).split("Top fixes\n")[1].split("\n\n")[0]
    assert section.count("STU") == 1
    assert new.rule_id in section
    old = len(acme.open_root_causes) - 1
    assert section.endswith(f"\n  {old} root causes of findings that are not new: see the report")


def test_every_section_is_there_however_full_the_screen(acme: Report) -> None:
    lines = printed(_many(acme), ExitCode.FINDINGS)
    text = "\n".join(lines)
    for heading in ("What fails the run", "Since 2026-11-01T00:00:00Z: ", "Top fixes", "Waivers",
                    "Missing data", "Frameworks"):  # fmt: skip
        assert heading in text
    assert "500 accounts in 17 regions" in lines[0]
    assert "waiver not counted at" in text
    assert lines[-1].endswith("Exit code 4.")


def test_what_comes_first(acme: Report) -> None:
    """Critical before high, and of waivers what lapsed before what is unused."""
    text = "\n".join(printed(acme, ExitCode.FINDINGS, width=None))
    failing = text.split("What fails the run")[1].split("\n\n")[0].splitlines()
    severities = [line.split()[0] for line in failing if line.strip() and not line.strip().startswith("and ")]
    assert severities == sorted(severities, key=lambda s: Severity(s).rank)
    waiver = Waiver(("STU101", "STU102"), ResourcePattern(), "r", "jane", date(2026, 1, 1), file="w.yaml", line=7)
    listed = tuple(WaiverSummary(waiver, status, 2) for status in reversed(WaiverStatus))
    lines = printed(replace(acme, waivers=listed), ExitCode.FINDINGS, width=None)
    at = lines.index("Waivers")
    assert lines[at + 1 : at + 5] == [
        "  lapsed on 2026-01-01, 2 findings no longer waived: STU101, STU102, jane (w.yaml:7)",
        "  void, 2 findings with another value: STU101, STU102, jane (w.yaml:7)",
        "  lapses on 2026-01-01, 2 findings waived: STU101, STU102, jane (w.yaml:7)",
        "  matches nothing: STU101, STU102, jane (w.yaml:7)",
    ]


@pytest.mark.parametrize(("years", "named"), [(1, False), (2, True), (7000, True)])
def test_a_waiver_that_runs_for_over_a_year_is_named(acme: Report, years: int, named: bool) -> None:
    today = datetime.fromisoformat(acme.as_of).date()
    waiver = Waiver(("STU101",), ResourcePattern(), "r", "jane", today.replace(year=today.year + years), file="w.yaml")
    report = replace(acme, waivers=(WaiverSummary(waiver, WaiverStatus.ACTIVE, 2),))
    said = f"runs for over a year, until {waiver.expires}, 2 findings waived: STU101, jane (w.yaml)"
    assert (f"  {said}" in printed(report, ExitCode.OK)) is named
    assert ("runs for over a year" in "".join(markdown(report))) is named


def test_no_number_of_checks_stands_for_what_was_not_seen(acme: Report) -> None:
    """An account that was denied has no checks: none of them is "not evaluated"."""
    decided = tuple(f for f in acme.findings if f.status is Verdict.FAIL)
    gap = Gap("210000000005", "aws-global", "account", "*", "*", "AssumeRole", "access_denied")
    counts = acme.by_status | {Verdict.UNKNOWN: 0, Verdict.ERROR: 0}
    report = replace(acme, findings=decided, gaps=(gap,), by_status=counts)
    lines = printed(report, ExitCode.OK, width=None)
    at = lines.index("Missing data: no check of what was seen depends on it")
    assert lines[at + 1] == "  AssumeRole: access denied in aws-global"


def test_causes_whose_failures_are_all_waived_are_not_to_be_done(acme: Report) -> None:
    none = replace(acme, root_causes=tuple(replace(c, affects=0) for c in acme.root_causes))
    assert "Top fixes" not in "\n".join(printed(none, ExitCode.OK))


def test_requirement_statuses_are_counted(acme: Report) -> None:
    framework = FrameworkSummary("n", "NIST", "5", "", ())
    assert set(framework.by_status) == set(RequirementStatus)
    assert any("NIST 5:" in line for line in printed(replace(acme, frameworks=(framework,)), ExitCode.OK))


@pytest.mark.parametrize("columns", ["0", "", "80"])
def test_a_terminal_that_knows_no_size_is_told_as_much(
    columns: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """``COLUMNS=0`` is what a terminal says that was opened without a size."""
    monkeypatch.setenv("COLUMNS", columns)
    show(Text("1 finding"))
    assert capfd.readouterr().out == "1 finding\n"
