"""Read snapshot files: whatever is asked of one, a ``SnapshotReader`` of it answers."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO

import msgspec

from auditor.errors import SnapshotError
from auditor.file_kinds import kind_hint
from auditor.model.snapshot import SCHEMA_VERSION, Coverage, Gap, Header, Place, Record, Snapshot
from auditor.regular_files import open_regular
from auditor.store.moments import is_moment
from auditor.store.snapshot_file import end_line, masked
from auditor.studio.resource_types import UPDATABLE_KINDS

#: Account, region, kind and id of a resource.
Key = tuple[str, str, str, str]
_BLOCK = 4 * 1024 * 1024
#: Bytes of a block that whoever reads it keeps in the processor's cache.
_SMALL_BLOCK = 128 * 1024
_AGAIN = "Collect the account again, or restore the file from a copy."
_END = b'{"end":'
#: How the line of a resource begins; its kind stands within so many bytes.
_RESOURCE = b'{"account":"'
_KIND, _START = b'"kind":"', 200
#: A coverage or gap line: what stands behind the last resource.
_LEDGER = re.compile(rb'^\{"(gap|coverage)":')


class _End(msgspec.Struct, forbid_unknown_fields=True):
    lines: int
    sha256: str


class _EndLine(msgspec.Struct, forbid_unknown_fields=True):
    end: _End


class _FirstLine(msgspec.Struct, forbid_unknown_fields=True):
    snapshot: Header


class _Version(msgspec.Struct):
    schema_version: str


class _VersionLine(msgspec.Struct):
    snapshot: _Version


class _LedgerLine(msgspec.Struct, forbid_unknown_fields=True):
    gap: Gap | None = None
    coverage: Coverage | None = None


class _Keyed(msgspec.Struct):
    account: str = ""
    region: str = ""
    kind: str = ""
    id: str = ""

    @property
    def key(self) -> Key:
        return (self.account, self.region, self.kind, self.id)


class _Resource(_Keyed):
    gaps: tuple[str, ...] = ()
    domain: msgspec.Raw = msgspec.Raw(b"")
    user_profile: msgspec.Raw = msgspec.Raw(b"")
    space: msgspec.Raw = msgspec.Raw(b"")


# msgspec reads a type's annotations when it first meets it, and two threads that do so at once end the process: here it
# does so while the module is imported, which one thread does.
for _wire in (_EndLine, _FirstLine, _VersionLine, _LedgerLine):
    msgspec.json.Decoder(_wire)


@dataclass(frozen=True, slots=True)
class Ledger:
    """What a snapshot says about itself: what could not be seen, and which calls were made."""

    gaps: tuple[Gap, ...]
    coverage: tuple[Coverage, ...]


@dataclass(frozen=True)
class SnapshotReader:
    """A snapshot file. Each member is read when it is first asked for, and then kept; nothing is read before.

    Only ``sha256`` and ``snapshot`` hold the file against its own hash: who uses the others by themselves asks for
    ``sha256`` before anything is concluded from them. All raise SnapshotError, which names the file.
    """

    path: Path

    @cached_property
    def header(self) -> Header:
        """The first line. Raises SnapshotError where there is none or it is of a newer version."""
        path = self.path
        try:
            with open_regular(path) as file:
                first = file.readline(_BLOCK)
        except OSError as error:
            raise SnapshotError(f"{path}: cannot be read: {error.strerror or error}") from error
        if not first:
            raise SnapshotError(f"{path}: the file is empty, so it is not a snapshot", hint=_AGAIN)
        try:
            version = msgspec.json.decode(first, type=_VersionLine).snapshot.schema_version
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(
                f"{path}:1: not a snapshot of this tool (no header in the first line)", hint=kind_hint(path)
            ) from error
        if not version.isdecimal() or len(version) > 9 or int(version) > int(SCHEMA_VERSION):
            raise SnapshotError(
                f"{path}: written by a newer version (snapshot schema {version}, this version reads {SCHEMA_VERSION})",
                hint="Upgrade: pip install --upgrade sagemaker-studio-auditor",
            )
        try:
            header = msgspec.json.decode(first, type=_FirstLine).snapshot
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(f"{path}:1: the header is damaged: {error}", hint=_AGAIN) from error
        if not is_moment(header.as_of):
            raise SnapshotError(f"{path}:1: the header is damaged: its as_of is {header.as_of[:40]!r}", hint=_AGAIN)
        return header

    @cached_property
    def sha256(self) -> str:
        """The hash over all lines before the last, in hex: the file's content was held against it, undecoded.

        Raises SnapshotError where the file is empty, truncated, damaged, of a newer version, or no snapshot.
        """
        for _ in self.blocks():
            pass
        return str(vars(self)["sha256"])

    def blocks(self) -> Iterator[tuple[bytes, int]]:
        """The file in blocks that end with a line, each with its number of lines. Once the last block was taken, all
        of them were held against the hash, and ``sha256`` is known: who needs both reads the file once.

        Raises SnapshotError as ``sha256``, after the last block where the content is damaged.
        """
        path = self.path
        self.header  # noqa: B018 — what is not a snapshot, or of a newer version, is not called damaged
        last, offset = _last_line(path)
        truncated = SnapshotError(f"{path}: truncated: the last line, which holds the hash, is missing", hint=_AGAIN)
        if not last.endswith(b"\n"):
            raise truncated
        try:
            end = msgspec.json.decode(last, type=_EndLine).end
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise truncated from error
        digest, lines, left = hashlib.sha256(), 0, offset
        with path.open("rb") as file:
            while left > 0 and (block := file.read(min(_SMALL_BLOCK, left))):
                if not block.endswith(b"\n"):
                    block += file.readline(left - len(block))
                digest.update(block)
                counted = block.count(b"\n")
                lines += counted
                left -= len(block)
                yield block, counted
        # The whole last line is compared, so that a change in it shows as well.
        expected = end_line(lines, digest.hexdigest())
        if (
            end.sha256 != digest.hexdigest()
            or end.lines != lines
            or msgspec.json.decode(last) != msgspec.json.decode(expected)
        ):
            raise SnapshotError(f"{path}: damaged: the content does not match the hash in its last line", hint=_AGAIN)
        vars(self)["sha256"] = end.sha256
        yield last, 1

    @cached_property
    def ledger(self) -> Ledger:
        """Gaps and coverage. They stand at the end of the file, so it is read from there, block by block."""
        gaps: list[Gap] = []
        coverage: list[Coverage] = []
        for line in _lines_backwards(self.path):
            if line.startswith(_END):
                continue
            if not _LEDGER.match(line):
                break
            try:
                entry = msgspec.json.decode(line, type=_LedgerLine)
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise SnapshotError(f"{self.path}: a gap or coverage line is damaged: {error}", hint=_AGAIN) from error
            if entry.gap is not None:
                gaps.append(entry.gap)
            if entry.coverage is not None:
                coverage.append(entry.coverage)
        return Ledger(tuple(sorted(gaps)), tuple(sorted(coverage)))

    def kinds(self) -> Counter[str]:
        """How many resources there are of each kind. Raises SnapshotError for a line that is not JSON."""
        found = Counter(key[2] for key, _ in self.lines())
        del found[""]
        return found

    def lines(self, kinds: Collection[str] = ()) -> Iterator[tuple[Key, bytes]]:
        """Every line but the last one, with the key of its resource; of other lines the key's parts are empty.
        ``kinds``: where there are any, resources of others may be left out.

        Nothing is decoded beyond keys. Raises SnapshotError for a line that is not JSON.
        """
        decode = msgspec.json.Decoder(_Keyed).decode
        beginnings = tuple(f'"kind":"{kind}"'.encode() for kind in kinds)
        try:
            with self.path.open("rb") as file:
                for line in file:
                    # To find a kind takes a tenth of the time that it takes to read the line.
                    at = line.find(_KIND, 0, _START) if beginnings and line.startswith(_RESOURCE) else -1
                    if at >= 0 and not line.startswith(beginnings, at):
                        continue
                    if not line.startswith(_END):
                        yield decode(line).key, line
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(f"{self.path}: a line is damaged: {error}", hint=_AGAIN) from error

    def documents(self, wanted: Callable[[Key], bool]) -> Iterator[tuple[Key, bytes, tuple[str, ...]]]:
        """Whole documents of domains, user profiles and spaces: key, JSON, and gaps.

        ``wanted`` chooses by key. Only lines that are wanted are kept, and none is decoded beyond its first level.
        Raises SnapshotError for a line that is not JSON.
        """
        decode = msgspec.json.Decoder(_Resource).decode
        try:
            with self.path.open("rb") as file:
                for line in file:
                    entry = decode(line)
                    if entry.kind in UPDATABLE_KINDS and wanted(entry.key):
                        yield entry.key, bytes(getattr(entry, entry.kind)), entry.gaps
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(f"{self.path}: a line is damaged: {error}", hint=_AGAIN) from error

    def snapshot(self, account: str = "") -> Snapshot:
        """The whole snapshot in memory, verified, or the records of one account of it; secrets that an older version
        left in it are masked. It is not kept.

        Raises SnapshotError.
        """
        records = tuple(self.records(account))
        # Of a file the header says it; in memory nothing hangs on it.
        read = Snapshot(replace(self.header, masked=False), records, self.ledger.gaps, self.ledger.coverage)
        return read if self.header.masked else masked(read)

    def records(self, account: str = "") -> Iterator[Record]:
        """Every resource, of one account or of all, one after another; the file is verified before the first.

        Raises SnapshotError.
        """
        self.sha256  # noqa: B018 — raises where the content is not what was written
        with self.path.open("rb") as file:
            lines = self._lines_of(file, account) if account else file
            yield from (_record(entry) for entry in map(msgspec.json.decode, lines) if "kind" in entry)

    def _lines_of(self, file: BinaryIO, account: str) -> Iterator[bytes]:
        for start, end in self._places.get(account, ()):
            file.seek(start)
            left = end - start
            while left > 0:
                line = file.readline()
                left -= len(line)
                yield line

    @cached_property
    def _places(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Where the resources of each account lie in the file, from byte to byte: whoever asks for one account after
        another reads the whole file once. The lines are sorted, so that an account is one stretch."""
        found: dict[str, list[tuple[int, int]]] = {}
        before, start, at = b"", 0, 0
        with self.path.open("rb") as file:
            for line in file:
                account = line[len(_RESOURCE) : line.find(b'"', len(_RESOURCE))] if line.startswith(_RESOURCE) else b""
                if account != before:
                    if before:
                        found.setdefault(before.decode(), []).append((start, at))
                    before, start = account, at
                at += len(line)
        if before:
            found.setdefault(before.decode(), []).append((start, at))
        return found


def _record(entry: dict[str, Any]) -> Record:
    kind = entry["kind"]
    tags = entry.get("tags")
    return Record(
        entry["account"],
        entry["region"],
        kind,
        entry["id"],
        entry[kind],
        None if tags is None else tuple((t["Key"], t["Value"]) for t in tags),
        tuple(entry.get("gaps", ())),
        Place(**entry["place"]) if "place" in entry else None,
        described=entry.get("described", ""),
    )


def _last_line(path: Path) -> tuple[bytes, int]:
    """The last line and the offset that it starts at."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        start = max(0, size - 4096)
        file.seek(start)
        tail = file.read()
    body = tail.removesuffix(b"\n")
    cut = body.rfind(b"\n") + 1
    return tail[cut:], start + cut


def _lines_backwards(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        position, rest = file.seek(0, 2), b""
        while position > 0:
            start = max(0, position - 256 * 1024)
            file.seek(start)
            block = file.read(position - start) + rest
            position = start
            first, *lines = block.split(b"\n")
            yield from (line for line in reversed(lines) if line)
            rest = first
        if rest:
            yield rest
