"""Whatever a report holds, report.html, report.md, report.json, the summary and the exit code say the same of it."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from io import StringIO

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from auditor.cli.summary import summary
from auditor.errors import ExitCode
from auditor.evaluate.gate import apply_gate, exit_code, reaches
from auditor.model.finding import Finding
from auditor.model.report import Gate, Outcome, Report
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Gap
from auditor.model.waiver import Waiver
from auditor.report import json_format, markdown_format
from auditor.report.html.view import html_view

from .handmade import ACCOUNT, OTHER, everything

BASE = everything()
FAILURE = next(f for f in BASE.findings if f.status is Verdict.FAIL and f.waiver is None and not f.resource.file)
WAIVER: Waiver = next(f.waiver for f in BASE.findings if f.waiver is not None)
LIST = Gap(ACCOUNT, "eu-west-1", "user_profile", "*", "*", "ListUserProfiles", "access_denied")
ONE = Gap(ACCOUNT, "eu-west-1", "user_profile", "d-1/rosa", "*", "DescribeUserProfile", "access_denied")
FILE = Gap("t", "template", "template", "t.yaml", "*", "cloudformation", "not_assessed", "no YAML")

_severities = st.sampled_from(list(Severity))
_limits = st.none() | _severities


@st.composite
def findings(draw: st.DrawFn) -> tuple[Finding, ...]:
    made = []
    for number in range(draw(st.integers(0, 6))):
        status = draw(st.sampled_from([Verdict.FAIL, Verdict.FAIL, Verdict.UNKNOWN, Verdict.ERROR]))
        resource = replace(FAILURE.resource, account=draw(st.sampled_from([ACCOUNT, OTHER])))
        made.append(
            replace(
                FAILURE,
                fingerprint=f"{number:032x}",
                status=status,
                severity=draw(_severities),
                resource=resource,
                rule_id=draw(st.sampled_from([r.id for r in BASE.rules])),
                waiver=WAIVER if status is Verdict.FAIL and draw(st.booleans()) else None,
                state=None,
                gates=False,
            )
        )
    return tuple(made)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A report whose counts fit its findings, put through a gate."""
    found = draw(findings())
    statuses = Counter("waived" if f.waiver is not None else str(f.status) for f in found)
    failed = Counter(str(f.severity) for f in found if f.status is Verdict.FAIL and f.waiver is None)
    live = draw(st.booleans())
    held = {"domain": 1, "user_profile": 4, "space": 0, "app": 0}
    report = replace(
        BASE,
        snapshots=BASE.snapshots[:1] if live else BASE.snapshots[1:],
        findings=found,
        root_causes=(),
        past=(),
        trend=(),
        previous=None,
        waivers=(),
        resources=held if found or draw(st.booleans()) else dict.fromkeys(held, 0),
        gaps=tuple(draw(st.lists(st.sampled_from([LIST, ONE] if live else [FILE]), unique=True))),
        by_status={**dict.fromkeys(BASE.by_status, 0), "pass": draw(st.sampled_from([0, 3])), **statuses},
        by_severity={str(s): failed[str(s)] for s in Severity},
    )
    gate = Gate(
        draw(_limits),
        by_rule=draw(st.dictionaries(st.sampled_from([r.id for r in BASE.rules]), _limits, max_size=1)),
        by_account=draw(st.dictionaries(st.just(OTHER), _limits, max_size=1)),
        new_only=draw(st.booleans()),
        allow_incomplete=draw(st.booleans()),
        allow_empty=draw(st.booleans()),
    )
    baseline = draw(st.none() | st.sets(st.sampled_from([f.fingerprint for f in found] or ["0"])))
    return apply_gate(report, gate, baseline=baseline)


def _shown(report: Report, code: ExitCode) -> str:
    out = StringIO()
    Console(width=200, file=out).print(summary(report, code, ()))
    return " ".join(out.getvalue().split())


#: Outcome → how each format begins its sentence, where the run is not let through.
WORDS = {
    Outcome.FINDINGS: ("Failed", "Failed"),
    Outcome.EMPTY: ("Empty", "Empty"),
    Outcome.UNDECIDED: ("Undecided", "Undecided"),
    Outcome.INCOMPLETE: ("Incomplete", "Incomplete"),
}


@settings(max_examples=150)
@given(reports())
def test_every_format_says_what_the_exit_code_says(report: Report) -> None:
    code, outcome, gate = exit_code(report), report.gate.outcome, report.gate
    said, page = _shown(report, code), html_view(report)
    text, data = "".join(markdown_format.render(report)), json.loads("".join(json_format.render(report)))

    assert page.passed is (code is ExitCode.OK)
    assert f"Exit code {int(code)}" in said
    assert data["gate"]["outcome"] == str(outcome)
    if code is not ExitCode.OK:
        word, html = WORDS[outcome]
        assert f"{word}: " in said
        assert f"{word}: " in text
        assert page.verdict.startswith(html)
    else:
        assert not any(f"{word}: " in text for word, _ in WORDS.values())
        assert not any(f"{word}: " in said for word, _ in WORDS.values())
    if outcome is Outcome.FINDINGS:
        assert (
            f"Failed: {gate.failed} new finding" in said if gate.new_only else f"Failed: {gate.failed} finding" in said
        )
        assert re.match(rf"Failed: {gate.failed:,} (new )?findings? ", page.verdict)
        assert f"**{page.verdict}.**" in text


@settings(max_examples=150)
@given(reports())
def test_what_the_exit_code_is(report: Report) -> None:
    """The product's contract, once more in other words."""
    gate, code = report.gate, exit_code(report)
    failures = [f for f in report.findings if reaches(f, gate)]
    assert (code is ExitCode.FINDINGS) == (gate.failed > 0)
    assert gate.failed <= len(failures)
    assert gate.new_only or gate.failed == len(failures)
    decided = report.by_status["pass"] + report.by_status["fail"] + report.by_status["waived"]
    open_ = any(f.status in (Verdict.UNKNOWN, Verdict.ERROR) for f in report.findings)
    if code is ExitCode.OK:
        # Nothing decided, though something is open, is never a success; neither is an account without Studio.
        assert decided or not open_
        assert gate.allow_incomplete or not open_
        assert report.of_templates or gate.allow_empty or any(report.resources.values())
    # --allow-incomplete forgives what is incomplete, and nothing else.
    other = exit_code(replace(report, gate=replace(gate, allow_incomplete=not gate.allow_incomplete)))
    assert {code, other} in ({code}, {ExitCode.OK, ExitCode.INCOMPLETE})
