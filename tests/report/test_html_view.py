"""What the first screen says: order, headline, gate, places, trend."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.finding import State, priority
from auditor.model.report import Gate, Outcome, Report, TrendPoint
from auditor.model.rule import Severity, Verdict
from auditor.model.snapshot import Gap
from auditor.model.waiver import ResourcePattern, Waiver, WaiverStatus
from auditor.report import executive_format, html_format
from auditor.report.html.chart import POINTS, stacked, trend_chart
from auditor.report.html.view import html_view

from .estate import AS_OF, large

ReportOf = Callable[[str], Report]
WAIVER = Waiver(("STU101",), ResourcePattern(), "known", "somebody", date(2027, 1, 1))


def test_priority_is_the_weight_and_once_more_for_each_doubling() -> None:
    high = priority(Severity.HIGH, 1)
    assert [priority(Severity.HIGH, n) / high for n in (1, 2, 4, 8)] == [1, 2, 3, 4]
    assert priority(Severity.LOW, 0) == 0


def test_no_number_of_low_findings_buries_a_critical_one() -> None:
    assert priority(Severity.CRITICAL, 1) > priority(Severity.LOW, 1_000_000)


@given(st.sampled_from(list(Severity)), st.integers(1, 10**6), st.integers(1, 10**6))
def test_more_removed_is_sooner(severity: Severity, few: int, more: int) -> None:
    assert 0 < priority(severity, few) < priority(severity, few + more)


def test_causes_are_in_order_and_count_what_stands(report_of: ReportOf) -> None:
    view = html_view(report_of("acme"))
    standing = Counter(f.root_cause for f in view.report.findings if f.status is Verdict.FAIL and f.waiver is None)
    assert {c.cause.id: c.removes for c in view.causes}.items() <= standing.items()
    assert view.cause_number == len(standing)
    points = [(bool(c.cause.gates), priority(c.cause.severity, c.removes)) for c in view.causes]
    assert points == sorted(points, reverse=True)
    assert view.causes[0].cause.severity is Severity.CRITICAL


def test_a_cause_that_is_waived_whole_is_not_to_be_mended(report_of: ReportOf) -> None:
    report = report_of("acme")
    first = html_view(report).causes[0].cause.id
    waived = tuple(
        replace(f, waiver=WAIVER, state=State.WAIVED) if f.root_cause == first else f for f in report.findings
    )
    view = html_view(replace(report, findings=waived))
    assert first not in {c.cause.id for c in view.causes}
    assert view.failures == html_view(report).failures - sum(f.root_cause == first for f in report.findings)


def test_what_is_new_is_grouped_by_what_brought_it() -> None:
    report = large(2000)
    view = html_view(report)
    fresh = [f for f in report.findings if f.state in (State.NEW, State.REGRESSED)]
    assert view.compared
    assert view.fresh == len(fresh) > 0
    assert {g.rule_id: g.number for g in view.appeared} == Counter(f.rule_id for f in fresh if f.state is State.NEW)
    assert {g.rule_id: g.number for g in view.returned} == Counter(
        f.rule_id for f in fresh if f.state is State.REGRESSED
    )
    assert sum(g.number for g in view.gone) == view.states["resolved"]
    assert view.headline.startswith(f"{len(fresh):,} new findings since 2026-11-24.")
    assert view.states["new"] == sum(f.state is State.NEW for f in fresh)
    assert view.states["resolved"] == sum(p.state is State.RESOLVED for p in report.past)


def test_nothing_new_is_said(report_of: ReportOf) -> None:
    report = report_of("acme")
    known = tuple(replace(f, state=State.OPEN) if f.status is Verdict.FAIL else f for f in report.findings)
    view = html_view(replace(report, findings=known, previous="2026-11-24T00:00:00Z"))
    assert view.headline.startswith("Nothing new since 2026-11-24.")


def test_a_first_run_compares_nothing(report_of: ReportOf) -> None:
    view = html_view(report_of("acme"))
    assert not view.compared
    assert "new" not in view.headline


@pytest.mark.parametrize(
    ("gate", "says", "passed"),
    [
        (Gate(Severity.HIGH), "Failed: {high} findings of severity high or above", False),
        (Gate(Severity.CRITICAL), "Failed: {critical} findings of severity critical", False),
        (Gate(None), "Not gated: no finding makes the run fail", True),
        (Gate(Severity.HIGH, new_only=True, baseline="base.json"),
         "Passed: no finding of severity high or above that base.json doesn't list", True),
        (Gate(Severity.HIGH, new_only=True, failed=3),
         "Failed: 3 new findings of severity high or above since the last run", False),
        (Gate(None, by_rule={"STU101": Severity.LOW}, failed=2),
         "Failed: 2 findings that reach the threshold of their rule or account", False),
        (Gate(None, outcome=Outcome.UNDECIDED), "Undecided: no check could be evaluated", False),
        (Gate(None, outcome=Outcome.INCOMPLETE, incomplete_lists=1), "1 list of resources could not be read", False),
        (Gate(None, outcome=Outcome.INCOMPLETE, incomplete_lists=1, allow_incomplete=True), "(accepted)", True),
    ],
)  # fmt: skip
def test_the_gate_in_words(report_of: ReportOf, gate: Gate, says: str, passed: bool) -> None:
    report = report_of("acme")
    view = html_view(replace(report, gate=gate))
    failed = [f.severity.rank for f in report.findings if f.status is Verdict.FAIL]
    numbers = {str(s): sum(rank <= s.rank for rank in failed) for s in Severity}
    assert says.format_map(numbers) in view.verdict
    assert view.passed is passed


def test_places_add_up() -> None:
    report = large(3000)
    view = html_view(report)
    failed = [f for f in report.findings if f.status is Verdict.FAIL and f.waiver is None]
    for places in (view.accounts, view.domains):
        assert sum(p.total for p in places) == len(failed)
        assert sum(p.unknown for p in places) == sum(f.status is Verdict.UNKNOWN for f in report.findings)
    assert {p.account: p.total for p in view.accounts} == Counter(f.resource.account for f in failed)
    worst = max(view.accounts, key=lambda p: p.total)
    assert math.isclose(sum(s.length for s in worst.bar), 100, abs_tol=0.1)


def test_waivers_to_look_at_are_the_urgent_ones_first() -> None:
    view = html_view(large(300))
    assert [w.status for w in view.report.waivers_needing_attention] == [
        WaiverStatus.LAPSED, WaiverStatus.VOID, WaiverStatus.EXPIRING, WaiverStatus.UNUSED,
    ]  # fmt: skip


def test_a_subject_is_one_example_of_a_gap_wherever_it_is() -> None:
    gap = Gap("1", "eu-west-1", "domain", "*", "DefaultUserSettings.X", "not_in_sdk", "DescribeDomain", "")
    gaps = (gap, replace(gap, region="us-east-1"), replace(gap, setting="DefaultUserSettings.Y"))
    (group,) = html_view(replace(large(50), gaps=gaps)).gaps
    assert (group.count, group.subjects, len(group.places)) == (3, 2, 2)
    assert [example.setting for example in group.examples] == ["DefaultUserSettings.X", "DefaultUserSettings.Y"]


def test_gaps_of_a_kind_are_one_line() -> None:
    view = html_view(large(2000, unseen=0.2))
    assert sorted((g.reason, g.operation) for g in view.gaps) == [
        ("access_denied", "ListTags"), ("ambiguous_inheritance", "DescribeUserProfile"),
    ]  # fmt: skip
    assert sum(g.count for g in view.gaps) == len(view.report.gaps)
    for group in view.gaps:
        own = {(g.account, g.region) for g in view.report.gaps if g.reason == group.reason}
        assert set(group.places) == own


def _points(totals: list[int]) -> list[TrendPoint]:
    return [TrendPoint(AS_OF, {"high": n, "low": n // 2}) for n in totals]


def test_one_run_is_no_trend() -> None:
    assert trend_chart(_points([7])) is None


@given(st.lists(st.integers(0, 10**6), min_size=2, max_size=200))
def test_bars_are_as_high_as_their_numbers(totals: list[int]) -> None:
    chart = trend_chart(_points(totals))
    assert chart is not None
    assert len(chart.bars) == min(len(totals), POINTS)
    assert chart.earlier == len(totals) - len(chart.bars)
    per_pixel = {
        round(segment.length / segment.number, 9)
        for bar in chart.bars
        for segment in bar.segments
        if segment.number > 1000
    }
    assert not per_pixel or max(per_pixel) - min(per_pixel) < 1e-5
    for bar in chart.bars:
        heights = sum(s.length for s in bar.segments)
        assert all(s.start >= 0 for s in bar.segments)
        assert not bar.segments or math.isclose(bar.segments[-1].start + heights, chart.base, abs_tol=0.1)
    xs = [b.x for b in chart.bars]
    assert xs == sorted(xs)
    assert chart.y_ticks[0].text == "0"
    assert 2 <= len(chart.y_ticks) <= 6


def test_a_run_that_did_not_see_all_is_marked(report_of: ReportOf) -> None:
    points = [TrendPoint(AS_OF, {"high": 3}), TrendPoint(AS_OF, {"high": 1}, incomplete=True)]
    chart = trend_chart(points)
    assert chart is not None
    assert [bar.incomplete for bar in chart.bars] == [False, True]
    for page in (html_format.render, executive_format.render):
        text = "".join(page(replace(report_of("acme"), trend=tuple(points))))
        assert text.count('class="lacking"') == 2, "at its bar, and in the legend"
        assert "1 run may lack failures" in text
        assert 'class="lacking"' not in "".join(page(replace(report_of("acme"), trend=(points[0], points[0]))))


def test_a_stacked_bar_fills_its_share() -> None:
    bar = stacked({"high": 30, "low": 10}, 80)
    assert [(s.name, s.start, s.length) for s in bar] == [("high", 0.0, 37.5), ("low", 37.5, 12.5)]
