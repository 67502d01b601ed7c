"""Write, verify and read snapshot files. ``auditor.model.snapshot`` says what they hold."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec

from auditor.errors import SnapshotError
from auditor.masking import mask_document, mask_text, mask_value
from auditor.model.snapshot import SCHEMA_VERSION, Coverage, Gap, Header, Place, Record, Snapshot
from auditor.store.files import PRIVATE, Access, atomic, open_regular
from auditor.store.moments import is_moment
from auditor.studio.resource_types import UPDATABLE_KINDS

_BLOCK = 4 * 1024 * 1024
_encoder = msgspec.json.Encoder(order="deterministic")
_AGAIN = "Collect the account again, or restore the file from a copy."
#: A coverage or gap line: what stands behind the last resource.
_LEDGER = re.compile(rb'^\{"(gap|coverage)":')


@dataclass(frozen=True, slots=True)
class SnapshotFile:
    """A file whose content was held against its own hash. ``lines`` counts those before the last."""

    path: Path
    header: Header
    sha256: str
    lines: int


def masked(snapshot: Snapshot) -> Snapshot:
    """The snapshot without secrets, as the file holds it."""
    return replace(
        snapshot,
        records=tuple(map(_masked, snapshot.records)),
        gaps=tuple(replace(gap, detail=mask_text(gap.detail)) for gap in snapshot.gaps),
    )


def _masked(record: Record) -> Record:
    tags = record.tags
    if tags is not None:
        tags = tuple((key, mask_value(key, value)) for key, value in tags)
    document = mask_document(record.document)
    same = document is record.document and tags == record.tags
    return record if same else replace(record, document=document, tags=tags)


def _record(record: Record) -> dict[str, Any]:
    line: dict[str, Any] = {
        "account": record.account,
        "region": record.region,
        "kind": record.kind,
        "id": record.id,
        record.kind: record.document,
    }
    if record.tags is not None:
        line["tags"] = [{"Key": key, "Value": value} for key, value in sorted(record.tags)]
    if record.gaps:
        line["gaps"] = sorted(record.gaps)
    if record.place is not None:
        line["place"] = record.place
    if record.described:
        line["described"] = record.described
    return line


def encode(snapshot: Snapshot) -> Iterator[bytes]:
    """The lines of a snapshot, the last one with the hash over the others. Equal snapshots give equal bytes.

    Secrets are masked here, once for all that is made of a snapshot.
    """
    records = sorted(snapshot.records, key=lambda r: (r.account, r.region, r.kind, r.id))
    lines: Iterable[dict[str, Any]] = (
        {"snapshot": replace(snapshot.header, masked=True)},
        *(_record(_masked(r)) for r in records),
        *({"gap": replace(g, detail=mask_text(g.detail))} for g in sorted(snapshot.gaps)),
        *({"coverage": c} for c in sorted(snapshot.coverage)),
    )
    digest, count = hashlib.sha256(), 0
    for line in lines:
        data = _encoder.encode(line) + b"\n"
        digest.update(data)
        count += 1
        yield data
    yield _encoder.encode({"end": {"lines": count, "sha256": digest.hexdigest()}}) + b"\n"


def write_snapshot(path: Path, snapshot: Snapshot, mode: Access = PRIVATE) -> None:
    """Write atomically. Raises ConfigError where the folder cannot be written."""
    with atomic(path, mode) as out:
        for line in encode(snapshot):
            out.write(line)


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


def read_header(path: Path) -> Header:
    """The header of a snapshot file. Raises SnapshotError where there is none or it is of a newer version."""
    try:
        with open_regular(path) as file:
            first = file.readline(_BLOCK)
    except OSError as error:
        raise SnapshotError(f"{path}: cannot be read: {error.strerror or error}") from error
    if not first:
        raise SnapshotError(f"{path}: the file is empty, so it is no snapshot", hint=_AGAIN)
    try:
        version = msgspec.json.decode(first, type=_VersionLine).snapshot.schema_version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError(f"{path}:1: not a snapshot of this tool (no header in the first line)") from error
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


def verify(path: Path) -> SnapshotFile:
    """Hold the file against its own hash, without decoding its records.

    Raises SnapshotError where it is empty, truncated, damaged, of a newer version, or no snapshot.
    """
    header = read_header(path)
    last, offset = _last_line(path)
    truncated = SnapshotError(f"{path}: truncated: the last line, which holds the hash, is missing", hint=_AGAIN)
    if not last.endswith(b"\n"):
        raise truncated
    try:
        end = msgspec.json.decode(last, type=_EndLine).end
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise truncated from error
    digest, lines, left = hashlib.sha256(), 0, offset
    with path.open("rb", buffering=0) as file:
        while left > 0:
            block = file.read(min(_BLOCK, left))
            if not block:
                break
            digest.update(block)
            lines += block.count(b"\n")
            left -= len(block)
    # The whole last line is compared, so that a change in it shows as well.
    expected = _encoder.encode({"end": {"lines": lines, "sha256": digest.hexdigest()}}) + b"\n"
    if (
        end.sha256 != digest.hexdigest()
        or end.lines != lines
        or msgspec.json.decode(last) != msgspec.json.decode(expected)
    ):
        raise SnapshotError(f"{path}: damaged: the content does not match the hash in its last line", hint=_AGAIN)
    return SnapshotFile(path, header, end.sha256, lines)


def read_ledger(path: Path) -> tuple[tuple[Gap, ...], tuple[Coverage, ...]]:
    """Gaps and coverage. They stand at the end of the file, so it is read from there, block by block."""
    gaps: list[Gap] = []
    coverage: list[Coverage] = []
    for line in _lines_backwards(path):
        if line.startswith(b'{"end":'):
            continue
        if not _LEDGER.match(line):
            break
        try:
            entry = msgspec.json.decode(line, type=_LedgerLine)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise SnapshotError(f"{path}: a gap or coverage line is damaged: {error}", hint=_AGAIN) from error
        if entry.gap is not None:
            gaps.append(entry.gap)
        if entry.coverage is not None:
            coverage.append(entry.coverage)
    return tuple(sorted(gaps)), tuple(sorted(coverage))


class _Resource(msgspec.Struct):
    account: str = ""
    region: str = ""
    kind: str = ""
    id: str = ""
    gaps: tuple[str, ...] = ()
    domain: msgspec.Raw = msgspec.Raw(b"")
    user_profile: msgspec.Raw = msgspec.Raw(b"")
    space: msgspec.Raw = msgspec.Raw(b"")


Key = tuple[str, str, str, str]


def read_documents(path: Path, wanted: Callable[[Key], bool]) -> Iterator[tuple[Key, bytes, tuple[str, ...]]]:
    """Whole documents of domains, user profiles and spaces: key (account, region, kind, id), JSON, and gaps.

    ``wanted`` chooses by key. Only lines that are wanted are kept, and none is decoded beyond its first level. Raises
    SnapshotError for a line that is not JSON.
    """
    decode = msgspec.json.Decoder(_Resource).decode
    try:
        with path.open("rb") as file:
            for line in file:
                entry = decode(line)
                key = (entry.account, entry.region, entry.kind, entry.id)
                if entry.kind in UPDATABLE_KINDS and wanted(key):
                    yield key, bytes(getattr(entry, entry.kind)), entry.gaps
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SnapshotError(f"{path}: a line is damaged: {error}", hint=_AGAIN) from error


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


def read_snapshot(path: Path) -> Snapshot:
    """The whole snapshot in memory, verified; secrets that an older version left in it are masked.

    Raises SnapshotError.
    """
    verified = verify(path)
    records: list[Record] = []
    with path.open("rb") as file:
        for line in file:
            entry = msgspec.json.decode(line)
            if "kind" in entry:
                kind = entry["kind"]
                tags = entry.get("tags")
                records.append(
                    Record(
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
                )
    gaps, coverage = read_ledger(path)
    # Of a file the header says it; in memory nothing hangs on it.
    found = Snapshot(replace(verified.header, masked=False), tuple(records), gaps, coverage)
    return found if verified.header.masked else masked(found)
