"""A copy of a snapshot in which some resources are others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from auditor.store.snapshot_file import sealed, write_lines
from auditor.store.snapshot_reader import Key, SnapshotReader
from auditor.whatif.changes import Line

_encode = msgspec.json.Encoder().encode


def read_lines(file: Path, wanted: Callable[[Key], bool]) -> dict[Key, Line]:
    """The resources' lines that are wanted, by key. Raises SnapshotError; the file's hash is not looked at."""
    return {key: msgspec.json.decode(line) for key, line in SnapshotReader(file).lines() if key[2] and wanted(key)}


def overlay(file: Path, changed: Mapping[Key, Line | None], target: Path) -> None:
    """Write a copy of a snapshot in which the resources are as ``changed`` says; None leaves one out."""
    write_lines(target, sealed(_lines(file, changed)))


def _lines(file: Path, changed: Mapping[Key, Line | None]) -> Iterator[bytes]:
    for key, line in SnapshotReader(file).lines():
        if key not in changed:
            yield line
        elif (new := changed[key]) is not None:
            yield _encode(new) + b"\n"
