"""Whoever can write into a store chooses nothing outside it: keys, symlinks and sizes of a store are not believed."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from auditor.errors import ConfigError, DamagedError
from auditor.history.facts import read_report
from auditor.store.backends import open_backend
from auditor.store.ddl import athena
from auditor.store.manifest import Manifest, StoredFile, decode, encode, is_safe, run_of
from auditor.store.runs import QUARANTINE, RunStore
from auditor.store.unpack import blocks

from .conftest import Made, made, read_all

MUCH_LATER = datetime(2126, 1, 1, tzinfo=UTC)
OTHER = "20261102T020000Z-00000000"
KEYS = [
    "{victim}", "../victim/file", "files/../../victim/file", "files/{run}/../../../victim/file", "files/{run}/..",
    "./files/{run}/x", "files//{run}/x", "files/{run}/", "files/{run}", "files/{run}/a/b", "files/{run}/.hidden",
    "files/{run}/a\\b", "files/{run}/a\nb", "files/{run}/a\u202eb", "files/" + OTHER + "/report.json",
    "runs/{run}.json", "store.json",
    "index.html", "", "history/date=2026-11-01/account=1/region=r/{run}_0.parquet", "C:/x", "snap/new-file",
]  # fmt: skip
TABLE_KEYS = [
    *KEYS[:2], "findings/date=2026-11-01/../region=r/{run}_0.parquet",
    "findings/date=2026-11-01/account=1/region=r/" + OTHER + "_0.parquet",
    "findings/date=2026-11-02/account=1/region=r/{run}_0.parquet",
    "findings/date=2026-11-01/account=1/region=r/x/{run}_0.parquet", "files/{run}/report.json",
    "findings/date=2026-11-01/account=1/region=r/{run}_0.json", "findings/{run}_0.parquet",
]  # fmt: skip


def _with(run: Made, member: str, key: str) -> Manifest:
    file = StoredFile(key, 4)
    if member == "tables":
        return replace(run.manifest, tables={**run.manifest.tables, "findings": (file,)})
    return replace(run.manifest, **{member: (*getattr(run.manifest, member), file)})


@pytest.mark.parametrize(
    ("member", "key"),
    [*((m, k) for m in ("reports", "snapshots") for k in KEYS), *(("tables", k) for k in TABLE_KEYS)],
)
def test_a_manifest_names_files_of_its_own_run(tmp_path: Path, member: str, key: str) -> None:
    run = made(tmp_path, 1)
    named = key.format(victim=tmp_path / "victim" / "file", run=run.manifest.run_id)
    assert decode(encode(run.manifest), "m", run.manifest.key) == run.manifest
    with pytest.raises(DamagedError, match=r"not of this run|names a file twice"):
        decode(encode(_with(run, member, named)), "m", run.manifest.key)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"as_of": "yesterday"}, "as_of is 'yesterday'"), ({"as_of": "0001-01-01T00:00:00Z"}, "as_of is '0001"),
        ({"as_of": "9999-12-31T23:59:59Z"}, "as_of is '9999"), ({"as_of": "2026-11-01T02:00:00"}, "as_of is"),
        ({"as_of": "2026-11-02T02:00:00Z"}, "not that of its name"), ({"run_id": "../x"}, "calls itself run"),
        ({"run_id": OTHER}, "calls itself run"), ({"scopes": (("1", "r'; drop"),)}, "names a region"),
        ({"carried": (("1", "a\nb"),)}, "names a region"), ({"schema_version": "yesterday"}, "schema version"),
        ({"snapshots": ({"key": 7},)}, "is damaged"), ({"exit_code": "0"}, "is damaged"),
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_that_contradicts_itself_is_refused(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    run = made(tmp_path, 1).manifest
    data = msgspec.json.encode(msgspec.to_builtins(run) | changed)
    with pytest.raises(DamagedError, match=said):
        decode(data, "m", run.key)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b'{"schema_version":1}', b"\xff", b"[" * 100_000])
def test_what_is_no_manifest_is_damaged(data: bytes) -> None:
    with pytest.raises(DamagedError, match="is damaged"):
        decode(data, "m", "runs/x.json")


def test_nothing_is_written_outside_by_a_bucket_s_keys(simulated: Callable[..., Any], tmp_path: Path) -> None:
    """An S3 key is any text; a download must not follow it."""
    simulated("clean")
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket="hostile", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    folder = tmp_path / "inside"
    outside = [str(tmp_path / "absolute"), "../relative", "files/../../relative", "a//b", ".hidden"]
    for key in outside:
        client.put_object(Bucket="hostile", Key=f"p/{key}", Body=b"attacker")
    place = open_backend("s3://hostile/p")
    for key in outside:
        for use in (lambda k=key: place.fetch([k], folder), lambda k=key: place.read(k),
                    lambda k=key: place.delete([k]), lambda k=key: place.move(k, "x")):  # fmt: skip
            with pytest.raises(DamagedError):
                use()
    assert place.entries() == []
    assert [p.name for p in tmp_path.iterdir()] == []


def test_nothing_is_read_or_deleted_outside_by_a_folder_s_keys(store: RunStore, tmp_path: Path) -> None:
    (tmp_path / "victim").mkdir()
    victim = tmp_path / "victim" / "file"
    victim.write_text("precious")
    old, new = made(tmp_path / "m", 1), made(tmp_path / "m", 2)
    for run in (old, new):
        store.add(run.manifest, run.files)
    for key in (str(victim), "../victim/file", "../../victim/file"):
        hostile = RunStore(store.place)
        store.place.put_bytes(old.manifest.key, encode(_with(old, "reports", key)))
        survey = hostile.survey()
        assert [run.run_id for run in survey.runs] == [new.manifest.run_id]
        assert [(a.run_id, "not of this run" in a.reason) for a in survey.set_aside] == [(old.manifest.run_id, True)]
        done = hostile.prune(timedelta(0), MUCH_LATER)
        assert (done.runs, done.orphans) == ((), ())
        assert victim.read_text() == "precious"
    # What is set aside is deleted by nobody, and moved on request with all that is its own.
    (moved,) = RunStore(store.place).repair()
    assert moved.run_id == old.manifest.run_id
    assert victim.read_text() == "precious"
    there = {e.key for e in store.place.entries()}
    assert {f"{QUARANTINE}/{key}" for key in (*old.files, old.manifest.key)} <= there
    assert not {*old.files, old.manifest.key} & there
    assert RunStore(store.place).survey().set_aside == ()
    # Quarantine is no run: prune lets it lie.
    assert RunStore(store.place).prune(timedelta(0), MUCH_LATER).orphans == ()


def test_symlinks_in_a_store_lead_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("precious")
    root = tmp_path / "nights"
    store = RunStore(open_backend(str(root)))
    store.prepare()
    run = made(tmp_path / "m", 1)
    store.add(run.manifest, run.files)
    (root / "files" / "link").symlink_to(outside)
    (root / "files" / "alias").symlink_to(outside / "file")
    (root / "runs" / f"{OTHER}.json").symlink_to("/dev/zero")
    place = store.place
    source = tmp_path / "source"
    source.write_text("x")
    for use in (
        lambda: place.read("files/link/file"), lambda: place.fetch(["files/alias"], tmp_path),
        lambda: place.read("files/alias"), lambda: place.put("files/link/new", source),
        lambda: place.put_bytes("files/link/file", b"x"), lambda: place.delete(["files/link/file"]),
        lambda: place.move("files/link/file", "x"), lambda: place.move("store.json", "files/link/file"),
    ):  # fmt: skip
        with pytest.raises(DamagedError, match="leads out of the store"):
            use()
    place.delete(["files/alias"])  # the link itself lies inside
    assert [(p.name, p.read_text()) for p in outside.iterdir()] == [("file", "precious")]
    survey = RunStore(place).survey()
    assert [a.run_id for a in survey.set_aside] == [OTHER]
    (root / ".unfinished").rename(root / ".was")
    (root / ".unfinished").symlink_to(outside)
    with pytest.raises(DamagedError, match="leads out of the store"):
        place.put_bytes("index.html", b"x")
    assert len(list(outside.iterdir())) == 1


def test_a_manifest_that_is_a_pipe_or_endless_ends_nothing(tmp_path: Path) -> None:
    store = RunStore(open_backend(str(tmp_path / "nights")))
    store.prepare()
    run = made(tmp_path / "m", 1)
    store.add(run.manifest, run.files)
    os.mkfifo(tmp_path / "nights" / "runs" / f"{OTHER}.json")
    survey = RunStore(store.place).survey()
    assert [r.run_id for r in survey.runs] == [run.manifest.run_id]
    assert [(a.run_id, "is a named pipe, not a file" in a.reason) for a in survey.set_aside] == [(OTHER, True)]


@pytest.mark.parametrize("damage", ["cut", "empty", "list", "future", "early", "other"])
def test_a_run_that_cannot_be_used_is_set_aside(store: RunStore, tmp_path: Path, damage: str) -> None:
    good, bad = made(tmp_path, 1), made(tmp_path, 2)
    for run in (good, bad):
        store.add(run.manifest, run.files)
    key, data = bad.manifest.key, encode(bad.manifest)
    if damage == "future":
        bad = made(tmp_path, 2, year=2126)
        store.add(bad.manifest, bad.files)
        store.place.delete([key])
        key = bad.manifest.key
    else:
        store.place.put_bytes(key, {
            "cut": data[:-20], "empty": b"", "list": b"[]", "early": data.replace(b"2026-11-02", b"0001-01-01"),
            "other": encode(good.manifest),
        }[damage])  # fmt: skip
    reader = RunStore(store.place)
    assert [run.run_id for run in reader.runs()] == [good.manifest.run_id]
    (aside,) = reader.survey().set_aside
    assert aside.key == key
    assert key in aside.reason
    before = {e.key for e in store.place.entries()}
    assert reader.repair(dry_run=True) == (aside,)
    assert {e.key for e in store.place.entries()} == before
    assert reader.repair() == (aside,)
    assert RunStore(store.place).survey() == replace(reader.survey(), set_aside=())
    assert f"{QUARANTINE}/{key}" in {e.key for e in store.place.entries()}


def test_a_run_whose_files_are_gone_or_cut_is_repaired(store: RunStore, tmp_path: Path) -> None:
    runs = [made(tmp_path, day) for day in (1, 2, 3)]
    for run in runs:
        store.add(run.manifest, run.files)
    store.place.delete([runs[0].manifest.reports[0].key])
    store.place.put_bytes(runs[1].manifest.snapshots[0].key, b"cut")
    for run, said in ((runs[0], "no such file"), (runs[1], "not as long as its run says")):
        whole = next(r for r in store.runs() if r.run_id == run.manifest.run_id)
        with pytest.raises(DamagedError, match=said):
            store.fetch(whole.all_files, tmp_path / "back")
    assert [a.run_id for a in store.repair()] == [r.manifest.run_id for r in runs[:2]]
    assert [r.run_id for r in RunStore(store.place).runs()] == [runs[2].manifest.run_id]
    read_all(store.place, [f"{QUARANTINE}/{run.manifest.key}" for run in runs[:2]])


def test_what_belongs_to_a_run_is_known_by_its_whole_key() -> None:
    """prune deletes what belongs to no run: a file that only mentions one is not its."""
    for key in (f"holiday-{OTHER}.jpg", f"quarantine/runs/{OTHER}.json", f"files/x/{OTHER}.json", f"{OTHER}.json",
                f"files/{OTHER}/a/b", f"findings/{OTHER}_0.parquet", f"files/{OTHER}/.x"):  # fmt: skip
        assert run_of(key) is None, key
    assert run_of(f"files/{OTHER}/report.html") == run_of(f"runs/{OTHER}.json") == OTHER


def test_keys_that_stay_inside() -> None:
    assert all(map(is_safe, ("a", "a/b=c d/e%2Ff.parquet", "a/b..", "a/b.c")))
    assert not any(map(is_safe, ("", "/a", "a/", "a//b", "..", "a/../b", ".a", "a/./b", "a\\b", "a\x00b", "a\nb")))


@pytest.mark.parametrize("name", ["report.json.gz", "report.json"])
def test_files_that_become_too_large_are_refused(tmp_path: Path, name: str) -> None:
    """A hundred megabytes of nothing are a hundred kilobytes packed."""
    path = tmp_path / name
    data = bytes(100 * 1024 * 1024)
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    with pytest.raises(ConfigError, match="becomes too large"):
        for _ in blocks(path, 90 * 1024 * 1024):
            pass
    if name.endswith(".gz"):
        with pytest.raises(ConfigError, match="becomes too large"):
            read_report(path)


def test_honest_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / "x.gz"
    data = os.urandom(3_000_000) + bytes(60_000_000)
    path.write_bytes(gzip.compress(data, 1))
    assert b"".join(blocks(path, 10**9)) == data
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ConfigError, match="cannot be read"):
        list(blocks(path, 10**9))


def test_no_account_breaks_other_programs_statements(tmp_path: Path) -> None:
    """Then a query has to name the account, as with a store of templates."""
    run = made(tmp_path, 1, account="x' or 'a,b")
    text = "\n".join(athena("s3://bucket/p", "audit", [run.manifest]))
    assert "'projection.account.type' = 'injected'" in text
    assert "or 'a" not in text
