"""One snapshot file of several, line by line: what all of them hold is never in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import msgspec

from auditor.masking import mask_text
from auditor.model.snapshot import Coverage, Gap, Header
from auditor.store.files import PRIVATE, Access, atomic
from auditor.store.snapshot_file import end_line
from auditor.store.snapshot_reader import SnapshotReader

_encoder = msgspec.json.Encoder(order="deterministic")
#: How the line of a resource begins; the other lines are of the file itself.
_RESOURCE = b'{"account":'


def merge_snapshots(
    path: Path,
    header: Header,
    parts: Sequence[SnapshotReader],
    gaps: Sequence[Gap] = (),
    coverage: Sequence[Coverage] = (),
    mode: Access = PRIVATE,
) -> None:
    """Write one file of ``parts`` atomically: each holds one account, and they come in the order of the accounts' ids.

    ``gaps`` and ``coverage``: further ones, of no part. Equal parts give equal bytes. Raises SnapshotError for a part
    that is not whole, ConfigError where the folder cannot be written.
    """
    with atomic(path, mode) as out:
        digest, count = hashlib.sha256(), 0
        for line in _lines(replace(header, masked=True), parts, gaps, coverage):
            digest.update(line)
            count += 1
            out.write(line)
        out.write(end_line(count, digest.hexdigest()))


def merged_header(header: Header, parts: Sequence[Header]) -> Header:
    """``header`` with what the parts' headers say of their content: scopes, what their SDK does not see, kinds."""
    return replace(
        header,
        scopes=tuple(sorted({scope for part in parts for scope in part.scopes}, key=lambda s: (s.account, s.region))),
        unseen=tuple(sorted({u for part in parts for u in part.unseen}, key=lambda u: (u.kind, u.path))),
        kinds=tuple(sorted(set[str]().union(*(part.kinds for part in parts)))),
        previous=max((part.previous for part in parts), default=""),
    )


def _lines(
    header: Header, parts: Sequence[SnapshotReader], gaps: Sequence[Gap], coverage: Sequence[Coverage]
) -> Iterator[bytes]:
    yield _encoder.encode({"snapshot": header}) + b"\n"
    for part in parts:
        part.sha256  # noqa: B018 — raises where the content is not what was written
        with part.path.open("rb") as file:
            yield from (line for line in file if line.startswith(_RESOURCE))
    all_gaps = [*(replace(g, detail=mask_text(g.detail)) for g in gaps), *(g for p in parts for g in p.ledger.gaps)]
    yield from (_encoder.encode({"gap": gap}) + b"\n" for gap in sorted(all_gaps))
    lines = [*coverage, *(c for part in parts for c in part.ledger.coverage)]
    yield from (_encoder.encode({"coverage": line}) + b"\n" for line in sorted(lines))
