"""What a policy would have denied, as sections of a what-if."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from auditor.whatif.replay_words import HEADINGS, called, evaluated_against, headed, why

if TYPE_CHECKING:
    from auditor.whatif.replay import Replay, Stopped

_FEW = 20


def policy_sections(found: Replay) -> Iterator[tuple[str, list[str]]]:
    """Headings, each with its lines."""
    yield "Policy evaluated against", evaluated_against(found)
    for which, stopped in headed(found):
        yield HEADINGS[which], list(_lines(stopped))


def _lines(stopped: Sequence[Stopped]) -> Iterator[str]:
    for one in stopped[:_FEW]:
        mark = "-" if one.outcome == "denied" else "?"
        yield f"{mark} {one.who}: {called(one)}: {why(one)}"
    if len(stopped) > _FEW:
        yield f"and {len(stopped) - _FEW:,} more"
