"""A store tells how long ago each account and Region was audited, and which runs failed, from a few small files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.errors import ConfigError
from auditor.store import attempts, moments
from auditor.store.attempts import DIED, failed_runs, record_dead
from auditor.store.manifest import ScopeCounts
from auditor.store.place import Backend
from auditor.store.runs import RunStore
from auditor.store.store_status import STATUS_FILE, StoreStatus, read_status, write_status

from .conftest import ACCOUNT, REGION, made

DAY = timedelta(hours=26)
OTHER, THIRD = "999999999999", "444444444444"


def at(day: int, hour: int = 3) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def add(store: RunStore, folder: Path, day: int, **members: Any) -> None:
    run = made(folder, day, account=members.pop("account", ACCOUNT))
    store.add(replace(run.manifest, **{"incomplete": (), **members}), run.files)


def marks(status: StoreStatus) -> dict[str, tuple[str, str | None, bool, bool]]:
    """Account → day of the last run, of the last complete one, stale, incomplete."""
    return {
        f.scope.account: (
            f.scope.last.as_of[8:10], f.scope.complete.as_of[8:10] if f.scope.complete else None, f.stale, f.incomplete,
        )
        for f in status.scopes
    }  # fmt: skip


def test_a_place_without_a_run_was_never_audited(place: Backend) -> None:
    store = RunStore(place)
    assert read_status(store, DAY).last is None
    store.prepare()
    status = read_status(store, DAY)
    assert (status.runs, status.scopes, status.last) == (0, (), None)


def test_something_else_is_no_store(place: Backend) -> None:
    place.put_bytes("notes.txt", b"mine")
    with pytest.raises(ConfigError, match="is not a store"):
        read_status(RunStore(place), DAY)


def test_last_and_last_complete_run_of_each_account(store: RunStore, tmp_path: Path) -> None:
    add(store, tmp_path, 10)
    add(store, tmp_path, 11, incomplete=((ACCOUNT, REGION),))
    add(store, tmp_path, 9, account=OTHER)
    write_status(store)
    status = read_status(RunStore(store.place), DAY, at(11))
    assert marks(status) == {ACCOUNT: ("11", "10", False, True), OTHER: ("09", "09", True, False)}
    assert (status.last.as_of[8:10], status.last_complete.as_of[8:10]) == ("11", "10")  # type: ignore[union-attr]
    # Exactly as old as it may be is fresh.
    assert not read_status(store, timedelta(hours=49), at(11)).stale
    assert [f.scope.account for f in read_status(store, timedelta(hours=48), at(11)).stale] == [OTHER]


def test_an_account_that_a_run_saw_nothing_of_is_named(store: RunStore, tmp_path: Path) -> None:
    """Its role is gone, or was never deployed: no run has a Region of it, so that nothing would grow old."""
    long = timedelta(days=9)

    def missed(day: int) -> tuple[list[tuple[str, str]], list[str]]:
        status = read_status(RunStore(store.place), long, at(day))
        return [(m.account, m.status) for m in status.missed], [m.account for m in status.never_seen]

    add(store, tmp_path, 10, account=OTHER)
    add(store, tmp_path, 11, missed=((OTHER, "denied"), (THIRD, "suspended")))
    told = ([(THIRD, "suspended"), (OTHER, "denied")], [THIRD])
    assert missed(11) == told
    write_status(store)
    assert missed(11) == told
    # The next run sees one of them; the summary does not know it yet.
    add(store, tmp_path, 12, account=OTHER, missed=((THIRD, "denied"),))
    assert missed(12) == ([(THIRD, "denied")], [THIRD])
    add(store, tmp_path, 13, missed=((THIRD, "denied"),), accepted=True)
    write_status(store)
    assert missed(13) == ([(THIRD, "denied")], [])


def test_a_manifest_that_misses_no_account_but_a_text_is_refused(store: RunStore, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="names an account '<b>'"):
        add(store, tmp_path, 10, missed=(("<b>", "denied"),))


def test_accepted_incompleteness_is_no_alarm_and_no_complete_run(store: RunStore, tmp_path: Path) -> None:
    add(store, tmp_path, 10, incomplete=((ACCOUNT, REGION),), accepted=True)
    assert marks(read_status(store, DAY, at(10))) == {ACCOUNT: ("10", None, False, False)}


@pytest.mark.parametrize(
    ("members", "complete"),
    [
        ({"exit_code": 0}, True), ({"exit_code": 4}, True), ({"exit_code": 5}, False), ({"exit_code": 3}, False),
        ({"exit_code": 4, "counts": (ScopeCounts(ACCOUNT, REGION, unknown=1),)}, False),
        ({"exit_code": 4, "counts": (ScopeCounts(ACCOUNT, "aws-global", unknown=1),)}, False),
    ],
)  # fmt: skip
def test_runs_of_versions_that_did_not_say_are_judged_by_what_they_hold(
    store: RunStore, tmp_path: Path, members: dict[str, Any], complete: bool
) -> None:
    add(store, tmp_path, 10, incomplete=None, **members)
    (mark,) = read_status(store, DAY, at(10)).scopes
    assert mark.scope.last.complete is complete


def test_the_summary_is_only_a_shortcut(store: RunStore, tmp_path: Path) -> None:
    """Runs that it does not know, runs that are gone, and a damaged summary: the manifests count."""
    add(store, tmp_path, 10)
    write_status(store)
    add(store, tmp_path, 11)
    assert marks(read_status(RunStore(store.place), DAY, at(11))) == {ACCOUNT: ("11", "11", False, False)}
    write_status(store)
    (newest,) = [run for run in store.runs() if run.as_of.startswith("2026-11-11")]
    store.place.delete([newest.key])
    assert marks(read_status(RunStore(store.place), DAY, at(11))) == {ACCOUNT: ("10", "10", False, False)}
    for text in (
        b"{",
        b'{"schema_version": "1"}',
        b'{"schema_version":"2","runs":0,"since":"","recent":[],"scopes":[]}',
    ):
        store.place.put_bytes(STATUS_FILE, text)
        assert marks(read_status(RunStore(store.place), DAY, at(10))) == {ACCOUNT: ("10", "10", False, False)}


class Counting:
    """A place that counts what is read of it."""

    def __init__(self, inner: Backend) -> None:
        self._inner, self.read_keys, self.listed = inner, list[str](), 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def read(self, key: str) -> bytes:
        self.read_keys.append(key)
        return self._inner.read(key)

    def entries(self, *arguments: Any, **named: Any) -> list[Any]:
        found = self._inner.entries(*arguments, **named)
        self.listed += len(found)
        return found


def test_few_files_are_read_however_many_nights_there_are(store: RunStore, tmp_path: Path) -> None:
    for day in range(1, 25):
        add(store, tmp_path, day)
    write_status(store)
    place = Counting(store.place)
    assert read_status(RunStore(place), DAY, at(24)).runs == 24
    assert place.read_keys == ["store.json", STATUS_FILE]
    assert place.listed < 10


def test_a_damaged_run_counts_for_nothing_and_is_named(store: RunStore, tmp_path: Path) -> None:
    add(store, tmp_path, 10)
    write_status(store)
    add(store, tmp_path, 11)
    (newest,) = [run for run in store.runs() if run.as_of.startswith("2026-11-11")]
    store.place.put_bytes(newest.key, b"{")
    status = read_status(RunStore(store.place), DAY, at(11))
    assert marks(status) == {ACCOUNT: ("10", "10", False, False)}
    assert newest.key in " ".join(status.problems)


def errors(found: Iterable[attempts.Attempt]) -> list[tuple[int | None, str]]:
    return [(a.exit_code, a.error) for a in found]


def test_a_failed_run_stays_and_one_that_is_kept_does_not(place: Backend) -> None:
    kept, lost = attempts.begin(place, "audit"), attempts.begin(place, "audit", "Regions: eu-west-1")
    assert failed_runs(place) == ()
    attempts.succeeded(place, kept)
    attempts.failed(place, lost, 3, "no credentials: https://me:hunter2@proxy.example.com")
    ((code, error),) = errors(failed_runs(place))
    assert code == 3
    assert "hunter2" not in error
    assert "no credentials" in error


def test_a_run_that_died_is_recorded_by_the_next(place: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    dead = attempts.begin(place, "audit")
    now = moments.utc_now()
    # In a folder nobody holds the record of a process that ended; a bucket takes a run for dead after a time.
    held = place.is_held(dead.key)
    assert held in (True, None)
    monkeypatch.setattr(type(place), "is_held", lambda self, key: None if held is None else False)
    assert record_dead(place) == ()  # it has only just begun
    monkeypatch.setattr(moments, "utc_now", lambda: now + timedelta(hours=13))
    assert errors(failed_runs(place)) == [(None, DIED)]
    assert errors(record_dead(place)) == [(None, DIED)]
    assert record_dead(place) == ()
    assert errors(failed_runs(place)) == [(None, DIED)]


def test_a_run_that_lives_is_not_dead(place: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = attempts.begin(place, "audit")
    later = moments.utc_now() + timedelta(hours=2)
    monkeypatch.setattr(moments, "utc_now", lambda: later)
    assert record_dead(place) == ()
    # Its run is in the store, and it died before it could say so.
    assert record_dead(place, {begun.attempt}) == ()
    assert place.entries("attempts/") == []


def test_only_failures_after_the_last_run_matter(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moments, "utc_now", lambda: at(10, 1))
    attempts.failed(store.place, attempts.begin(store.place, "audit"), 3, "before")
    add(store, tmp_path, 10)
    monkeypatch.setattr(moments, "utc_now", lambda: at(11, 1))
    attempts.failed(store.place, attempts.begin(store.place, "audit"), 2, "after")
    assert errors(read_status(store, DAY, at(11, 2)).failed) == [(2, "after")]
    assert errors(failed_runs(store.place)) == [(3, "before"), (2, "after")]


def test_records_of_failed_runs_are_pruned_with_the_runs(store: RunStore, tmp_path: Path) -> None:
    add(store, tmp_path, 10)
    key = attempts.failed(store.place, attempts.begin(store.place, "audit"), 3, "old").key
    later = datetime.now(UTC) + timedelta(days=30)
    assert store.prune(timedelta(days=40), later).orphans == ()
    assert store.prune(timedelta(days=20), later, account=OTHER).orphans == ()
    assert store.prune(timedelta(days=20), later).orphans == (key,)
    assert failed_runs(store.place) == ()
