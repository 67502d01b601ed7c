"""One snapshot file of several, line by line: what all of them hold is never in memory."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter
from pathlib import Path

import msgspec

from auditor.masking import mask_text
from auditor.model.snapshot import Coverage, Gap, Header
from auditor.store.files import PRIVATE, Access
from auditor.store.snapshot_file import sealed, write_lines
from auditor.store.snapshot_reader import SnapshotReader

_encoder = msgspec.json.Encoder(order="deterministic")
#: How the line of a resource begins; the other lines are of the file itself.
_RESOURCE = b'{"account":'


@dataclass(frozen=True, slots=True)
class Part:
    """A snapshot file with what was seen of one account."""

    account: str
    reader: SnapshotReader


class _Key(msgspec.Struct):
    region: str
    kind: str
    id: str


def merge_snapshots(
    path: Path,
    header: Header,
    parts: Sequence[Part],
    gaps: Sequence[Gap],
    coverage: Sequence[Coverage],
    mode: Access = PRIVATE,
) -> None:
    """Write one file of ``parts`` atomically; they come in the order of their accounts.

    ``gaps`` and ``coverage`` stand for the parts' own. Equal parts give equal bytes. Raises SnapshotError for a part
    that is not whole, ConfigError where the folder cannot be written.
    """
    write_lines(path, sealed(_lines(replace(header, masked=True), parts, gaps, coverage)), mode)


def merged_header(header: Header, parts: Sequence[Header]) -> Header:
    """``header`` with what the parts' headers say of their content: scopes, what their SDK does not see, kinds."""
    return replace(
        header,
        scopes=tuple(sorted({scope for part in parts for scope in part.scopes}, key=lambda s: (s.account, s.region))),
        unseen=tuple(sorted({u for part in parts for u in part.unseen}, key=lambda u: (u.kind, u.path))),
        # What was not looked for in one of them, nobody can say of all.
        kinds=tuple(sorted(set(parts[0].kinds).intersection(*(part.kinds for part in parts)))),
        previous=max((part.previous for part in parts), default=""),
    )


def _lines(header: Header, parts: Sequence[Part], gaps: Sequence[Gap], coverage: Sequence[Coverage]) -> Iterator[bytes]:
    yield _encoder.encode({"snapshot": header}) + b"\n"
    for _, of_account in groupby(parts, attrgetter("account")):
        streams = [_resources(part.reader) for part in of_account]
        yield from streams[0] if len(streams) == 1 else heapq.merge(*streams, key=_order)
    masked = (replace(gap, detail=mask_text(gap.detail)) for gap in gaps)
    yield from (_encoder.encode({"gap": gap}) + b"\n" for gap in sorted(masked))
    yield from (_encoder.encode({"coverage": line}) + b"\n" for line in sorted(coverage))


def _resources(reader: SnapshotReader) -> Iterator[bytes]:
    reader.sha256  # noqa: B018 — raises where the content is not what was written
    with reader.path.open("rb") as file:
        yield from (line for line in file if line.startswith(_RESOURCE))


_decode = msgspec.json.Decoder(_Key).decode


def _order(line: bytes) -> tuple[str, str, str]:
    key = _decode(line)
    return key.region, key.kind, key.id
