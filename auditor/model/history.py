"""How the findings of one run stand beside what was known before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from auditor.model.finding import PastFinding, State
from auditor.model.posture import PostureCount
from auditor.model.report import TrendPoint


@dataclass(frozen=True, slots=True)
class Standing:
    """A failure of this run. ``first_seen``: ``as_of`` of the first run in which it failed, this one included.

    ``state`` does not speak of waivers: new, open or regressed. ``regressed`` counts how often it came back.
    ``known``: it failed before, was neither resolved nor waived since. Only such a one is no news to a gate.
    """

    state: State
    first_seen: str
    regressed: int = 0
    known: bool = False


@dataclass(frozen=True, slots=True)
class Comparison:
    """This run beside earlier ones.

    ``previous``: ``as_of`` of the run that it is compared with, None where there was none. ``standings`` has an entry
    for each failure of this run, by fingerprint. ``past``: failures of earlier runs that are none of this one.
    ``trend``: the history's runs, oldest first, without this one; None without a history. ``posture``: what passed and
    failed in the run before, None where nobody counted it.
    """

    previous: str | None
    standings: Mapping[str, Standing]
    past: tuple[PastFinding, ...] = ()
    trend: tuple[TrendPoint, ...] | None = None
    posture: tuple[PostureCount, ...] | None = None
