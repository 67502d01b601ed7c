"""Write snapshot files. ``auditor.model.snapshot`` says what they hold, ``snapshot_reader`` beside this reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from auditor.masking import mask_document, mask_text, mask_value
from auditor.model.encoded_document import EncodedDocument
from auditor.model.snapshot import Coverage, Gap, Header, Record, Snapshot
from auditor.store.files import PRIVATE, Access, atomic

_encoder = msgspec.json.Encoder(order="deterministic")


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
        record.kind: _raw(record.document),
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


def _raw(document: Mapping[str, Any]) -> Any:
    """The document, or its text where it is encoded already."""
    return msgspec.Raw(document.json) if isinstance(document, EncodedDocument) else document


def encode(snapshot: Snapshot) -> Iterator[bytes]:
    """The lines of a snapshot, the last one with the hash over the others. Equal snapshots give equal bytes.

    Secrets are masked here, once for all that is made of a snapshot.
    """
    records = sorted(snapshot.records, key=lambda r: (r.account, r.region, r.kind, r.id))
    return encode_lines(snapshot.header, map(_masked, records), snapshot.gaps, snapshot.coverage)


def encode_lines(
    header: Header, records: Iterable[Record], gaps: Iterable[Gap], coverage: Iterable[Coverage]
) -> Iterator[bytes]:
    """The same of records that are sorted and hold no secrets, which need not be in memory together."""
    lines: Iterable[dict[str, Any]] = chain(
        ({"snapshot": replace(header, masked=True)},),
        map(_record, records),
        ({"gap": replace(g, detail=mask_text(g.detail))} for g in sorted(gaps)),
        ({"coverage": c} for c in sorted(coverage)),
    )
    return sealed(_encoder.encode(line) + b"\n" for line in lines)


def sealed(lines: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of a file, and the last one with the hash over them."""
    digest, count = hashlib.sha256(), 0
    for line in lines:
        digest.update(line)
        count += 1
        yield line
    yield end_line(count, digest.hexdigest())


def end_line(lines: int, sha256: str) -> bytes:
    """The last line of a file: how many stand before it, and the hash over these."""
    return _encoder.encode({"end": {"lines": lines, "sha256": sha256}}) + b"\n"


def write_snapshot(path: Path, snapshot: Snapshot, mode: Access = PRIVATE) -> None:
    """Write atomically. Raises ConfigError where the folder cannot be written."""
    write_lines(path, encode(snapshot), mode)


def write_lines(path: Path, lines: Iterable[bytes], mode: Access = PRIVATE) -> None:
    """Write what ``encode``, ``encode_lines`` or ``sealed`` gives, atomically. Raises ConfigError where the folder
    cannot be written."""
    with atomic(path, mode) as out:
        for line in lines:
            out.write(line)
