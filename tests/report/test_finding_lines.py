"""Findings as lines: by place, complete, and inert but for the command that GitHub Actions is given."""

from __future__ import annotations

import re
from dataclasses import replace

from auditor.model.finding import State
from auditor.model.rule import Severity, Verdict
from auditor.report.finding_lines import Listing, left_out, lines, listed

from .handmade import everything, hostile_everything

#: A workflow command as the runner reads it (actions/runner, ActionCommand): name, properties, data.
_COMMAND = re.compile(r"::(error|warning|notice) ([^:\n]*)::([^\n]*)")


def test_a_line_a_failure_by_place() -> None:
    report = replace(everything(), previous=None)
    found = list(lines(report, Listing.CONCISE))
    assert [line.split(": ")[0] for line in found[:2]] == ["infra/main.tf:3", "stacks/my studio.yaml:17"]
    assert re.fullmatch(r"infra/main\.tf:3: low STU903 \S.*", found[0])
    failed = [f for f in report.findings if f.status is Verdict.FAIL and f.waiver is None]
    assert len(found) == len(failed)
    assert found[-1].startswith("aws/")
    assert left_out(report) == "1 waived, 2 not evaluated"


def test_where_a_run_is_compared_only_what_is_new_is_listed() -> None:
    report = everything()
    assert {f.state for f in listed(report)} == {State.NEW, State.REGRESSED}
    old = sum(f.state is State.OPEN for f in report.findings if f.status is Verdict.FAIL)
    assert old == 2
    assert left_out(report) == "2 not new, 1 waived, 2 not evaluated"


def test_annotations_of_github_actions() -> None:
    report = replace(everything(), previous=None)
    commands = [_COMMAND.fullmatch(line) for line in lines(report, Listing.GITHUB)]
    assert all(commands)
    found = [(c[1], dict(p.split("=", 1) for p in c[2].split(",")), c[3]) for c in commands if c]
    gating = sum(f.gates for f in report.findings)
    assert [level for level, _, _ in found][: gating + 1] == ["error"] * gating + ["warning"]
    assert {level for level, _, _ in found} == {"error", "warning", "notice"}
    at = [(p["file"], p["line"]) for _, p, _ in found if "file" in p]
    assert sorted(at) == [("infra/main.tf", "3"), ("stacks/my studio.yaml", "17")]
    assert found[0][1]["title"] == f"STU900 rule-{Severity.CRITICAL} ({Severity.CRITICAL})"


def test_names_break_out_of_no_line() -> None:
    report = hostile_everything()
    said = "50% a\r\n::error file=x::b ##[add-path]c"
    findings = (replace(f, message=said, resource=replace(f.resource, file="a,b:c\n%.tf")) for f in report.findings)
    changed = replace(report, previous=None, findings=tuple(findings))
    for line in lines(changed, Listing.CONCISE):
        assert "\n" not in line
        assert " ::" not in line
        assert "##[" not in line
    for line in lines(changed, Listing.GITHUB):
        command = _COMMAND.fullmatch(line)
        assert command is not None
        assert "50%25 a" in command[3]
        assert "##[" not in command[3]
        assert " ::" not in command[3]
        if "file=" in command[2]:
            # The runner splits at commas, and undoes the escapes.
            assert "file=a%2Cb%3Ac" in command[2]
            assert ".tf,line=" in command[2]
