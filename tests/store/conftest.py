"""Stores in a folder and in a simulated bucket, and small runs to put into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from auditor.simulator import Simulator
from auditor.store.backends import open_backend
from auditor.store.manifest import FILES, Manifest, ScopeCounts, StoredFile, run_id
from auditor.store.place import Backend
from auditor.store.runs import RunStore
from auditor.store.verification import Verified

ACCOUNT, REGION = "111122223333", "eu-west-1"


@pytest.fixture(params=["folder", "bucket"])
def place(request: pytest.FixtureRequest, tmp_path: Path, simulated: Callable[..., Simulator]) -> Iterator[Backend]:
    """An empty place: a folder that does not exist yet, a prefix of a bucket in the simulated account."""
    if request.param == "folder":
        yield open_backend(str(tmp_path / "a store" / "nights"))
        return
    simulated("clean")
    client: Any = boto3.client("s3")
    client.create_bucket(Bucket="audit-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    yield open_backend("s3://audit-bucket/some prefix/nights/")


def read_all(place: Backend, keys: Sequence[str]) -> list[bytes]:
    """Contents of files that have to be there."""
    return [place.read(key) for key in keys]


@pytest.fixture
def store(place: Backend) -> RunStore:
    made = RunStore(place)
    made.prepare()
    return made


@dataclass(frozen=True)
class Made:
    """A run's manifest and its local files by key."""

    manifest: Manifest
    files: dict[str, Path]


def made(
    folder: Path, day: int, *, account: str = ACCOUNT, month: int = 11, regions: tuple[str, ...] = (REGION,),
    marker: str = "x", year: int = 2026,
) -> Made:  # fmt: skip
    """A run with four small files, each of which says which run it is of."""
    as_of = f"{year}-{month:02d}-{day:02d}T02:00:00Z"
    name = run_id(as_of, [account])
    keys = [
        f"{FILES}/{name}/report.json",
        f"{FILES}/{name}/snapshot-1.jsonl.gz",
        f"findings/date={as_of[:10]}/account={account}/region={REGION}/{name}_0.parquet",
        f"history/date={as_of[:10]}/account={account}/region={REGION}/{name}_0.parquet",
    ]
    files = {}
    for key in keys:
        path = folder / f"{marker}-{name}" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{key} {marker}")
        files[key] = path
    report, snapshot, findings, history = (StoredFile(key, 0) for key in keys)
    manifest = Manifest(
        "1", name, as_of, "0.1.0", "aws", tuple((account, region) for region in regions), (), ("STU101",), 0, 3, 0,
        (ScopeCounts(account, REGION, high=day),), (snapshot,), (report,),
        {"findings": (findings,), "history": (history,)},
    )  # fmt: skip
    return Made(manifest, files)


def add(store: RunStore, folder: Path, *days: int, **named: Any) -> list[Manifest]:
    runs = [made(folder, day, **named) for day in days]
    return [store.add(run.manifest, run.files) for run in runs]


def wrong(found: Verified) -> set[tuple[str, str]]:
    """Run and file of what is named as changed."""
    return {(t.run_id, t.key) for t in found.tampered}
