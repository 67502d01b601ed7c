"""All manifests of a store in one file beside them, so that a year of nights is one request and not hundreds.

    manifests.jsonl.gz    a line that names each manifest with its size and when it was written, then the manifests

The manifests themselves stay where they are: runs begin and end with them, other programs read them, and
``auditor verify`` holds the pack against them. A manifest that was written since, or lies there otherwise than the pack
names it, is read by itself.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from auditor.errors import DamagedError
from auditor.store.place import Backend, Entry

#: The file.
PACK = "manifests.jsonl.gz"
#: So many manifests that no pack holds are packed with the next run.
ENOUGH = 12
#: Bytes that a pack becomes at most: 300 accounts in 4 Regions are a quarter of a megabyte a night.
_LIMIT = 1024**3
_VERSION = "1"


class _File(msgspec.Struct, frozen=True):
    key: str
    bytes: int
    modified: datetime


class _Head(msgspec.Struct):
    schema_version: str
    files: tuple[_File, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """Manifests by the entry that each had when it was packed: key, size and when it was written."""

    held: Mapping[_File, bytes]

    def get(self, entry: Entry) -> bytes | None:
        """The manifest that lies there; None where the pack holds none, or another."""
        return self.held.get(_File(entry.key, entry.size, entry.modified.astimezone(UTC)))


NO_PACK = Pack({})


def read_pack(place: Backend) -> Pack:
    """The pack; an empty one where there is none, or one that cannot be used: then the manifests are read.

    Raises ConfigError where the place cannot be read.
    """
    try:
        data = place.read(PACK)
    except DamagedError:
        return NO_PACK
    try:
        text = gzip.GzipFile(fileobj=io.BytesIO(data)).read(_LIMIT + 1)
        head, *lines = text.splitlines(keepends=True)
        named = msgspec.json.decode(head, type=_Head)
    except (OSError, EOFError, zlib.error, ValueError, msgspec.DecodeError):
        return NO_PACK
    if len(text) > _LIMIT or named.schema_version != _VERSION or len(named.files) != len(lines):
        return NO_PACK
    held = zip(named.files, lines, strict=True)
    return Pack({file: line for file, line in held if file.bytes == len(line)})


def write_pack(place: Backend, manifests: Iterable[tuple[Entry, bytes]]) -> int:
    """Pack manifests, each as it lies there; how many. One that is no single line is left out.

    Raises ConfigError where the place cannot be written.
    """
    lines = [
        (_File(entry.key, entry.size, entry.modified.astimezone(UTC)), data)
        for entry, data in manifests
        if data.endswith(b"\n") and len(data.splitlines()) == 1 and len(data) == entry.size
    ]
    head = msgspec.json.encode(_Head(_VERSION, tuple(file for file, _ in lines)))
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 6, packed, mtime=0) as out:
        out.write(head + b"\n")
        for _, data in lines:
            out.write(data)
    place.put_bytes(PACK, packed.getvalue())
    return len(lines)
