"""Snapshots of versions that masked no secrets, as if they had been written now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from auditor.errors import SnapshotError
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.temporary_files import workspace


@contextmanager
def without_secrets(files: Sequence[Path]) -> Iterator[list[Path]]:
    """The files; for each whose header does not say that secrets are masked, a temporary copy in which they are.

    Raises SnapshotError for one that cannot be read.
    """
    readers = [SnapshotReader(path) for path in files]
    if all(reader.header.masked for reader in readers):
        yield list(files)
        return
    with workspace("masked") as folder:
        yield [
            reader.path if reader.header.masked else _copy(reader, folder / str(number) / reader.path.name)
            for number, reader in enumerate(readers)
        ]


def _copy(reader: SnapshotReader, target: Path) -> Path:
    try:
        write_snapshot(target, reader.snapshot())
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"{reader.path}: a line is not what a snapshot holds ({error})") from error
    return target
