"""All manifests of a store in two files beside them, so that a year of nights is two requests and not hundreds.

    manifests.jsonl.gz           a line that names each manifest with its size, when it was written, and what its counts
                                 are together; then the manifests, without their counts
    manifests-counts.jsonl.gz    the same names, then the counts by account and Region: most of a manifest, which few
                                 readers ask for

The manifests themselves stay where they are: runs begin and end with them, other programs read them, and
``auditor verify`` holds both files against them. A manifest that was written since, or lies there otherwise than a file
names it, is read by itself.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import msgspec

from auditor.errors import DamagedError
from auditor.store.manifest import COUNTED, CountsApart, Manifest, ScopeCounts, decode, odd_region, total
from auditor.store.place import Backend, Entry

#: The files, and how both of their names begin.
PACK, COUNTS, BOTH = "manifests.jsonl.gz", "manifests-counts.jsonl.gz", "manifests"
#: So many manifests that no pack holds are packed with the next run.
ENOUGH = 12
#: Bytes that a file becomes at most: 300 accounts in 4 Regions are a quarter of a megabyte a night.
_LIMIT = 1024**3
_VERSION = "2"
#: In files of the first version, manifests are whole.
_KNOWN = ("1", _VERSION)
_MEMBER = b'"counts":'
_APART = _MEMBER + b"[]"


class _File(msgspec.Struct, frozen=True):
    key: str
    bytes: int
    modified: datetime


class _Named(msgspec.Struct):
    key: str
    bytes: int
    modified: datetime
    apart: int = 0
    """Bytes of the counts that its line lacks; 0: the line is the whole manifest."""
    total: tuple[int, ...] = ()

    @property
    def file(self) -> _File:
        return _File(self.key, self.bytes, self.modified)


class _Head(msgspec.Struct):
    schema_version: str
    files: tuple[_Named, ...]


class _Outline(msgspec.Struct):
    counts: msgspec.Raw
    root: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A manifest in a pack: its bytes, and where its counts lie apart, what these are together."""

    data: bytes
    total: ScopeCounts | None


class Pack:
    """The manifests of a place's pack, by the entry that each had when it was packed: key, size, when it was written.

    Its methods raise ConfigError where the place cannot be read.
    """

    def __init__(self, place: Backend, held: Mapping[_File, Line]) -> None:
        self._place, self._held = place, held
        self._counts: Mapping[_File, Line] | None = None

    def __len__(self) -> int:
        return len(self._held)

    def manifest(self, entry: Entry) -> tuple[Manifest, bytes] | None:
        """The manifest that lies there, its counts still to be read, and its line; None where the pack holds none, or
        another."""
        line = self._held.get(_file(entry))
        if line is None:
            return None
        try:
            run = decode(line.data, entry.key, entry.key)
        except DamagedError:
            return None
        if line.total is None:
            return run, line.data
        # What a run without a root is known by is made of the whole manifest.
        return (
            (replace(run, counts=CountsApart(line.total, lambda: self._read(entry))), line.data) if run.root else None
        )

    def _read(self, entry: Entry) -> tuple[ScopeCounts, ...]:
        found = _decoded(self._apart(entry))
        if found is None:
            found = tuple(decode(self._place.read(entry.key), f"{self._place.label}/{entry.key}", entry.key).counts)
        return found

    def _apart(self, entry: Entry) -> bytes:
        """The counts as they stand in the manifest; empty where they are not in the other file."""
        if self._counts is None:
            self._counts = _lines(self._place, COUNTS)
        line = self._counts.get(_file(entry))
        return line.data.removesuffix(b"\n") if line is not None else b""

    def whole(self, entry: Entry) -> bytes | None:
        """The bytes of the manifest that lies there; None where the pack does not hold all of it."""
        line = self._held.get(_file(entry))
        if line is None or line.total is None:
            return line.data if line is not None else None
        data = line.data.replace(_APART, _MEMBER + self._apart(entry), 1)
        return data if len(data) == entry.size else None

    def contradicts(self, entry: Entry, data: bytes, counts: Iterable[ScopeCounts]) -> str:
        """Which of the two files holds something else than the manifest with these counts; empty for neither."""
        line = self._held.get(_file(entry))
        if line is None or line.total is None:
            return PACK if line is not None and line.data != data else ""
        if line.total == total(counts) and self.whole(entry) == data:
            return ""
        parts = _split(data)
        if parts is None or line != Line(parts[0], total(counts)):
            return PACK
        return COUNTS if self._apart(entry) not in (b"", parts[1]) else ""


def _file(entry: Entry) -> _File:
    return _File(entry.key, entry.size, entry.modified.astimezone(UTC))


def read_pack(place: Backend) -> Pack:
    """The pack; an empty one where there is none, or one that cannot be used: then the manifests are read.

    Raises ConfigError where the place cannot be read.
    """
    return Pack(place, _lines(place, PACK))


def _lines(place: Backend, key: str) -> dict[_File, Line]:
    try:
        text = gzip.GzipFile(fileobj=io.BytesIO(place.read(key))).read(_LIMIT + 1)
        head, *lines = text.splitlines(keepends=True)
        named = msgspec.json.decode(head, type=_Head)
    except (DamagedError, OSError, EOFError, zlib.error, ValueError, msgspec.DecodeError):
        return {}
    if len(text) > _LIMIT or named.schema_version not in _KNOWN or len(named.files) != len(lines):
        return {}
    held = zip(named.files, lines, strict=True)
    if key == COUNTS:
        return {one.file: Line(data, None) for one, data in held}
    return {
        one.file: Line(data, ScopeCounts("", "", *one.total) if one.apart else None)
        for one, data in held
        if len(data) - (len(b"[]") if one.apart else 0) + one.apart == one.bytes
        and (not one.apart or (len(one.total) == len(COUNTED) and min(one.total) >= 0))
    }


def _decoded(data: bytes) -> tuple[ScopeCounts, ...] | None:
    """The counts; None where they are none that a run writes."""
    try:
        found = msgspec.json.decode(data, type=tuple[ScopeCounts, ...])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return None if odd_region(c.region for c in found) else found


def _split(data: bytes) -> tuple[bytes, bytes] | None:
    """A manifest without its counts, and these; None where it has to be kept whole."""
    outline = msgspec.json.decode(data, type=_Outline)
    counts = bytes(outline.counts)
    before, found, after = data.partition(_MEMBER + counts)
    if not (outline.root and found) or _MEMBER in before or _decoded(counts) is None:
        return None
    return before + _APART + after, counts


def write_pack(place: Backend, manifests: Iterable[tuple[Entry, bytes]]) -> int:
    """Pack manifests, each as it lies there; how many. One that is no single line is left out.

    Raises ConfigError where the place cannot be written.
    """
    files: list[_Named] = []
    lines: list[bytes] = []
    apart: list[bytes] = []
    for entry, data in manifests:
        if not data.endswith(b"\n") or len(data.splitlines()) != 1 or len(data) != entry.size:
            continue
        file = _Named(entry.key, entry.size, entry.modified.astimezone(UTC))
        line, counts = _split(data) or (data, b"")
        if counts:
            of = total(_decoded(counts) or ())
            file.apart, file.total = len(counts), tuple(getattr(of, name) for name in COUNTED)
        files.append(file)
        lines.append(line)
        apart.append(counts + b"\n")
    # The counts first: who reads a pack finds those that it lacks.
    place.put_bytes(COUNTS, _packed(files, apart))
    place.put_bytes(PACK, _packed(files, lines))
    return len(lines)


def _packed(files: Sequence[_Named], lines: Iterable[bytes]) -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile("", "wb", 6, packed, mtime=0) as out:
        out.write(msgspec.json.encode(_Head(_VERSION, tuple(files))) + b"\n")
        out.writelines(lines)
    return packed.getvalue()
