"""Where earlier snapshots are, for incremental collection: a file, a folder of files, or a store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError, DamagedError, SnapshotError
from auditor.model.snapshot import Header, Snapshot
from auditor.run.messages import Messages
from auditor.store.snapshot_reader import SnapshotReader
from auditor.store.unpack import SNAPSHOT_LIMIT, blocks
from auditor.temporary_files import workspace

if TYPE_CHECKING:
    from auditor.store.runs import RunStore

Previous = Callable[[str, tuple[str, ...]], Sequence[Snapshot]]


def earlier_snapshots(
    previous: str | None, full: bool, store: RunStore | None, profile: str | None, messages: Messages
) -> Previous | None:
    """What finds them, None where everything is to be described.

    ``store`` is where the run will be kept: without ``--previous`` its runs serve. Raises ConfigError where what was
    named cannot be used; a store that cannot serve only costs time, and says so.
    """
    if full and previous is not None:
        raise ConfigError("--full reads everything, --previous does not", hint="Leave one of them out.")
    if full or (previous is None and store is None):
        return None
    if previous is None:
        assert store is not None, "one of them is given"
        return lambda account, regions: _from_own_store(store, account, regions, messages)
    named = _store(previous, profile)
    if named is not None:
        return lambda account, regions: _from_store(named, account, regions)
    files = _files(Path(previous))
    return lambda account, regions: _newest(files, account, regions)


def _store(previous: str, profile: str | None) -> RunStore | None:
    from auditor.store.backends import open_backend
    from auditor.store.runs import STORE_FILE, RunStore

    if not previous.startswith("s3://") and not (Path(previous) / STORE_FILE).exists():
        return None
    found = RunStore(open_backend(previous, profile))
    found.check()
    return found


def _files(place: Path) -> list[SnapshotReader]:
    """The snapshots that were named, oldest first."""
    if not place.exists():
        raise ConfigError(f"--previous {place}: no such file or folder")
    paths = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
    if not paths:
        raise ConfigError(f"--previous {place}: no snapshot (*.jsonl) in this folder, and it is not a store")
    return sorted(map(SnapshotReader, paths), key=lambda file: (datetime.fromisoformat(file.header.as_of), file.path))


def _newest(files: Sequence[SnapshotReader], account: str, regions: tuple[str, ...]) -> list[Snapshot]:
    """The newest snapshot of each region."""
    wanted = {
        (s.account, s.region): file
        for file in files
        for s in file.header.scopes
        if s.account == account and s.region in regions
    }
    return [file.snapshot(account) for file in dict.fromkeys(wanted.values())]


def _from_store(store: RunStore, account: str, regions: tuple[str, ...]) -> list[Snapshot]:
    from auditor.store.runs import latest

    scopes = {(account, region) for region in regions}
    runs = {run.run_id: run for run in latest(store.runs(), scopes).values()}
    found: list[Snapshot] = []
    for run in runs.values():
        with _unpacked(store.fetch, run.snapshots) as paths:
            files = map(SnapshotReader, paths)
            found += [file.snapshot(account) for file in files if _speaks_of(file.header, account, regions)]
    return found


def _speaks_of(header: Header, account: str, regions: tuple[str, ...]) -> bool:
    return any(s.account == account and s.region in regions for s in header.scopes)


def _from_own_store(store: RunStore, account: str, regions: tuple[str, ...], messages: Messages) -> list[Snapshot]:
    try:
        return _from_store(store, account, regions)
    except (SnapshotError, DamagedError) as error:
        messages.problem(f"Everything is read again: the store's last snapshot cannot be used: {error.message}")
        return []


@contextmanager
def _unpacked(fetch: Callable[..., list[Path]], files: Sequence[object]) -> Iterator[Iterator[Path]]:
    """The snapshots, one after another, as files that can be read."""
    with workspace("previous") as folder:

        def one(number: int, packed: Path) -> Path:
            path = folder / f"{number}.jsonl"
            with path.open("wb") as out:
                for block in blocks(packed, SNAPSHOT_LIMIT):
                    out.write(block)
            return path

        yield (one(number, packed) for number, packed in enumerate(fetch(files, folder)))
