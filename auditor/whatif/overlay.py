"""A snapshot's lines, and a copy of it in which some of them are others."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from auditor.errors import SnapshotError
from auditor.store.snapshot_file import end_line
from auditor.store.snapshot_reader import Key
from auditor.whatif.changes import Line

_END = b'{"end":'
_encode = msgspec.json.Encoder().encode


class _Head(msgspec.Struct):
    account: str = ""
    region: str = ""
    kind: str = ""
    id: str = ""

    @property
    def key(self) -> Key:
        return (self.account, self.region, self.kind, self.id)


_head = msgspec.json.Decoder(_Head).decode


def read_lines(file: Path, wanted: Callable[[Key], bool]) -> dict[Key, Line]:
    """The resources' lines that are wanted, by key. No other line is decoded beyond its key.

    Raises SnapshotError for a line that is not JSON; the file's hash is not looked at.
    """
    found: dict[Key, Line] = {}
    try:
        with file.open("rb") as lines:
            for line in lines:
                key = _head(line).key
                if key[2] and wanted(key):
                    found[key] = msgspec.json.decode(line)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError(f"{file}: a line is damaged: {error}") from error
    return found


def overlay(file: Path, changed: Mapping[Key, Line | None], target: Path) -> None:
    """Write a copy of a snapshot in which the resources are as ``changed`` says; None leaves one out."""
    digest, count = hashlib.sha256(), 0
    with file.open("rb") as lines, target.open("wb") as out:
        for line in lines:
            data: bytes | None = line
            if line.startswith(_END):
                break
            key = _head(line).key
            if key in changed:
                new = changed[key]
                data = None if new is None else _encode(new) + b"\n"
            if data is not None:
                out.write(data)
                digest.update(data)
                count += 1
        out.write(end_line(count, digest.hexdigest()))
