"""The heartbeat of a store: for each account and Region, the last run and the last complete one.

``status.json`` is written after each run, so that a question reads two small files and the names of the newest runs,
however many nights the store holds. It is a summary and no evidence: runs that it does not know of yet are read as
well, and where it is missing, or knows runs that are gone, all manifests are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

from auditor.errors import DamagedError
from auditor.store import moments
from auditor.store.attempts import Attempt, failed_runs
from auditor.store.manifest import RUNS, SCHEMA_VERSION, Manifest, decode
from auditor.store.runs import STORE_FILE, RunStore

STATUS_FILE = "status.json"
#: Runs that began so long before the newest one are taken to be in the summary: no run takes longer to end.
_OPEN = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class RunMark:
    """A run, as far as its age matters. ``accepted``: it was incomplete, and --allow-incomplete said that is fine."""

    run_id: str
    as_of: str
    complete: bool
    accepted: bool = False

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.as_of)


@dataclass(frozen=True, slots=True)
class ScopeMark:
    """The last run of an account and Region, and the last complete one; None: there was none."""

    account: str
    region: str
    last: RunMark
    complete: RunMark | None


@dataclass(frozen=True, slots=True)
class MissedMark:
    """An account that the newest run that was to visit it saw nothing of. ``status``: denied, error, or suspended."""

    account: str
    status: str
    run: RunMark


@dataclass(frozen=True, slots=True)
class Summary:
    """What status.json holds. ``recent``: ids of the runs of the last days that it was made of, all after ``since``."""

    schema_version: str
    runs: int
    since: str
    recent: tuple[str, ...]
    scopes: tuple[ScopeMark, ...]
    missed: tuple[MissedMark, ...] = ()


@dataclass(frozen=True, slots=True)
class Freshness:
    """An account and Region beside the clock. ``stale``: its last run is older than it may be."""

    scope: ScopeMark
    age: timedelta
    stale: bool

    @property
    def incomplete(self) -> bool:
        """Whether its last run lacks something that nobody accepted."""
        return not (self.scope.last.complete or self.scope.last.accepted)


@dataclass(frozen=True, slots=True)
class StoreStatus:
    """A store beside the clock. ``failed``: runs that failed or died after the newest run that is kept."""

    now: datetime
    max_age: timedelta
    runs: int
    scopes: tuple[Freshness, ...]
    failed: tuple[Attempt, ...]
    problems: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    """Accounts that were asked about and that no run has audited."""
    missed: tuple[MissedMark, ...] = ()
    """Accounts of which the newest run that was to visit them saw nothing."""

    @property
    def last(self) -> RunMark | None:
        return max((f.scope.last for f in self.scopes), key=lambda mark: (mark.moment, mark.run_id), default=None)

    @property
    def last_complete(self) -> RunMark | None:
        """The newest run that was complete for some account and Region."""
        marks = [f.scope.complete for f in self.scopes if f.scope.complete is not None]
        return max(marks, key=lambda mark: (mark.moment, mark.run_id), default=None)

    @property
    def never_seen(self) -> tuple[MissedMark, ...]:
        """Accounts that were to be audited and that no run has ever seen."""
        seen = {f.scope.account for f in self.scopes}
        return tuple(mark for mark in self.missed if mark.account not in seen and not mark.run.accepted)

    @property
    def stale(self) -> tuple[Freshness, ...]:
        return tuple(f for f in self.scopes if f.stale)

    @property
    def incomplete(self) -> tuple[Freshness, ...]:
        return tuple(f for f in self.scopes if f.incomplete)


def summarize(runs: Sequence[Manifest]) -> Summary:
    """The summary of whole runs, oldest first."""
    since = f"{runs[-1].moment.astimezone(UTC) - _OPEN:%Y%m%d}" if runs else ""
    recent = tuple(run.run_id for run in runs if run.run_id > since)
    scopes = _with(runs, ())
    return Summary(SCHEMA_VERSION, len(runs), since, recent, scopes, _missed(runs, (), scopes))


def _with(runs: Iterable[Manifest], known: Sequence[ScopeMark]) -> tuple[ScopeMark, ...]:
    """The marks with what these runs add."""
    found = {(mark.account, mark.region): mark for mark in known}
    for run in runs:
        lacking = run.lacking
        for scope in run.scopes:
            complete = scope not in lacking
            mark = RunMark(run.run_id, run.as_of, complete, not complete and run.accepted)
            before = found.get(scope)
            if before is None:
                found[scope] = ScopeMark(*scope, mark, mark if complete else None)
                continue
            last = mark if _newer(mark, before.last) else before.last
            whole = mark if complete and _newer(mark, before.complete) else before.complete
            found[scope] = ScopeMark(*scope, last, whole)
    return tuple(found[scope] for scope in sorted(found))


def _missed(
    runs: Iterable[Manifest], known: Sequence[MissedMark], scopes: Sequence[ScopeMark]
) -> tuple[MissedMark, ...]:
    """The accounts that runs missed, but for those that a run as new has seen. ``scopes``: with these runs."""
    found = {mark.account: mark for mark in known}
    for run in runs:
        for account, status in run.missed:
            mark = MissedMark(account, status, RunMark(run.run_id, run.as_of, False, run.accepted))
            before = found.get(account)
            if before is None or _newer(mark.run, before.run):
                found[account] = mark
    for scope in scopes:
        one = found.get(scope.account)
        if one is not None and not _newer(one.run, scope.last):
            del found[scope.account]
    return tuple(found[account] for account in sorted(found))


def _newer(mark: RunMark, other: RunMark | None) -> bool:
    return other is None or (mark.moment, mark.run_id) > (other.moment, other.run_id)


def write_status(store: RunStore) -> None:
    """Write status.json anew, from the manifests. Raises ConfigError where the place cannot be written."""
    data = msgspec.json.encode(summarize(store.runs()), order="deterministic")
    store.place.put_bytes(STATUS_FILE, data + b"\n")


def read_status(store: RunStore, max_age: timedelta, now: datetime | None = None) -> StoreStatus:
    """How fresh the store is. A place that holds nothing at all is a store without a run.

    Raises ConfigError where the place cannot be read, or is something else than a store.
    """
    now = moments.utc_now() if now is None else now
    if STORE_FILE not in [e.key for e in store.place.entries(STORE_FILE)] and not store.place.entries(limit=1):
        return StoreStatus(now, max_age, 0, (), ())
    store.check()
    summary, problems = _summary(store, now)
    scopes = tuple(
        Freshness(mark, age := max(now - mark.last.moment, timedelta()), age > max_age) for mark in summary.scopes
    )
    made = StoreStatus(now, max_age, summary.runs, scopes, (), tuple(problems), missed=summary.missed)
    last = made.last
    failed = failed_runs(store.place)
    return replace(
        made,
        failed=tuple(a for a in failed if last is None or datetime.fromisoformat(a.started) > last.moment),
    )


def _summary(store: RunStore, now: datetime) -> tuple[Summary, list[str]]:
    try:
        kept = msgspec.json.decode(store.place.read(STATUS_FILE), type=Summary)
    except (DamagedError, msgspec.DecodeError, UnicodeDecodeError):
        return _whole(store)
    if kept.schema_version != SCHEMA_VERSION or not _sound(kept):
        return _whole(store)
    entries = store.place.entries(f"{RUNS}/", after=f"{RUNS}/{kept.since}")
    names = {e.key.removeprefix(f"{RUNS}/").removesuffix(".json"): e.key for e in entries if e.key.endswith(".json")}
    if not names.keys() >= set(kept.recent):
        return _whole(store)
    runs, problems = [], []
    for name in sorted(names.keys() - set(kept.recent)):
        try:
            run = decode(store.place.read(names[name]), f"{store.place.label}/{names[name]}", names[name])
        except DamagedError as error:
            problems.append(error.message)
            continue
        if moments.in_future(run.moment, now):
            problems.append(f"{store.place.label}/{run.key}: the run is dated {run.as_of}, which is still to come")
            continue
        runs.append(run)
    scopes = _with(runs, kept.scopes)
    missed = _missed(runs, kept.missed, scopes)
    return replace(kept, runs=kept.runs + len(runs), scopes=scopes, missed=missed), problems


def _sound(kept: Summary) -> bool:
    marks = [mark for scope in kept.scopes for mark in (scope.last, scope.complete) if mark is not None]
    marks += [one.run for one in kept.missed]
    return bool(kept.recent) == bool(kept.scopes) and all(moments.is_moment(mark.as_of) for mark in marks)


def _whole(store: RunStore) -> tuple[Summary, list[str]]:
    survey = store.survey()
    return summarize(survey.runs), [aside.reason for aside in survey.set_aside]
