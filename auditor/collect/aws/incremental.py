"""What need not be described again: resources of an earlier snapshot whose listing says that they did not change.

ListUserProfiles and ListSpaces carry LastModifiedTime. That an update moves it is near certain, and no page of AWS
promises it; so a seventh of the unchanged is described again every night, each on its own day of seven. Tags and what a
resource inherits from its domain move nothing: tags are read anew every time, and domains are always described.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from auditor.collect.aws.answers import plain
from auditor.model.snapshot import SCHEMA_VERSION, Record, Snapshot

#: Given account and regions: earlier snapshots that hold them.
Previous = Callable[[str, tuple[str, ...]], Sequence[Snapshot]]

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

    def __init__(self, snapshots: Sequence[Snapshot], account: str, now: str, botocore_version: str) -> None:
        self._now = datetime.fromisoformat(now)
        self._records: dict[tuple[str, str, str], Record] = {}
        for snapshot in sorted(snapshots, key=lambda s: datetime.fromisoformat(s.header.as_of)):
            header = snapshot.header
            regions = {s.region for s in header.scopes if s.account == account}
            # What a newer snapshot of the region does not hold is not taken from an older one.
            self._records = {key: r for key, r in self._records.items() if key[0] not in regions}
            if (
                header.source != "aws"
                or (header.botocore_version, header.schema_version) != (botocore_version, SCHEMA_VERSION)
                or datetime.fromisoformat(header.as_of) >= self._now
            ):
                continue
            self._records |= {
                (r.region, r.kind, r.id): replace(r, described=r.described or header.as_of)
                for r in snapshot.records
                if r.account == account and r.region in regions
            }

    def region(self, region: str) -> Record | None:
        """The record of the region itself; ``described`` says when that was."""
        return self._records.get((region, "account_region", region))

    def records(self, region: str, kind: str) -> list[Record]:
        """Every record of a kind."""
        return [record for (at, k, _), record in self._records.items() if (at, k) == (region, kind)]

    def unchanged(self, region: str, kind: str, record_id: str, item: Mapping[str, Any]) -> Record | None:
        """The record, if the list's item says that nothing changed since it was described; None: describe it."""
        record = self._records.get((region, kind, record_id))
        if record is None or set(record.gaps) - {"Tags"}:
            return None
        listed: Mapping[str, Any] = plain(item)
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
NOTHING = EarlierSnapshots((), "", "1970-01-01T00:00:00Z", "")
