"""What the first screen of every report says: groups by rule, the curve, posture, deadlines; one order, one count."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

from auditor.evaluate.gate import apply_gate
from auditor.model.finding import State
from auditor.model.history import Comparison, Standing
from auditor.model.posture import PostureCount
from auditor.model.report import Gate, Report
from auditor.model.rule import Severity, Verdict
from auditor.report.first_screen import curve, due, fixes, overdue, posture, rule_groups, standing, where, wrong
from auditor.report.markdown_format import render as markdown
from auditor.report.phrases import gaps_by_reason
from auditor.report.render import Format, render

from .estate import large

ReportOf = Callable[[str], Report]


def _document(report: Report) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads("".join(render(report, Format.JSON)))
    return loaded


def test_what_fails_the_run_comes_first_whatever_its_severity(report_of: ReportOf) -> None:
    report = report_of("acme")
    low = next(f for f in standing(report) if f.severity is Severity.LOW)
    gated = apply_gate(report, Gate(None, by_rule={low.rule_id: Severity.LOW}))
    failing = [f for f in gated.findings if f.gates]
    assert list(gated.findings[: len(failing)]) == failing
    assert {f.rule_id for f in failing} == {low.rule_id}
    assert gated.open_root_causes[0].rule_id == low.rule_id
    assert sum(c.gates for c in gated.root_causes) == gated.gate.failed == len(failing)
    document = _document(gated)
    assert document["findings"][0]["rule"]["id"] == document["root_causes"][0]["rule"] == low.rule_id
    assert rule_groups(gated, standing(gated))[0].rule_id == low.rule_id


def test_a_rule_is_one_line_wherever_it_fails() -> None:
    report = large(900)
    groups = rule_groups(report, standing(report))
    assert {g.rule_id: g.number for g in groups} == Counter(f.rule_id for f in standing(report))
    assert len(groups) == len({g.rule_id for g in groups})
    assert all(g.first.message for g in groups)


def test_where_names_the_account_and_region_of_one_and_counts_several() -> None:
    domain = large(300).domains[0].resource
    assert where([domain]) == f"domain {domain.name} · {domain.account}/{domain.region}"
    twin = replace(domain, id="d-2")
    assert where([domain, twin]) == f"2 domains in {domain.account}/{domain.region}"
    assert where([domain, replace(twin, region="us-west-2")]) == f"2 domains in {domain.account}, 2 Regions"
    assert where([domain, replace(twin, account="222222222222")]) == "2 domains in 2 accounts"
    files = [replace(domain, file="a.tf", account="a"), replace(domain, file="b.tf", account="b")]
    assert where(files) == "2 domains in 2 templates"


def test_the_curve_ends_with_everything_and_says_where_the_gate_opens(report_of: ReportOf) -> None:
    report = report_of("acme")
    ahead = curve(report)
    assert ahead.findings == len(standing(report)) == ahead.steps[-1].resolved
    assert [s.changes for s in ahead.steps] == list(range(1, len(report.open_root_causes) + 1))
    assert ahead.steps[-1].percent == 100
    assert [s.percent for s in ahead.steps] == sorted(s.percent for s in ahead.steps)
    assert ahead.gating is not None
    gating = report.open_root_causes[: ahead.gating.changes]
    assert sum(c.gates for c in gating) == report.gate.failed
    assert sum(c.gates for c in gating[:-1]) < report.gate.failed
    assert f"{ahead.gating.changes} changes resolve everything that fails the run" in ahead.sentence
    assert ahead.sentence.endswith(f"{len(ahead.steps)} changes resolve all {ahead.findings} findings.")
    assert sum(c.affects for c in report.open_root_causes) == len({f.fingerprint for f in standing(report)})
    for made in ("".join(markdown(report)), *("".join(render(report, f)) for f in (Format.HTML, Format.EXECUTIVE))):
        assert "auditor whatif --snapshot FILE --curve measures that" in made
    half = ahead.reaching(50)
    assert half is not None
    assert half.resolved * 2 >= ahead.findings > 2 * (half.resolved - report.open_root_causes[half.changes - 1].affects)
    assert _document(report)["curve"]["gating"]["changes"] == ahead.gating.changes


def test_changes_of_a_rule_that_stand_together_are_one_row() -> None:
    report = large(900)
    rows = fixes(report)
    assert sum(row.changes for row in rows) == len(report.open_root_causes)
    assert sum(row.resolves for row in rows) == curve(report).findings
    assert rows[-1].percent == 100
    assert all(a.cause.rule_id != b.cause.rule_id or a.cause.gates != b.cause.gates for a, b in pairwise(rows))
    several = next(row for row in rows if row.changes > 2)
    assert several.said.endswith(f"(and {several.changes - 1} more such changes)")
    only = {several.cause.id}
    (one,) = fixes(report, only)
    assert (one.changes, one.resolves, one.percent) == (1, several.cause.affects, 100)


def test_99_of_100_is_not_all() -> None:
    report = large(900)
    causes = [replace(c, affects=1, gates=0) for c in (report.root_causes * 300)[:300]]
    steps = curve(replace(report, root_causes=tuple(causes))).steps
    assert steps[-2].percent == 99


def test_without_findings_there_is_no_curve(report_of: ReportOf) -> None:
    ahead = curve(report_of("clean"))
    assert (ahead.findings, ahead.steps, ahead.gating, ahead.sentence) == (0, (), None, "")


def test_the_posture_adds_up(report_of: ReportOf) -> None:
    report = report_of("acme")
    shares = posture(report)
    assert shares.total.passed == report.by_status[Verdict.PASS]
    assert shares.total.failed == report.by_status[Verdict.FAIL]
    for parts in (shares.areas, shares.accounts, shares.domains):
        assert sum(s.passed for s in parts.values()) == shares.total.passed
        assert sum(s.failed for s in parts.values()) == shares.total.failed
    passed = Counter[str]()
    for rule in report.rules:
        passed[rule.area] += rule.counts.get("pass", 0)
    assert {area: s.passed for area, s in shares.areas.items() if s.passed} == +passed
    percents = [s.percent or 0 for s in shares.areas.values()]
    assert percents == sorted(percents)
    domains = {(d.resource.account, d.resource.region, d.resource.id): sum(d.failed.values()) for d in report.domains}
    assert {place: shares.domains[place].failed for place in domains if place in shares.domains} == {
        place: number for place, number in domains.items() if place in shares.domains
    }


def test_yesterdays_posture_stands_beside_todays(report_of: ReportOf) -> None:
    report = replace(report_of("acme"), posture=(PostureCount("1", "r", "d", "roles", 3, 1),))
    before = (PostureCount("1", "r", "d", "roles", 2, 2), PostureCount("1", "r", "gone", "apps", 5, 0))
    shares = posture(replace(report, previous_posture=before))
    assert (shares.total.percent, shares.total.change) == (75, 75 - 77)
    assert shares.areas["roles"].change == 25
    assert posture(report).total.change is None
    assert _document(replace(report, previous_posture=before))["posture"]["by_area"] == [
        {"area": "roles", "passed": 3, "evaluated": 4, "previous": {"passed": 2, "evaluated": 4}}
    ]


def test_a_finding_is_overdue_after_its_last_day(report_of: ReportOf) -> None:
    report = replace(report_of("acme"), sla={Severity.HIGH: 7})
    day = report.as_of[:10]
    high = [f for f in standing(report) if f.severity is Severity.HIGH][:3]

    def seen(*days: str | None) -> Report:
        return replace(
            report, findings=tuple(replace(f, first_seen=d) for f, d in zip(high, days, strict=True))
        )  # fmt: skip

    found = seen("2020-01-01T00:00:00Z", f"{day}T00:00:00Z", None)
    (row,) = overdue(found)
    assert (row.severity, row.days, row.findings, row.number, row.undated) == (Severity.HIGH, 7, 3, 1, 1)
    assert row.oldest > 300
    assert [str(due(found, f)) for f in found.findings] == ["2020-01-08", str(due(found, found.findings[1])), "None"]
    assert overdue(replace(found, sla={})) == ()
    # The last day is still in time.
    assert overdue(replace(found, as_of="2020-01-08T23:00:00Z"))[0].number == 0
    assert overdue(replace(found, as_of="2020-01-09T00:00:00Z"))[0].number == 1


def test_an_owner_has_days_of_their_own(report_of: ReportOf) -> None:
    report = report_of("acme")
    first, second, *_ = (f for f in standing(report) if f.severity is Severity.HIGH)
    seen = {"first_seen": "2020-01-01T00:00:00Z"}
    findings = (replace(first, owner="vision", **seen), replace(second, owner="", **seen))
    own = {"vision": {Severity.HIGH: 14}}
    both = replace(report, findings=findings, sla={Severity.HIGH: 7}, sla_owners=own)
    assert [str(due(both, f)) for f in findings] == ["2020-01-15", "2020-01-08"]
    alone = replace(both, sla={})
    assert [str(due(alone, f)) for f in findings] == ["2020-01-15", "None"]
    (row,) = overdue(alone)
    assert (row.days, row.findings, row.number) == (14, 2, 1)


def test_the_gate_keeps_the_days_of_the_history(report_of: ReportOf) -> None:
    report = report_of("acme")
    standings = {f.fingerprint: Standing(State.OPEN, "2020-01-01T00:00:00Z", 0, True) for f in standing(report)}
    before = (PostureCount("1", "r", "", "roles", 1, 0),)
    decided = apply_gate(report, Gate(), Comparison("2026-11-01T00:00:00Z", standings, posture=before))
    assert decided.previous_posture == before
    assert "Overdue" in "".join(markdown(replace(decided, sla={Severity.HIGH: 7})))


def test_a_cause_says_what_is_wrong_and_how_many_more(report_of: ReportOf) -> None:
    report = report_of("acme")
    cause = next(c for c in report.root_causes if c.affects > 2)
    first = next(f for f in standing(report) if f.root_cause == cause.id)
    assert wrong(cause, first) == f"{first.message} (and {cause.affects - 1} more)"
    said = {c["id"]: c["message"] for c in _document(report)["root_causes"]}
    assert said[cause.id] == wrong(cause, first)
    assert not {c["message"] for c in _document(report)["root_causes"]} & {r.title for r in report.rules}


def test_a_comment_on_what_a_change_brings_lists_only_that() -> None:
    report = large(500)  # a page of all findings is cut at what a comment takes
    only = replace(report, gate=replace(report.gate, new_only=True))
    text, whole = "".join(markdown(only)), "".join(markdown(report))
    assert len(text) < len(whole) / 2
    new = {f.root_cause for f in report.findings if f.state in (State.NEW, State.REGRESSED)}
    rows = text.split("## Top fixes")[1].split("\n## ")[0].count("\n| ") - 2
    assert rows == len(new)
    known = sum(f.state is State.OPEN for f in report.findings)
    assert f"{known} findings that are not new: see the html or json report." in text
    assert "## Already open" not in text
    assert "## Already open" in whole


def test_thirty_templates_with_the_same_limit_are_one_line() -> None:
    report = large(300)
    gap = replace(
        report.gaps[0], region="template", reason="not_expressible", operation="Terraform", detail="no such argument"
    )
    info = replace(report.snapshots[0], source="terraform")
    gaps = tuple(replace(gap, account=f"stacks/team{n}") for n in range(30))
    templates = replace(report, gaps=gaps, snapshots=(info,))
    (line,) = gaps_by_reason(templates)
    assert line.startswith("Terraform in 30 templates: not expressible, 30 times (")
    (alone,) = gaps_by_reason(replace(templates, gaps=gaps[:1]))
    assert alone.startswith("Terraform in stacks/team0: not expressible (")
    missing = replace(
        gap, reason="unresolved_expression", detail="main.tf:3: variable vpc_id of the root module has no value"
    )
    assert "--var vpc_id=…" in "".join(markdown(replace(templates, gaps=(missing,))))
