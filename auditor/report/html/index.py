"""index.html of a store: the last complete night, the trend by severity, and every night. No script at all."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from markupsafe import Markup

from auditor.counting import plural
from auditor.model.report import TrendPoint
from auditor.model.rule import Severity
from auditor.report.html.nights import NightState, NightView, nights
from auditor.report.templates import environment
from auditor.resources import templates_dir
from auditor.store.attempts import Attempt
from auditor.store.manifest import Manifest

if TYPE_CHECKING:
    import jinja2

#: Nights that the page lists, and days that its chart shows; the store has the rest.
NIGHTS = 400
WIDTH, HEIGHT = 960, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 28


@dataclass(frozen=True, slots=True)
class Layer:
    """A severity's part of the chart: the points of its area."""

    severity: Severity
    points: str


@dataclass(frozen=True, slots=True)
class Chart:
    """The stacked areas, worst at the bottom; ticks as (position, label).

    ``incomplete``: stretches of days (position, width) that may lack failures; ``lacking`` counts these days.
    """

    layers: tuple[Layer, ...]
    incomplete: tuple[tuple[float, float], ...]
    lacking: int
    values: tuple[tuple[float, str], ...]
    days: tuple[tuple[float, str, str], ...]
    summary: str


@dataclass(frozen=True, slots=True)
class IndexView:
    """The template's whole context, under the name ``view``.

    ``complete`` is the last complete night, which the page opens with; ``since`` are the nights after it, the newest
    first. ``runs`` are all runs of the store, ``hidden`` nights are not on the page.
    """

    chart: Chart | None
    nights: tuple[NightView, ...]
    complete: NightView | None
    since: tuple[NightView, ...]
    runs: int
    hidden: int
    latest: TrendPoint | None


def render(runs: Sequence[Manifest], days: Sequence[TrendPoint], failed: Sequence[Attempt] = ()) -> Iterator[str]:
    """The page, piece by piece. ``runs``, ``days`` and the runs that ``failed`` oldest first."""
    style = (templates_dir() / "index.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment().get_template("index.html.j2")
    return template.generate(
        view=index_view(runs, days, failed),
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        style=Markup(style),  # noqa: S704 — our own file, not data
    )


@cache
def _environment() -> jinja2.Environment:
    """The environment with the filters that the page uses, once a process: it keeps the template compiled."""
    made = environment("index")
    made.filters["thousands"] = lambda number: f"{number:,}"
    made.filters["counted"] = plural
    made.filters["moment"] = lambda text: f"{text[:16].replace('T', ' ')} UTC" if len(text) > 10 else text
    return made


def index_view(runs: Sequence[Manifest], days: Sequence[TrendPoint], failed: Sequence[Attempt] = ()) -> IndexView:
    """The view of a store. Equal stores give equal views."""
    every = nights(runs, failed)
    complete = next((n for n, night in enumerate(every) if night.state is NightState.COMPLETE), None)
    return IndexView(
        chart(days[-NIGHTS:]) if days else None,
        every[:NIGHTS],
        None if complete is None else every[complete],
        every[:complete] if complete is not None else every,
        len(runs),
        max(len(every) - NIGHTS, 0),
        days[-1] if days else None,
    )


def chart(days: Sequence[TrendPoint]) -> Chart:
    """The trend by severity as stacked areas."""
    totals = [sum(d.by_severity.values()) for d in days]
    top = _nice(max(totals))
    wide, high = WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM

    def x(number: int) -> float:
        return round(_LEFT + (wide * number / (len(days) - 1) if len(days) > 1 else wide), 1)

    def y(value: int) -> float:
        return round(_TOP + high * (1 - value / top), 1)

    layers, below = [], [0] * len(days)
    for severity in Severity:
        above = [b + d.by_severity.get(severity, 0) for b, d in zip(below, days, strict=True)]
        # One day alone is as wide as the chart.
        xs = [x(n) for n in range(len(days))] if len(days) > 1 else [float(_LEFT), x(0)]
        up, down = (above, below) if len(days) > 1 else (above * 2, below * 2)
        edge = [*zip(xs, map(y, up), strict=True), *reversed(list(zip(xs, map(y, down), strict=True)))]
        layers.append(Layer(severity, " ".join(f"{px},{py}" for px, py in edge)))
        below = above
    marks = sorted({0, len(days) // 2, len(days) - 1})
    anchors = ("start", "middle", "end") if len(marks) == 3 else ("start", "end")
    lacking = sum(d.incomplete for d in days)
    said = f" {plural(lacking, 'day')} may lack failures, since not everything was seen." if lacking else ""
    return Chart(
        tuple(layers),
        tuple(_stretches(days, x)),
        lacking,
        tuple((y(top * part // 4), f"{top * part // 4:,}") for part in range(5)),
        tuple((x(n) if len(days) > 1 else float(_LEFT), days[n].as_of[:10], a)
              for n, a in zip(marks, anchors, strict=False)),
        f"From {days[0].as_of[:10]} to {days[-1].as_of[:10]}: failures: {totals[0]:,} first, {totals[-1]:,} last,"
        f" {max(totals):,} at most.{said}",
    )  # fmt: skip


def _stretches(days: Sequence[TrendPoint], x: Callable[[int], float]) -> Iterator[tuple[float, float]]:
    """Where incomplete days begin in the chart, and how wide they are: half the way to the days beside them."""
    middles = [x(n) for n in range(len(days))] if len(days) > 1 else [float(WIDTH - _RIGHT + _LEFT) / 2]
    edges = [float(_LEFT), *((a + b) / 2 for a, b in pairwise(middles)), float(WIDTH - _RIGHT)]
    for incomplete, group in groupby(range(len(days)), lambda n: days[n].incomplete):
        if incomplete:
            numbers = list(group)
            start, end = edges[numbers[0]], edges[numbers[-1] + 1]
            yield round(start, 1), round(end - start, 1)


def _nice(most: int) -> int:
    """The least round number that is not below ``most`` and divides by four."""
    step = 1
    while True:
        for factor in (4, 8, 20):
            if factor * step >= most:
                return factor * step
        step *= 10
