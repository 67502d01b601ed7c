"""Geometry of the HTML report's drawings: plain numbers, which the template puts into inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import floor, log10

from auditor.model.report import TrendPoint
from auditor.model.rule import Severity

#: Runs that the chart shows, the last ones.
POINTS = 90
WIDTH, HEIGHT = 620, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 16, 8, 22


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
    slot = (right - _LEFT) / len(shown)
    width = min(slot * 0.72, 28)
    bars = tuple(_bar(p, _LEFT + slot * n + (slot - width) / 2, width, base, scale) for n, p in enumerate(shown))
    y_ticks = tuple(Tick(f"{value:,}", base - value * scale) for value in range(0, ceiling + 1, step))
    every = -(-len(shown) // 8)
    # Counted from the last one: today is always named.
    x_ticks = tuple(
        Tick(_day(p.as_of), round(_LEFT + slot * (n + 0.5), 1))
        for n, p in enumerate(shown)
        if not (len(shown) - 1 - n) % every
    )
    return Chart(WIDTH, HEIGHT, _LEFT, right, base, bars, y_ticks, x_ticks, len(points) - len(shown))


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
        tuple(segments),
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
