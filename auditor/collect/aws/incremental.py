"""What need not be described again: resources of an earlier snapshot whose listing says that they did not change.

ListUserProfiles and ListSpaces carry LastModifiedTime. That an update moves it is near certain, and no page of AWS
promises it; so a seventh of the unchanged is described again every night, each on its own day of seven. Tags and what a
resource inherits from its domain move nothing: tags are read anew every time, and domains are always described.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from auditor.collect.aws.spool import Spool
from auditor.model.encoded_document import EncodedDocument
from auditor.model.snapshot import SCHEMA_VERSION, Header, Kind, Record


class EarlierSnapshot(Protocol):
    """A snapshot whose records may be read once, one after another."""

    @property
    def header(self) -> Header: ...

    @property
    def records(self) -> Iterable[Record]: ...


#: Given account and regions: earlier snapshots that hold them.
Previous = Callable[[str, tuple[str, ...]], Iterable[EarlierSnapshot]]

#: Each unchanged resource is described again on one day of so many.
ROTATION_DAYS = 7
#: A document older than this is read again, also where nights were left out.
MAX_AGE = timedelta(days=14)
#: What changed so shortly before it was described, or meanwhile, may have changed twice; and clocks differ.
RACE = timedelta(minutes=15)
_STEADY = "InService"


class EarlierSnapshots:
    """Documents of earlier snapshots of one account. The newest snapshot of a region counts.

    A snapshot that another botocore wrote is not used: its model may have lacked members that this one sees.
    """

    def __init__(self, account: str, now: str, botocore_version: str, spool: Spool | None = None) -> None:
        """``spool``: an empty one that holds what is read; without one nothing is known."""
        self._account, self._botocore = account, botocore_version
        self._now = datetime.fromisoformat(now)
        self._spool = spool
        self._read: dict[str, datetime] = {}

    def read(self, snapshots: Iterable[EarlierSnapshot]) -> None:
        """Read the snapshots, in any order."""
        assert self._spool is not None, "what is read has a place"
        for snapshot in snapshots:
            header = snapshot.header
            as_of = datetime.fromisoformat(header.as_of)
            regions = {s.region for s in header.scopes if s.account == self._account}
            # What a newer snapshot of the region does not hold is not taken from an older one.
            newer = {r for r in regions if as_of >= self._read.get(r, as_of)}
            for region in newer:
                self._read[region] = as_of
                self._spool.drop_region(region)
            if (
                header.source != "aws"
                or (header.botocore_version, header.schema_version) != (self._botocore, SCHEMA_VERSION)
                or as_of >= self._now
            ):
                continue
            for record in snapshot.records:
                if record.account == self._account and record.region in newer:
                    document = EncodedDocument.of(record.document)
                    known = replace(record, document=document, described=record.described or header.as_of)
                    self._spool.put(known, "", "", 0)

    def region(self, region: str) -> Record | None:
        """The record of the region itself; ``described`` says when that was."""
        return self._get("account_region", region, region)

    def records(self, region: str, kind: Kind) -> Iterator[Record]:
        """Every record of a kind."""
        if self._spool is not None:
            yield from (stored.record for stored in self._spool.stored(self._account, kind, region))

    def _get(self, kind: Kind, region: str, record_id: str) -> Record | None:
        found = self._spool.get(self._account, kind, region, record_id) if self._spool is not None else None
        return found.record if found is not None else None

    def unchanged(self, region: str, kind: Kind, record_id: str, listed: Mapping[str, Any]) -> Record | None:
        """The record, if the list's item says that nothing changed since it was described; None: describe it.

        ``listed``: the item as a snapshot holds it (``answers.plain``).
        """
        record = self._get(kind, region, record_id)
        if record is None or set(record.gaps) - {"Tags"}:
            return None
        for member in ("LastModifiedTime", "CreationTime", "Status"):
            if not listed.get(member) or listed[member] != record.document.get(member):
                return None
        described = datetime.fromisoformat(record.described)
        if (
            listed["Status"] != _STEADY
            or datetime.fromisoformat(str(listed["LastModifiedTime"])) > described - RACE
            or described < self._now - MAX_AGE
            or self._has_its_day(record)
        ):
            return None
        return record

    def _has_its_day(self, record: Record) -> bool:
        number = int.from_bytes(hashlib.sha256(f"{record.kind}/{record.id}".encode()).digest()[:8])
        return (number + self._now.toordinal()) % ROTATION_DAYS == 0


#: No earlier snapshot: everything is described.
NOTHING = EarlierSnapshots("", "1970-01-01T00:00:00Z", "")
