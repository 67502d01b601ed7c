"""Geometry of the HTML report's drawings: plain numbers, which the template puts into inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

from auditor.model.report import TrendPoint
from auditor.model.rule import Severity
from auditor.report.first_screen import Curve, Step

#: Runs that the chart shows, the last ones.
POINTS = 90
WIDTH, HEIGHT = 620, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 8, 22
#: A character of a number where it is largest, on narrow screens, and the room of 100% there.
_WIDEST, _LEFT_OF_PERCENT = 10.8, 62


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a bar: where it begins, how long it is, and what stands for it."""

    name: str
    number: int
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Bar:
    """One run in the chart: its place, its segments from the bottom up (``start`` is the upper edge)."""

    as_of: str
    x: float
    width: float
    total: int
    new: int
    resolved: int
    incomplete: bool
    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A label of an axis at its place."""

    text: str
    at: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Failures by severity, run by run. ``left`` and ``right`` bound the drawing, ``base`` is the line of zero."""

    width: int
    height: int
    left: float
    right: float
    base: float
    bars: tuple[Bar, ...]
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]
    earlier: int
    """Runs that are not drawn."""

    @property
    def incomplete(self) -> int:
        """Drawn runs that may lack failures."""
        return sum(bar.incomplete for bar in self.bars)


def trend_chart(points: Sequence[TrendPoint]) -> Chart | None:
    """The trend as stacked bars; None where there is nothing to compare."""
    if len(points) < 2:
        return None
    shown = points[-POINTS:]
    right, base = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    top = max(max(sum(p.by_severity.values()) for p in shown), 1)
    step = _step(top)
    ceiling = -(-top // step) * step
    scale = (base - _TOP) / ceiling
    y_ticks = tuple(Tick(f"{value:,}", base - value * scale) for value in range(0, ceiling + 1, step))
    left = round(max(_LEFT, 12 + _WIDEST * max(len(tick.text) for tick in y_ticks)), 1)
    slot = (right - left) / len(shown)
    width = min(slot * 0.72, 28)
    bars = tuple(_bar(p, left + slot * n + (slot - width) / 2, width, base, scale) for n, p in enumerate(shown))
    every = -(-len(shown) // 8)
    # Counted from the last one: today is always named.
    x_ticks = tuple(
        Tick(_day(p.as_of), round(left + slot * (n + 0.5), 1))
        for n, p in enumerate(shown)
        if not (len(shown) - 1 - n) % every
    )
    return Chart(WIDTH, HEIGHT, left, right, base, bars, y_ticks, x_ticks, len(points) - len(shown))


def _bar(point: TrendPoint, x: float, width: float, base: float, scale: float) -> Bar:
    segments, edge = [], base
    for severity in reversed(Severity):
        number = point.by_severity.get(severity, 0)
        length = number * scale
        edge -= length
        if number:
            segments.append(Segment(severity, number, round(edge, 2), round(length, 2)))
    return Bar(
        point.as_of, round(x, 2), round(width, 2), sum(point.by_severity.values()), point.new, point.resolved,
        point.incomplete, tuple(segments),
    )  # fmt: skip


def _step(top: int) -> int:
    """Distance of some four lines, a round number: 1, 2, 5, 10, 20, 50 …"""
    rough = max(top / 4, 1)
    power = 10 ** floor(log10(rough))
    return int(next(power * f for f in (1, 2, 5, 10) if power * f >= rough))


def _day(moment: str) -> str:
    """10 Nov, of a timestamp."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{int(moment[8:10])} {months[int(moment[5:7]) - 1]}"


@dataclass(frozen=True, slots=True)
class CurveChart:
    """How many findings the first changes resolve: ``points`` of the line, the marks as dots with their words.

    ``gate``: where what fails the run ends; None where nothing does.
    """

    width: int
    height: int
    left: float
    right: float
    base: float
    points: str
    dots: tuple[tuple[float, float, str], ...]
    gate: float | None
    y_ticks: tuple[Tick, ...]
    x_ticks: tuple[Tick, ...]


def curve_chart(curve: Curve) -> CurveChart | None:
    """The curve as a line; None where there is nothing to choose between."""
    steps = curve.steps
    if len(steps) < 2:
        return None
    right, base = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    scale = (right - _LEFT_OF_PERCENT) / len(steps)

    def at(step: Step) -> tuple[float, float]:
        return round(_LEFT_OF_PERCENT + step.changes * scale, 1), round(
            base - (base - _TOP) * step.resolved / curve.findings, 1
        )

    # A line of some hundred points looks as one of all.
    every = -(-len(steps) // 200)
    drawn = [step for n, step in enumerate(steps) if not n % every or step is steps[-1]]
    points = " ".join(f"{x},{y}" for x, y in ((float(_LEFT_OF_PERCENT), float(base)), *map(at, drawn)))
    dots = tuple((*at(step), f"{step.changes:,}: {step.percent}%") for step in curve.marks)
    y_ticks = tuple(Tick(f"{p}%", base - (base - _TOP) * p / 100) for p in range(0, 101, 25))
    apart = _step(len(steps))
    x_ticks = tuple(Tick(f"{n:,}", round(_LEFT_OF_PERCENT + n * scale, 1)) for n in range(apart, len(steps) + 1, apart))
    gate = at(curve.gating)[0] if curve.gating is not None else None
    return CurveChart(WIDTH, HEIGHT, _LEFT_OF_PERCENT, right, base, points, dots, gate, y_ticks, x_ticks)


def stacked(counts: Mapping[str, int], greatest: int, width: float = 100) -> tuple[Segment, ...]:
    """Counts by severity as one bar; ``greatest`` is the total that would fill the width."""
    segments, edge = [], 0.0
    for severity in Severity:
        number = counts.get(severity, 0)
        if number:
            length = width * number / max(greatest, 1)
            segments.append(Segment(severity, number, round(edge, 2), round(length, 2)))
            edge += length
    return tuple(segments)
