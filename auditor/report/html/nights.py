"""The nights of a store, the newest first: runs, runs that failed, and days on which nothing ran."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from itertools import pairwise
from statistics import median_low

from auditor.counting import plural
from auditor.store.attempts import Attempt
from auditor.store.manifest import Manifest, ScopeCounts, total

#: Days between runs from which nobody expects a run every night: the last so many say what is usual.
_USUAL = 30
_NOTHING = ScopeCounts("", "")


class NightState(StrEnum):
    """How a night ended."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    """Something was not evaluated or not listed."""
    FAILED = "failed"
    """The run ended without a result."""
    MISSING = "no run"
    """Nothing ran when a run was due."""


@dataclass(frozen=True, slots=True)
class Link:
    """A report of a night: what it is called, and where it lies beside the page."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class NightView:
    """One row. ``when`` is a moment, or a day or two where nothing ran; ``run`` is None for a night without a result,
    and ``note`` says why. ``total`` and ``links`` are those of the run, its reports with the page first."""

    when: str
    state: NightState
    run: Manifest | None = None
    total: ScopeCounts = _NOTHING
    accounts: str = ""
    regions: int = 0
    links: tuple[Link, ...] = ()
    note: str = ""


def nights(runs: Sequence[Manifest], failed: Iterable[Attempt] = ()) -> tuple[NightView, ...]:
    """The nights of runs, which are oldest first, and of runs that failed; the newest first."""
    views = [*map(_night, runs), *map(_failed, failed)]
    tried = {view.when[:10] for view in views}
    views += _missing(sorted({run.as_of[:10] for run in runs}), tried)
    return tuple(sorted(views, key=_age, reverse=True))


def _age(view: NightView) -> tuple[str, str]:
    return view.when, view.run.run_id if view.run else ""


def _night(run: Manifest) -> NightView:
    accounts = run.accounts
    named = ", ".join(accounts[:2]) + (f" and {len(accounts) - 2} more" if len(accounts) > 2 else "")
    links = (Link(f.key.rpartition("/")[2].removeprefix("report.").removesuffix(".gz"), f.key) for f in run.reports)
    order = {"html": 0, "executive.html": 1, "md": 2}
    state = NightState.COMPLETE if run.whole else NightState.INCOMPLETE
    return NightView(
        run.as_of, state, run, total(run.counts), named, len({region for _, region in run.scopes}),
        tuple(sorted(links, key=lambda link: (order.get(link.name, 9), link.name))),
        "accepted with --allow-incomplete" if run.accepted and not run.whole else "",
    )  # fmt: skip


def _failed(attempt: Attempt) -> NightView:
    code = "" if attempt.exit_code is None else f"exit code {attempt.exit_code}: "
    return NightView(attempt.started, NightState.FAILED, note=f"{code}{attempt.error}")


def _missing(days: Sequence[str], tried: set[str]) -> Iterator[NightView]:
    """Days on which a run was due, as usual between those before, and nothing ran; stretches of them as one."""
    dates = [date.fromisoformat(day) for day in days]
    gaps = [(after - before).days for before, after in pairwise(dates)]
    if len(gaps) < 2:
        return
    usual = timedelta(days=median_low(gaps[-_USUAL:]))
    for before, after in pairwise(dates):
        due = []
        day = before + usual
        while day < after:
            if day.isoformat() not in tried:
                due.append(day.isoformat())
            day += usual
        if len(due) == 1:
            yield NightView(due[0], NightState.MISSING, note="nothing ran on this day")
        elif due:
            said = f"nothing ran: {plural(len(due), 'night')} from {due[0]} on"
            yield NightView(due[-1], NightState.MISSING, note=said)
