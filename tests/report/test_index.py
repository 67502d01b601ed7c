"""index.html of a store: nothing runs in it, every link arrives, the chart is the trend."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.history.trend import daily
from auditor.model.report import TrendPoint
from auditor.model.rule import Severity
from auditor.report.html.index import HEIGHT, NIGHTS, WIDTH, chart, index_view, render
from auditor.store.attempts import Attempt
from auditor.store.manifest import Manifest, ScopeCounts
from tests.store.conftest import ACCOUNT, REGION, made

from .browser import opened

HOSTILE = "<script>alert(1)</script>\"'&{{7*7}}"


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def _runs(folder: Path, days: int = 3) -> list[Manifest]:
    return [made(folder, day).manifest for day in range(1, days + 1)]


def _page(runs: list[Manifest]) -> str:
    return "".join(render(runs, daily(runs)))


def test_nothing_runs_and_nothing_loads(tmp_path: Path) -> None:
    runs = [replace(r, scopes=((HOSTILE, HOSTILE),)) for r in _runs(tmp_path)]
    text = _page(runs)
    assert "alert(1)" in text
    assert "<script" not in text
    assert "{{" in text  # as text
    page = _Page(text)
    names = {tag for tag, _ in page.tags}
    assert not names & {"script", "img", "iframe", "object", "link", "base", "form"}
    for _, attributes in page.tags:
        assert not [a for a in attributes if a.startswith("on") or a == "style"]
    (policy,) = (a["content"] for t, a in page.tags if t == "meta" and a.get("http-equiv"))
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_links_arrive(tmp_path: Path) -> None:
    runs = _runs(tmp_path)
    hrefs = [unquote(a["href"] or "") for t, a in _Page(_page(runs)).tags if t == "a"]
    # The last complete run is first, and all are in the list.
    assert hrefs == [f.key for f in runs[-1].reports] + [f.key for run in reversed(runs) for f in run.reports]


def test_an_empty_store() -> None:
    assert "There is no run in this store yet." in _page([])


def test_the_newest_nights_are_listed(tmp_path: Path) -> None:
    run = made(tmp_path, 1).manifest
    runs = [replace(run, run_id=f"{n:04d}", as_of=f"{2026 + n // 365}-01-01T00:00:00Z") for n in range(NIGHTS + 5)]
    view = index_view(runs, daily(runs))
    assert (len(view.nights), view.hidden, view.nights[0].run.run_id) == (NIGHTS, 5, f"{NIGHTS + 4:04d}")


def _failed(started: str, error: str = "no credentials", code: int | None = 3) -> Attempt:
    return Attempt(f"{started[:10].replace('-', '')}T000000Z-00000000", started, "audit", ended=started,
                   exit_code=code, error=error)  # fmt: skip


def test_failed_and_missing_nights_are_rows_and_the_last_complete_one_opens(tmp_path: Path) -> None:
    """Nights 1 to 4 and 8 ran, 8 incompletely; 6 and 9 failed: 5 and 7 have nothing."""
    runs = [made(tmp_path, day).manifest for day in (1, 2, 3, 4, 8)]
    runs[-1] = replace(runs[-1], incomplete=runs[-1].scopes)
    failed = [_failed("2026-11-06T02:00:00Z"), _failed("2026-11-09T02:00:00Z", HOSTILE, None)]
    view = index_view(runs, daily(runs), failed)
    assert [(night.when[8:10], night.state) for night in view.nights] == [
        ("09", "failed"), ("08", "incomplete"), ("07", "no run"), ("06", "failed"), ("04", "complete"),
        ("03", "complete"), ("02", "complete"), ("01", "complete"),
    ]  # fmt: skip
    assert view.complete is not None
    assert view.complete.when == runs[3].as_of
    assert len(view.since) == 4
    assert "2 nights from 2026-11-05 on" in view.nights[2].note
    text = "".join(render(runs, daily(runs), failed))
    assert "Since then: 2 failed, 1 incomplete, 1 without a run. The newest: 2026-11-09 02:00 UTC, failed" in text
    assert "exit code 3: no credentials" in text
    assert HOSTILE not in text


def test_who_audits_once_a_week_misses_no_night(tmp_path: Path) -> None:
    runs = [made(tmp_path, day).manifest for day in (1, 8, 15, 29)]
    assert [(n.when[:10], n.state) for n in index_view(runs, daily(runs)).nights if n.run is None] == [
        ("2026-11-22", "no run")
    ]
    assert all(night.run for night in index_view(runs[:2], daily(runs[:2])).nights)


def test_a_complete_run_without_a_report_is_named(tmp_path: Path) -> None:
    """The auditor keeps report.json of every run; a manifest of somebody else may name none, and ends no run."""
    runs = [replace(made(tmp_path, 1).manifest, reports=())]
    text = _page(runs)
    assert "The last complete run has no report." in text
    assert "Open the last complete run" not in text


def test_without_a_complete_run_nothing_is_praised(tmp_path: Path) -> None:
    run = made(tmp_path, 1).manifest
    runs = [replace(run, incomplete=run.scopes)]
    assert "No run of this store was complete." in _page(runs)
    assert "Open the last complete run" not in _page(runs)
    assert index_view([], [], [_failed("2026-11-06T02:00:00Z")]).nights[0].state == "failed"


def test_a_night_that_could_not_see_all_is_marked_in_the_chart(tmp_path: Path) -> None:
    """Failures that it did not see are missing from its counts: the curve falls although nothing was resolved."""
    runs = _runs(tmp_path, days=4)
    assert 'class="lacking"' not in _page(runs)
    (scope,) = runs[1].scopes
    runs[1] = replace(runs[1], incomplete=(scope,))
    assert [day.incomplete for day in daily(runs)] == [False, True, False, False]
    drawn = chart(daily(runs))
    # Half the way to the days beside it; four days have three stretches between them.
    stretch = (WIDTH - 56 - 12) / 3
    assert drawn.incomplete == (pytest.approx((56 + stretch / 2, stretch), abs=0.2),)
    page = _page(runs)
    assert page.count('class="lacking"') == 2, "in the chart and in its legend"
    assert "1 day may lack failures, since not everything was seen." in page
    # What was last seen of another account stays as it was.
    other = replace(made(tmp_path, 3, account="999999999999").manifest)
    assert [day.incomplete for day in daily([runs[0], runs[1], other, runs[3]])] == [False, True, True, False]


def test_an_account_that_was_not_visited_makes_a_day_incomplete(tmp_path: Path) -> None:
    run = made(tmp_path, 1).manifest
    assert [day.incomplete for day in daily([replace(run, missed=(("999999999999", "denied"),))])] == [True]


@given(days=st.lists(st.booleans(), min_size=1, max_size=30))
def test_law_incomplete_days_cover_the_chart_as_far_as_there_are_any(days: list[bool]) -> None:
    points = [TrendPoint("2026-11-01", dict.fromkeys(Severity, 1), incomplete=day) for day in days]
    drawn = chart(points)
    inside = WIDTH - 56 - 12
    assert sum(width for _, width in drawn.incomplete) <= inside + 1
    assert bool(drawn.incomplete) is any(days)
    if all(days):
        assert drawn.incomplete == ((56.0, float(inside)),)


_points = st.lists(
    st.builds(
        lambda counts: TrendPoint("2026-11-01", dict(zip(Severity, counts, strict=True))),
        st.lists(st.integers(0, 10**6), min_size=5, max_size=5),
    ),
    min_size=1,
    max_size=20,
)


@given(days=_points)
def test_law_the_chart_stays_in_its_frame_and_stacks(days: list[TrendPoint]) -> None:
    made_ = chart(days)
    for layer in made_.layers:
        points = [tuple(map(float, p.split(","))) for p in layer.points.split()]
        assert all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points)
        assert len(points) == 2 * max(len(days), 2)
    # Each layer's lower edge is the upper edge of the one below.
    edges = [layer.points.split() for layer in made_.layers]
    for below, above in pairwise(edges):
        half = len(below) // 2
        assert below[:half] == above[half:][::-1]
    assert made_.values[0][1] == "0"
    assert int(made_.values[-1][1].replace(",", "")) >= max(sum(d.by_severity.values()) for d in days)


def test_a_day_counts_what_was_last_seen_everywhere(tmp_path: Path) -> None:
    other = "999999999999"

    def run(day: int, account: str, high: int, month: int = 11) -> Manifest:
        base = made(tmp_path, day, account=account, month=month).manifest
        counts = (ScopeCounts(account, REGION, high=high, new=1),) if high else ()
        return replace(base, counts=counts)

    runs = [run(1, ACCOUNT, 5), run(2, other, 7), run(3, ACCOUNT, 4), run(4, ACCOUNT, 0)]
    points = daily(runs)
    assert [(p.as_of, p.by_severity["high"], p.new) for p in points] == [
        ("2026-11-01", 5, 1), ("2026-11-02", 12, 1), ("2026-11-03", 11, 1), ("2026-11-04", 7, 0),
    ]  # fmt: skip
    # An account that nobody audits any more is not counted for ever.
    assert daily([*runs, run(28, ACCOUNT, 1, month=12)])[-1].by_severity["high"] == 1


@pytest.mark.parametrize(("most", "top"), [(0, 4), (3, 4), (5, 8), (9, 20), (21, 40), (81, 200), (368, 400)])
def test_the_axis_ends_at_a_round_number(most: int, top: int) -> None:
    point = TrendPoint("2026-11-01", dict.fromkeys(Severity, 0) | {Severity.HIGH: most})
    assert chart([point]).values[-1][1] == f"{top:,}"
    assert re.fullmatch(r"From .*: 0 failures.*|From .* at most\.", chart([point]).summary)


@pytest.mark.browser
def test_a_browser_opens_it_without_a_complaint(tmp_path: Path) -> None:
    path = tmp_path / "index.html"
    path.write_text(_page(_runs(tmp_path, days=9)), encoding="utf-8")
    with opened(path) as page:
        assert page.problems == []
        # The style was let through by the policy, and the chart is as wide as its frame.
        assert (
            page.locator("svg .high, polygon.high").first.evaluate("e => getComputedStyle(e).fill")
            == "rgb(200, 69, 47)"
        )
        box = page.locator("figure svg[role=img]").bounding_box()
        assert 600 < box["width"] < 1280
        assert page.locator("tbody tr").count() == 9
        # On a telephone the page does not scroll sideways; its table does.
        page.set_viewport_size({"width": 390, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
