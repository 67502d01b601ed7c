"""The manifests of a store in two files: readers take them from there, and nothing but what lies in the store."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.main import run
from auditor.errors import ConfigError
from auditor.history.query import Filter, failures
from auditor.run.run_store import open_store
from auditor.store import moments
from auditor.store.manifest import encode, total
from auditor.store.packed_manifests import COUNTS, ENOUGH, PACK, read_pack
from auditor.store.place import Backend
from auditor.store.runs import RunStore
from auditor.store.verification import verify_store
from tests.evaluate.helpers import changed, rules_of
from tests.history.test_by_date import NIGHTS, kept_night

from .conftest import add, made, wrong

NOW = datetime(2026, 12, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moments, "utc_now", lambda: NOW)


def reads(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The keys that the store reads from now on."""
    told: list[str] = []
    kept = store.place.read
    monkeypatch.setattr(store.place, "read", lambda key: (told.append(key), kept(key))[1])
    return told


def test_a_pack_is_read_instead_of_its_manifests(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = add(store, tmp_path, 1, 2, 3, 4, 5)
    assert store.compact(datetime(2026, 11, 5, tzinfo=UTC)) == 4
    fresh = RunStore(store.place)
    told = reads(fresh, monkeypatch)
    assert [total(run.counts) for run in fresh.runs()] == [total(run.counts) for run in runs]
    assert fresh.roots(fresh.runs()) == store.roots(store.runs())
    assert sorted(told) == sorted([PACK, runs[-1].key])
    # Their counts by account and Region lie apart, and are read when somebody asks for them.
    assert fresh.runs() == tuple(runs)
    assert [run.counts[0].high for run in fresh.runs()] == [1, 2, 3, 4, 5]
    assert told[2:] == [COUNTS]
    assert not verify_store(store.place).tampered


def test_a_store_packs_by_itself(place: Backend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = RunStore(place)
    store.prepare()
    add(store, tmp_path, *range(1, ENOUGH + 4))
    fresh = RunStore(place)
    told = reads(fresh, monkeypatch)
    assert len(fresh.runs()) == ENOUGH + 3
    assert len(told) <= 4
    # Pruned runs are gone, whatever a pack holds.
    store.prune(timedelta(days=20), NOW)
    assert RunStore(place).runs() == store.runs()
    assert len(store.runs()) < ENOUGH


def test_a_run_is_kept_where_no_pack_can_be_written(
    store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = store.place.put_bytes

    def refuse(key: str, data: bytes) -> None:
        if key == PACK:
            raise ConfigError("AccessDenied")
        put(key, data)

    monkeypatch.setattr(store.place, "put_bytes", refuse)
    add(store, tmp_path, *range(1, ENOUGH + 3))
    assert len(RunStore(store.place).runs()) == ENOUGH + 2


def test_a_manifest_that_was_written_again_is_read(store: RunStore, tmp_path: Path) -> None:
    """Of the same size, in the same second: only what the pack names is taken from it."""
    add(store, tmp_path, 1, 2, 3)
    store.compact()
    run_ = store.runs()[1]
    other = made(tmp_path, 2, marker="y")
    again = store.add(other.manifest, other.files)
    assert again.run_id == run_.run_id
    fresh = RunStore(store.place).runs()
    assert {r.run_id: r.root for r in fresh}[again.run_id] == again.root != run_.root


@pytest.mark.parametrize(
    "data",
    [b"", b"not gzip", gzip.compress(b"{}\n"), gzip.compress(b'{"schema_version":"9"}\n')],
    ids=["empty", "not gzip", "no manifest", "of a later version"],
)
def test_a_pack_that_cannot_be_used_is_no_pack(data: bytes, store: RunStore, tmp_path: Path) -> None:
    runs = add(store, tmp_path, 1, 2, 3)
    store.compact()
    store.place.put_bytes(PACK, data)
    assert RunStore(store.place).runs() == tuple(runs)
    assert not verify_store(store.place).tampered


def test_a_pack_that_says_otherwise_is_tampering(store: RunStore, tmp_path: Path) -> None:
    runs = add(store, tmp_path, 1, 2, 3)
    store.compact()
    text = gzip.decompress(store.place.read(PACK))
    store.place.put_bytes(PACK, gzip.compress(text.replace(b'"exit_code":0', b'"exit_code":4', 1)))
    assert wrong(verify_store(store.place)) == {(runs[0].run_id, PACK)}


def _counts_of(data: bytes) -> bytes:
    return gzip.compress(gzip.decompress(data).replace(b'"high":1', b'"high":7'))


@pytest.mark.parametrize(
    ("change", "names_it"),
    [(None, False), (lambda _: b"not gzip", False), (_counts_of, True)],
    ids=["missing", "not gzip", "other counts"],
)
def test_counts_come_from_the_manifests_where_the_file_cannot_serve(
    change: Callable[[bytes], bytes] | None, names_it: bool, store: RunStore, tmp_path: Path
) -> None:
    runs = add(store, tmp_path, 1, 2)
    store.compact()
    if change is None:
        store.place.delete([COUNTS])
    else:
        store.place.put_bytes(COUNTS, change(store.place.read(COUNTS)))
    found = RunStore(store.place).runs()
    assert [total(run.counts).high for run in found] == [1, 2]
    if names_it:
        # Whoever can write there can have other numbers shown, and not without being found.
        assert wrong(verify_store(store.place)) == {(runs[0].run_id, COUNTS)}
    else:
        assert found == tuple(runs)
        assert not verify_store(store.place).tampered


def test_a_sum_that_is_not_that_of_the_counts_is_tampering(store: RunStore, tmp_path: Path) -> None:
    runs = add(store, tmp_path, 1, 2)
    store.compact()
    text = gzip.decompress(store.place.read(PACK))
    store.place.put_bytes(PACK, gzip.compress(text.replace(b'"total":[0,1,', b'"total":[0,8,', 1)))
    assert wrong(verify_store(store.place)) == {(runs[0].run_id, PACK)}


def test_a_pack_of_whole_manifests_is_read(store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As versions before wrote it, and for runs without a root."""
    runs = add(store, tmp_path, 1, 2)
    entries = store.place.entries("runs/")
    named = [{"key": e.key, "bytes": e.size, "modified": f"{e.modified:%Y-%m-%dT%H:%M:%S.%fZ}"} for e in entries]
    lines = [json.dumps({"schema_version": "1", "files": named}).encode() + b"\n"]
    lines += [store.place.read(e.key) for e in entries]
    store.place.put_bytes(PACK, gzip.compress(b"".join(lines)))
    fresh = RunStore(store.place)
    # So few are read by themselves; three are not.
    runs += add(store, tmp_path, 3)
    told = reads(fresh, monkeypatch)
    assert fresh.runs() == tuple(runs)
    assert sorted(told) == sorted([PACK, runs[-1].key])
    assert not verify_store(store.place).tampered
    assert fresh.compact() == 3
    assert RunStore(store.place).runs() == tuple(runs)


def test_the_command(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    store = open_store(str(tmp_path / "nights"))
    add(store, tmp_path, 1, 2)
    assert run(["store", "compact", "--store", str(tmp_path / "nights")]) == 0
    assert "2 manifests in manifests.jsonl.gz" in capfd.readouterr().out
    assert run(["store", "compact", "--store", str(tmp_path / "nights"), "--before", "10y"]) == 0
    assert "0 manifests in manifests.jsonl.gz" in capfd.readouterr().out


def test_failing_since_when_is_a_few_requests(place: Backend, tmp_path: Path) -> None:
    """A night of several accounts, and a hundred manifests before it, asked for in a bucket."""
    client: Any = getattr(place, "_client", None)
    if client is None:
        pytest.skip("requests are counted in a bucket")
    rules = rules_of(tmp_path, changed(severity="high"))
    folder = open_store(str(tmp_path / "nights"))
    kept_night(folder, rules, tmp_path, 28, NIGHTS[0])
    for entry in folder.place.entries():
        place.put_bytes(entry.key, folder.place.read(entry.key))
    (night,) = folder.runs()
    for day in range(1, 101):
        moment = night.moment - timedelta(days=day)
        name = f"{moment:%Y%m%dT%H%M%SZ}-{day:08x}"
        older = replace(
            night, run_id=name, as_of=f"{moment:%Y-%m-%dT%H:%M:%SZ}", tables={}, snapshots=(), reports=(), root="",
            previous=(),
        )  # fmt: skip
        place.put_bytes(older.key, encode(older))
    RunStore(place).compact(night.moment)
    asked: Counter[str] = Counter()
    client.meta.events.register("before-call.s3", lambda model, **_: asked.update([model.name]))
    store = RunStore(place)
    store.check()
    runs = store.runs()
    found = failures(store, runs, Filter())
    assert (len(runs), len(found)) == (101, 3)
    assert asked["GetObject"] <= 20
    assert asked["ListObjectsV2"] <= 3
    assert len(read_pack(place)) == 100
