"""Snapshots of versions that masked no secrets, as if they had been written now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from auditor.errors import SnapshotError
from auditor.store.snapshot_file import read_header, read_snapshot, write_snapshot
from auditor.temporary_files import workspace


@contextmanager
def without_secrets(files: Sequence[Path]) -> Iterator[list[Path]]:
    """The files; for each whose header does not say that secrets are masked, a temporary copy in which they are.

    Raises SnapshotError for one that cannot be read.
    """
    if all(read_header(path).masked for path in files):
        yield list(files)
        return
    with workspace("masked") as folder:
        yield [
            path if read_header(path).masked else _copy(path, folder / str(number) / path.name)
            for number, path in enumerate(files)
        ]


def _copy(path: Path, target: Path) -> Path:
    try:
        snapshot = read_snapshot(path)
        write_snapshot(target, snapshot)
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise SnapshotError(f"{path}: a line is not what a snapshot holds ({error})") from error
    return target
