"""Where earlier snapshots are, for incremental collection: a file, a folder of files, or a store."""

from __future__ import annotations

import threading
import weakref
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError, DamagedError, SnapshotError
from auditor.model.snapshot import Header, Record
from auditor.run.messages import Messages
from auditor.store.snapshot_reader import SnapshotReader
from auditor.store.unpack import SNAPSHOT_LIMIT, blocks
from auditor.temporary_files import workspace

if TYPE_CHECKING:
    from auditor.store.manifest import Manifest
    from auditor.store.runs import RunStore, Scope

Previous = Callable[[str, tuple[str, ...]], Iterable["_Streamed"]]


def earlier_snapshots(
    previous: str | None, full: bool, store: RunStore | None, profile: str | None, messages: Messages
) -> Previous | None:
    """What finds them, None where everything is to be described.

    ``store`` is where the run will be kept: without ``--previous`` its runs serve. Raises ConfigError or SnapshotError
    where what was named cannot be used; a store that cannot serve, or one file of a folder, only costs time, and says
    so.
    """
    if full and previous is not None:
        raise ConfigError("--full reads everything, --previous does not", hint="Leave one of them out.")
    if full or (previous is None and store is None):
        return None
    if previous is None:
        assert store is not None, "one of them is given"
        return _StoreSnapshots(store, messages)
    named = _store(previous, profile)
    if named is not None:
        return _StoreSnapshots(named)
    return _FileSnapshots(Path(previous), messages)


def _store(previous: str, profile: str | None) -> RunStore | None:
    from auditor.store.backends import open_backend
    from auditor.store.runs import STORE_FILE, RunStore

    if not previous.startswith("s3://") and not (Path(previous) / STORE_FILE).exists():
        return None
    found = RunStore(open_backend(previous, profile))
    found.check()
    return found


@dataclass(frozen=True, slots=True)
class _Streamed:
    """A snapshot whose records are read from its file, one after another, without secrets."""

    header: Header
    records: Iterable[Record]


def _streamed(file: SnapshotReader, account: str) -> _Streamed:
    """Raises SnapshotError for a file that is damaged; nothing of it was given out before."""
    file.sha256  # noqa: B018 — raises where the content is not what was written
    # A file of an older version may hold secrets, and is masked as a whole.
    return _Streamed(file.header, file.records(account) if file.header.masked else file.snapshot(account).records)


class _FileSnapshots:
    """A snapshot, or a folder of them of which the newest of each Region counts. Safe to use from many threads.

    Of a folder, a file that cannot be read is said once and left out: nothing is carried over from it. Raises
    ConfigError or SnapshotError where there is none to read.
    """

    def __init__(self, place: Path, messages: Messages) -> None:
        if not place.exists():
            raise ConfigError(f"--previous {place}: no such file or folder")
        self._messages = messages if place.is_dir() else None
        self._lock = threading.Lock()
        self._damaged: set[Path] = set()
        paths = sorted(place.glob("*.jsonl")) if place.is_dir() else [place]
        if not paths:
            raise ConfigError(f"--previous {place}: no snapshot (*.jsonl) in this folder, and it is not a store")
        files = list(filter(self._readable, map(SnapshotReader, paths)))
        if not files:
            raise ConfigError(f"--previous {place}: none of the files in this folder is a snapshot that can be read")
        files.sort(key=lambda file: (datetime.fromisoformat(file.header.as_of), file.path), reverse=True)
        self._newest_first: dict[tuple[str, str], list[SnapshotReader]] = defaultdict(list)
        for file in files:
            for scope in file.header.scopes:
                self._newest_first[scope.account, scope.region].append(file)

    def __call__(self, account: str, regions: tuple[str, ...]) -> list[_Streamed]:
        """Snapshots with what the account's last runs know of the Regions. Raises SnapshotError."""
        found: dict[Path, _Streamed] = {}
        for region in regions:
            for file in self._newest_first.get((account, region), ()):
                try:
                    found[file.path] = found.get(file.path) or _streamed(file, account)
                    break
                except SnapshotError as error:
                    self._leave_out(file, error)
        return sorted(found.values(), key=lambda one: datetime.fromisoformat(one.header.as_of))

    def _readable(self, file: SnapshotReader) -> bool:
        try:
            return bool(file.header.as_of)
        except SnapshotError as error:
            self._leave_out(file, error)
            return False

    def _leave_out(self, file: SnapshotReader, error: SnapshotError) -> None:
        """Say so, once for all accounts; of a file that was named by itself, raise the error."""
        if self._messages is None:
            raise error
        with self._lock:
            said = file.path in self._damaged
            self._damaged.add(file.path)
        if not said:
            self._messages.problem(f"Nothing is carried over from {error.message}")


class _StoreSnapshots:
    """The last snapshots in a store, each unpacked once for all accounts of a run. Safe to use from many threads.

    With ``messages`` a snapshot that cannot be used is said once, and nothing is carried over; without, it is raised.
    """

    def __init__(self, store: RunStore, messages: Messages | None = None) -> None:
        self._store, self._messages = store, messages
        self._lock = threading.Lock()
        self._last: dict[Scope, Manifest] | None = None
        self._files: dict[str, list[SnapshotReader]] = {}
        self._folders = ExitStack()
        self._said = False
        weakref.finalize(self, self._folders.close)

    def __call__(self, account: str, regions: tuple[str, ...]) -> list[_Streamed]:
        """Snapshots with what the account's last runs know of the Regions. Raises SnapshotError, DamagedError."""
        try:
            files = self._of(account, regions)
            return [_streamed(file, account) for file in files if _speaks_of(file.header, account, regions)]
        except (SnapshotError, DamagedError) as error:
            if self._messages is None:
                raise
            with self._lock:
                said, self._said = self._said, True
            if not said:
                text = f"Everything is read again: the store's last snapshot cannot be used: {error.message}"
                self._messages.problem(text)
            return []

    def _of(self, account: str, regions: tuple[str, ...]) -> list[SnapshotReader]:
        from auditor.store.manifest import every_scope
        from auditor.store.runs import latest

        with self._lock:
            if self._last is None:
                runs = self._store.runs()
                self._last = latest(runs, every_scope(runs))
            wanted = {run.run_id: run for r in regions if (run := self._last.get((account, r))) is not None}
            ordered = sorted(wanted.values(), key=lambda run: (run.moment, run.run_id))
            return [file for run in ordered for file in self._unpacked(run)]

    def _unpacked(self, run: Manifest) -> list[SnapshotReader]:
        """A run's snapshots as files that can be read."""
        if run.run_id not in self._files:
            folder = self._folders.enter_context(workspace("previous"))
            found = []
            for number, packed in enumerate(self._store.fetch(run.snapshots, folder)):
                path = folder / f"{number}.jsonl"
                with path.open("wb") as out:
                    for block in blocks(packed, SNAPSHOT_LIMIT):
                        out.write(block)
                found.append(SnapshotReader(path))
            self._files[run.run_id] = found
        return self._files[run.run_id]


def _speaks_of(header: Header, account: str, regions: tuple[str, ...]) -> bool:
    return any(s.account == account and s.region in regions for s in header.scopes)
