"""Geometry of the small picture of an access path: a chain of boxes from top to bottom, which the template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

from auditor.inert_text import visible
from auditor.model.access_path import AccessPath, AccessPaths, Goal

#: Paths in the page at most, and how many of them have a picture: a page of many roles must not grow by theirs.
PATHS, PICTURES = 2_000, 60
WIDTH = 360
#: Goal -> what is at the end, and the heading of the way there.
GOALS = {
    Goal.ADMINISTRATOR: ("Administrator access", "To administrator access"),
    Goal.OTHER_PROFILES: ("Other people’s user profiles", "To other people’s user profiles"),
}
_LINE, _PADDING, _GAP, _LETTERS = 17, 8, 14, 42


@dataclass(frozen=True, slots=True)
class PathText:
    """A line of text at its place."""

    y: int
    text: str


@dataclass(frozen=True, slots=True)
class PathBox:
    """A role, or the goal, which ``is_goal`` says."""

    y: int
    height: int
    lines: tuple[PathText, ...]
    is_goal: bool


@dataclass(frozen=True, slots=True)
class PathArrow:
    """A step from one box to the next: from ``top`` down to ``bottom``, and beside it what is done."""

    top: int
    bottom: int
    lines: tuple[PathText, ...]


@dataclass(frozen=True, slots=True)
class PathPicture:
    """The picture of one path; ``number`` is its place among the paths of the page. ``summary`` says all of it."""

    number: int
    height: int
    title: str
    summary: str
    boxes: tuple[PathBox, ...]
    arrows: tuple[PathArrow, ...]


def path_pictures(paths: AccessPaths) -> tuple[PathPicture, ...]:
    """The pictures of the first paths."""
    return tuple(path_picture(number, path) for number, path in enumerate(paths.listed[:PICTURES]))


def path_picture(number: int, path: AccessPath) -> PathPicture:
    """The picture of a path."""
    goal, heading = GOALS[path.goal]
    names = [path.name, *(arn.rpartition("/")[2] for arn in path.via), goal]
    y, boxes, arrows = 1, [], []
    for place, name in enumerate(names):
        if place:
            lines = _lines(path.steps[place - 1], y + _GAP)
            bottom = y + 2 * _GAP + len(lines) * _LINE
            arrows.append(PathArrow(y, bottom, lines))
            y = bottom
        lines = _lines(name, y + _PADDING)
        height = 2 * _PADDING + len(lines) * _LINE
        boxes.append(PathBox(y, height, lines, place == len(names) - 1))
        y += height
    summary = "; ".join((f"The role {visible(path.name)}: {visible(path.steps[0])}", *map(visible, path.steps[1:])))
    return PathPicture(number, y + 1, f"{heading} from {visible(path.name)}", summary, tuple(boxes), tuple(arrows))


def _lines(text: str, top: int) -> tuple[PathText, ...]:
    """A text in lines that fit, the first below ``top``; baselines lie a little above the lower edge."""
    return tuple(
        PathText(top + (place + 1) * _LINE - 4, line) for place, line in enumerate(wrap(visible(text), _LETTERS))
    )


def packed_paths(paths: AccessPaths) -> dict[str, Any]:
    """What the page's data holds of them: role's key, heading, steps and number of the picture, -1 for none."""
    shown: Sequence[AccessPath] = paths.listed[:PATHS]
    return {
        "listed": [
            [visible(path.key), GOALS[path.goal][1], [visible(step) for step in path.steps],
             number if number < PICTURES else -1]
            for number, path in enumerate(shown)
        ],
        "hidden": paths.number - len(shown),
    }  # fmt: skip
