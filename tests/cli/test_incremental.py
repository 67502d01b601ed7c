"""--previous and --full, and a store that serves as the previous night by itself."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.collect.aws.incremental import EarlierSnapshots
from auditor.simulator import Simulator
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from tests.collect.test_incremental import days_ago, described

Auditor = Callable[..., Any]
REGION = ("--region", "eu-west-1")


@pytest.fixture
def clean(simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch) -> Simulator:
    monkeypatch.setattr(EarlierSnapshots, "_has_its_day", lambda *_: False)
    return simulated("clean")


def _profiles(simulator: Simulator) -> int:
    number = described(simulator)["DescribeUserProfile"]
    simulator.calls.clear()
    return number


def _earlier(path: Path) -> str:
    """The snapshot as of the day before, its hash made anew; its new ``as_of``."""
    moved = days_ago(SnapshotReader(path).snapshot())
    write_snapshot(path, moved)
    return moved.header.as_of


def test_a_file_or_a_folder_of_files(auditor: Auditor, clean: Simulator, tmp_path: Path) -> None:
    auditor("collect", *REGION, "--snapshot", "kept/one.jsonl", "-q")
    as_of = _earlier(tmp_path / "kept/one.jsonl")
    every = _profiles(clean)
    assert every > 3
    for previous in ("kept/one.jsonl", "kept"):
        outcome = auditor("collect", *REGION, "--snapshot", "two.jsonl", "--previous", previous)
        assert _profiles(clean) == 0
        assert f"carried over, unchanged since {as_of}" in outcome.out
    auditor("collect", *REGION, "--snapshot", "two.jsonl", "--full", "-q")
    assert _profiles(clean) == every
    # What is carried is in the coverage of the report.
    auditor("audit", *REGION, "--previous", "kept/one.jsonl", "--format", "json", "-q")
    report = json.loads((tmp_path / "audit-report/report.json").read_text())
    coverage = {c["operation"]: (c["calls"], c["carried"]) for c in report["coverage"]}
    assert coverage["DescribeUserProfile"] == (0, every)


def test_the_last_run_of_the_store(auditor: Auditor, clean: Simulator, tmp_path: Path) -> None:
    auditor("collect", *REGION, "--snapshot", "one.jsonl", "-q")
    _earlier(tmp_path / "one.jsonl")
    every = _profiles(clean)
    assert auditor("check", "one.jsonl", "--store", "nights", "-q").code == 0
    (tmp_path / "auditor.yaml").write_text("store: nights\nregions: [eu-west-1]\n")
    assert auditor("audit", "-q").code == 0
    assert _profiles(clean) == 0
    assert len(list((tmp_path / "nights/runs").iterdir())) == 2
    assert auditor("audit", "-q", "--full", "--output", "full").code == 0
    assert _profiles(clean) == every


def test_another_store_serves_too(auditor: Auditor, clean: Simulator, tmp_path: Path) -> None:
    auditor("collect", *REGION, "--snapshot", "one.jsonl", "-q")
    _earlier(tmp_path / "one.jsonl")
    auditor("check", "one.jsonl", "--store", "nights", "-q")
    _profiles(clean)
    auditor("collect", *REGION, "--snapshot", "two.jsonl", "--previous", "nights", "-q")
    assert _profiles(clean) == 0


def test_a_damaged_snapshot_of_the_store_costs_time_only(auditor: Auditor, clean: Simulator, tmp_path: Path) -> None:
    auditor("collect", *REGION, "--snapshot", "one.jsonl", "-q")
    _earlier(tmp_path / "one.jsonl")
    every = _profiles(clean)
    auditor("check", "one.jsonl", "--store", "nights", "-q")
    packed = next((tmp_path / "nights").rglob("*.jsonl.gz"))
    for damage in (packed.read_bytes()[:-40], gzip.compress(gzip.decompress(packed.read_bytes())[:-40])):
        packed.write_bytes(damage)
        outcome = auditor("audit", *REGION, "--store", "nights", "--output", "x")
        assert outcome.code == 0
        assert outcome.err.startswith("Everything is read again: the store's last snapshot cannot be used: ")
        assert _profiles(clean) == every
        # That night's own snapshot is whole; without its run the damaged one is the last again.
        max((tmp_path / "nights/runs").iterdir()).unlink()


def test_a_damaged_file_of_a_folder_costs_time_only(auditor: Auditor, clean: Simulator, tmp_path: Path) -> None:
    auditor("collect", *REGION, "--snapshot", "kept/b.jsonl", "-q")
    _earlier(tmp_path / "kept/b.jsonl")
    clean.calls.clear()
    newest, whole = tmp_path / "kept/b.jsonl", (tmp_path / "kept/b.jsonl").read_bytes()
    collect = ("collect", *REGION, "--snapshot", "two.jsonl", "--previous")
    altered = whole.replace(b'"IAM"', b'"SSO"', 1)
    assert altered != whole
    for damage, said, in_folder in (
        (altered, "damaged: the content does not match the hash", 0), (whole[:-40], "truncated", 0),
        (b"", "the file is empty", 2), (b"hello", "not a snapshot", 2),
    ):  # fmt: skip
        newest.write_bytes(damage)
        # By itself it is the wrong file; without a header, there is no snapshot in the folder.
        alone, folder = auditor(*collect, "kept/b.jsonl"), auditor(*collect, "kept")
        assert (alone.code, folder.code) == (2, in_folder)
        assert alone.err.startswith("Error: kept/b.jsonl:")
        assert folder.err.startswith("Nothing is carried over from kept/b.jsonl:")
        assert said in alone.err
        assert said in folder.err
        clean.calls.clear()
        (tmp_path / "kept/a.jsonl").write_bytes(whole)
        outcome = auditor(*collect, "kept")
        assert outcome.code == 0
        assert outcome.err.startswith("Nothing is carried over from kept/b.jsonl:")
        assert outcome.err.count("\n") == 1
        assert _profiles(clean) == 0, "the one before serves"
        (tmp_path / "kept/a.jsonl").unlink()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--previous", "nowhere"], "--previous nowhere: no such file or folder"),
        (["--previous", "."], "no snapshot (*.jsonl) in this folder, and it is not a store"),
        (["--previous", "letter.txt"], "letter.txt:1: not a snapshot"),
        (["--previous", "letter.txt", "--full"], "Leave one of them out"),
    ],
    ids=lambda a: " ".join(a) if isinstance(a, list) else "",
)
def test_2_for_what_cannot_serve(
    auditor: Auditor, clean: Simulator, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "letter.txt").write_text("dear")
    outcome = auditor("collect", *REGION, "--snapshot", "s.jsonl", *arguments)
    assert outcome.code == 2
    assert said in outcome.err
    assert dict(clean.calls) == {}
