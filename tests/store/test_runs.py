"""A store holds whole runs only, in a folder as in a bucket, whatever kills a writer; and it forgets on request."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest

from auditor.errors import ConfigError
from auditor.store.backends import open_backend
from auditor.store.manifest import run_id, run_of
from auditor.store.place import Backend
from auditor.store.runs import RunStore, choose, latest

from .conftest import ACCOUNT, REGION, made, read_all

NOW = datetime(2026, 11, 30, tzinfo=UTC)
#: Later than any file that a test writes, so that what is left over is old.
MUCH_LATER = datetime(2126, 1, 1, tzinfo=UTC)


class KilledError(Exception):
    """Stands for the end of the process: nobody handles it."""


class Dying:
    """A place whose writer dies after so many writes."""

    def __init__(self, inner: Backend, writes: int) -> None:
        self._inner, self._left = inner, writes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _write(self, write: Callable[..., None], *arguments: Any) -> None:
        if self._left <= 0:
            raise KilledError
        self._left -= 1
        write(*arguments)

    def put(self, key: str, source: Path) -> None:
        self._write(self._inner.put, key, source)

    def put_bytes(self, key: str, data: bytes) -> None:
        self._write(self._inner.put_bytes, key, data)

    def delete(self, keys: Any) -> None:
        for key in list(keys):
            self._write(self._inner.delete, [key])


def test_a_run_comes_back_as_it_was(store: RunStore, tmp_path: Path) -> None:
    first, second = made(tmp_path, 1), made(tmp_path, 2)
    for run in (second, first):
        store.add(run.manifest, run.files)
    runs = store.runs()
    assert [r.run_id for r in runs] == [first.manifest.run_id, second.manifest.run_id]
    assert runs[0].scopes == ((ACCOUNT, REGION),)
    fetched = store.fetch(runs[0].all_files, tmp_path / "back")
    assert [p.read_text() for p in fetched] == [f"{f.key} x" for f in runs[0].all_files]
    assert runs[0].size == sum(len(f"{f.key} x") for f in runs[0].all_files)


@pytest.mark.parametrize("writes", range(6))
def test_a_killed_writer_leaves_no_half_run(store: RunStore, tmp_path: Path, writes: int) -> None:
    """Four files and a manifest: killed before each of the five writes, and after the last."""
    before, run = made(tmp_path, 1), made(tmp_path, 2)
    store.add(before.manifest, before.files)
    dying = RunStore(Dying(store.place, writes))
    if writes < 5:
        with pytest.raises(KilledError):
            dying.add(run.manifest, run.files)
    else:
        dying.add(run.manifest, run.files)
    there = [r.run_id for r in store.runs()]
    assert there == [before.manifest.run_id, *([run.manifest.run_id] if writes == 5 else [])]
    # The next try succeeds, over what was left.
    store.add(run.manifest, run.files)
    assert [r.run_id for r in store.runs()] == [before.manifest.run_id, run.manifest.run_id]
    assert all(data.endswith(b" x") for data in read_all(store.place, [f.key for f in run.manifest.all_files]))


@pytest.mark.parametrize("writes", range(8))
def test_a_run_is_replaced_as_a_whole(store: RunStore, tmp_path: Path, writes: int) -> None:
    """The same snapshots again. At any moment there is the old run, none, or the new one: never both in one."""
    old, new = made(tmp_path, 1, marker="old"), made(tmp_path, 1, marker="new")
    store.add(old.manifest, old.files)
    dying = RunStore(Dying(store.place, writes))
    try:
        dying.add(new.manifest, new.files)
    except KilledError:
        assert writes < 7
    keys = [f.key for run in store.runs() for f in run.all_files]
    markers = {data.decode().split()[-1] for data in read_all(store.place, keys)}
    # The first write records that the old run goes.
    assert markers == ({"old"} if writes <= 1 else {"new"} if writes >= 7 else set())


def test_what_a_killed_writer_left_is_removed_when_it_is_a_day_old(store: RunStore, tmp_path: Path) -> None:
    whole, half = made(tmp_path, 1), made(tmp_path, 2)
    store.add(whole.manifest, whole.files)
    with pytest.raises(KilledError):
        RunStore(Dying(store.place, 3)).add(half.manifest, half.files)
    # Just now its writer may still be at work.
    assert store.prune(timedelta(days=36500), datetime.now(UTC)).orphans == ()
    done = store.prune(timedelta(days=36500), MUCH_LATER, dry_run=True)
    assert (len(done.orphans), done.runs) == (3, ())
    assert {run_of(key) for key in done.orphans} == {half.manifest.run_id}
    assert len(store.place.entries()) == 2 + 4 + 3
    assert store.prune(timedelta(days=36500), MUCH_LATER).orphans == done.orphans
    assert {run_of(e.key) for e in store.place.entries()} == {None, whole.manifest.run_id}


def test_prune_keeps_what_is_young_and_the_last_of_every_place(store: RunStore, tmp_path: Path) -> None:
    other = "999999999999"
    runs = [
        made(tmp_path, 1), made(tmp_path, 2), made(tmp_path, 28),
        made(tmp_path, 4, account=other), made(tmp_path, 5, account=other),
    ]  # fmt: skip
    for run in runs:
        store.add(run.manifest, run.files)

    def left() -> list[tuple[str, str]]:
        return [(r.as_of[8:10], r.accounts[0]) for r in store.runs()]

    everything = left()
    dry = store.prune(timedelta(days=10), NOW, dry_run=True)
    assert [(r.as_of[8:10], r.accounts[0]) for r in dry.runs] == [("01", ACCOUNT), ("02", ACCOUNT), ("04", other)]
    assert dry.bytes == sum(r.size for r in dry.runs) > 0
    assert left() == everything
    assert store.prune(timedelta(days=10), NOW, account=other).runs == dry.runs[2:]
    assert left() == [("01", ACCOUNT), ("02", ACCOUNT), ("05", other), ("28", ACCOUNT)]
    store.prune(timedelta(days=10), NOW)
    # The last run of the other account is old as well, and stays.
    assert left() == [("05", other), ("28", ACCOUNT)]
    store.prune(timedelta(days=0), MUCH_LATER)
    assert left() == [("05", other), ("28", ACCOUNT)]
    for run in store.runs():
        read_all(store.place, [f.key for f in run.all_files])
    assert {run_of(e.key) for e in store.place.entries()} - {None} == {r.run_id for r in store.runs()}


def test_the_last_run_of_a_region_stays(store: RunStore, tmp_path: Path) -> None:
    both, one = made(tmp_path, 1, regions=(REGION, "us-east-1")), made(tmp_path, 2)
    for run in (both, one):
        store.add(run.manifest, run.files)
    assert store.prune(timedelta(days=1), NOW).runs == ()


@pytest.mark.parametrize("writes", range(9))
def test_a_killed_prune_leaves_whole_runs(store: RunStore, tmp_path: Path, writes: int) -> None:
    runs = [made(tmp_path, day) for day in (1, 2, 3)]
    for run in runs:
        store.add(run.manifest, run.files)
    with pytest.raises(KilledError):
        RunStore(Dying(store.place, writes)).prune(timedelta(days=1), NOW)
    for run_ in store.runs():
        read_all(store.place, [f.key for f in run_.all_files])  # each is there
    assert store.runs()[-1].run_id == runs[-1].manifest.run_id
    store.prune(timedelta(days=1), MUCH_LATER)
    assert [r.run_id for r in store.runs()] == [runs[-1].manifest.run_id]
    assert {run_of(e.key) for e in store.place.entries()} - {None} == {runs[-1].manifest.run_id}


def test_what_is_no_store_is_refused(place: Backend) -> None:
    store = RunStore(place)
    with pytest.raises(ConfigError, match=r"is not a store: there is no store\.json in it"):
        store.check()
    place.put_bytes("holiday.jpg", b"sea")
    with pytest.raises(ConfigError, match=r"is not a store.*not empty"):
        store.prepare()
    place.delete(["holiday.jpg"])
    store.prepare()
    store.check()
    store.prepare()
    place.put_bytes("store.json", b'{"schema_version":"2"}')
    for use in (store.check, store.prepare):
        with pytest.raises(ConfigError, match="written by a newer version"):
            use()
    place.put_bytes("store.json", b"{")
    with pytest.raises(ConfigError, match=r"store\.json: is damaged"):
        store.check()


def test_a_run_of_a_newer_version_is_not_left_out(store: RunStore, tmp_path: Path) -> None:
    run = made(tmp_path, 1)
    store.place.put_bytes(run.manifest.key, b'{"schema_version":"7"}')
    with pytest.raises(ConfigError, match="newer version"):
        store.runs()


def test_places_hold_what_is_put_there(place: Backend, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"1234")
    place.put("a/b=c d/e%2Ff.parquet", file)
    place.put_bytes("a/x.json", b"{}")
    place.put_bytes("ab.json", b"[]")
    assert [(e.key, e.size) for e in place.entries("a/")] == [("a/b=c d/e%2Ff.parquet", 4), ("a/x.json", 2)]
    assert [e.key for e in place.entries("a")] == ["a/b=c d/e%2Ff.parquet", "a/x.json", "ab.json"]
    assert abs((place.entries()[0].modified - datetime.now(UTC)).total_seconds()) < 60
    assert len(place.entries(limit=1)) == 1
    assert [p.read_bytes() for p in place.fetch(["ab.json", "a/b=c d/e%2Ff.parquet"], tmp_path / "f")] == [
        b"[]",
        b"1234",
    ]
    place.put_bytes("ab.json", b"over")
    assert place.read("ab.json") == b"over"
    place.delete(["a/x.json", "never.json"])
    assert [e.key for e in place.entries()] == ["a/b=c d/e%2Ff.parquet", "ab.json"]
    for missing in (lambda: place.read("a/x.json"), lambda: place.fetch(["a/x.json"], tmp_path / "g")):
        with pytest.raises(ConfigError, match=r"a/x\.json"):
            missing()


def test_a_bucket_that_is_not_there(simulated: Callable[..., Any]) -> None:
    simulated("clean")
    place = open_backend("s3://no-such-bucket/x")
    for use in (place.entries, lambda: place.read("k"), lambda: place.put_bytes("k", b"")):
        with pytest.raises(ConfigError, match=r"s3://no-such-bucket/x.*NoSuchBucket") as raised:
            use()
        assert "s3:ListBucket" in raised.value.hint
    with pytest.raises(ConfigError, match="names no bucket"):
        open_backend("s3:///x")


def test_what_a_bucket_holds_has_its_type(simulated: Callable[..., Any]) -> None:
    """So that a browser opens the index and the reports."""
    simulated("clean")
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket="b-types", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    place = open_backend("s3://b-types")
    for key, type_ in (("index.html", "text/html; charset=utf-8"), ("x.gz", "application/gzip")):
        place.put_bytes(key, b"")
        answer = client.get_object(Bucket="b-types", Key=key)
        assert (answer["ContentType"], answer.get("ContentEncoding")) == (type_, None)


def test_other_places_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no store can be there"):
        open_backend("gs://bucket/x")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is not a folder"):
        open_backend(str(tmp_path / "file"))


def test_a_process_that_is_killed_while_it_writes(tmp_path: Path) -> None:
    """SIGKILL at a random moment of many writes: every manifest that is there names files that are there."""
    script = textwrap.dedent("""
        import sys
        from pathlib import Path
        from tests.store.conftest import made
        from auditor.store.backends import open_backend
        from auditor.store.runs import RunStore
        store = RunStore(open_backend(sys.argv[1]))
        store.prepare()
        print("begun", flush=True)
        for round in range(100000):
            run = made(Path(sys.argv[2]), 1 + round % 28, month=1 + round // 28 % 12, marker=str(round))
            store.add(run.manifest, run.files)
    """)
    root = Path(__file__).resolve().parents[2]
    for number, delay in enumerate((0.05, 0.2, 0.45)):
        place = tmp_path / f"store-{number}"
        command = [sys.executable, "-c", script, str(place), str(tmp_path / f"made-{number}")]
        process = subprocess.Popen(
            command, cwd=root, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(root)}
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"begun\n"
        try:
            process.wait(delay)
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        process.stdout.close()
        store = RunStore(open_backend(str(place)))
        for run in store.runs():
            contents = read_all(store.place, [f.key for f in run.all_files])
            assert [len(c) for c in contents] == [f.bytes for f in run.all_files]
            assert len({c.split()[-1] for c in contents}) == 1


def test_choosing_a_run(tmp_path: Path) -> None:
    runs = [made(tmp_path, day).manifest for day in (1, 2, 3)]
    assert choose(runs, "latest") == runs[2]
    assert choose(runs, "previous") == runs[1]
    assert choose(runs, "2026-11-02") == runs[1]
    assert choose(runs, runs[0].run_id) == choose(runs, "20261101") == runs[0]
    for text, said in (("2026-11-09", "no run '2026-11-09'"), ("202611", "means several"), ("", "no run ''")):
        with pytest.raises(ConfigError, match=said):
            choose(runs, text)
    with pytest.raises(ConfigError, match="one run only"):
        choose(runs[:1], "previous")
    with pytest.raises(ConfigError, match="holds no run"):
        choose([], "latest")


def test_the_latest_run_of_each_scope(tmp_path: Path) -> None:
    both = made(tmp_path, 1, regions=(REGION, "us-east-1")).manifest
    one = made(tmp_path, 2).manifest
    here, away = (ACCOUNT, REGION), (ACCOUNT, "us-east-1")
    assert latest([both, one], [here, away, ("999999999999", REGION)]) == {here: one, away: both}
    assert latest([both, one], [here], before=one.moment) == {here: both}


def test_run_ids() -> None:
    name = run_id("2026-11-23T03:00:00+01:00", ["b", "a"])
    assert name == run_id("2026-11-23T02:00:00Z", ["a", "b"])
    assert name.startswith("20261123T020000Z-")
    assert name != run_id("2026-11-23T02:00:00Z", ["a", "c"])
    assert run_of(f"findings/date=2026-11-23/account=1/region=r/{name}_0.parquet") == name
    assert run_of("index.html") is None
