"""What a store knows of one run. The file is written last: a run without it is not there.

It is one line of JSON, so that Athena, Trino and Spark read the manifests as a table as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from auditor.errors import ConfigError

SCHEMA_VERSION = "1"
#: Folders of a store; ``runs`` holds the manifests, ``files`` what people open, the rest are tables.
RUNS, FILES = "runs", "files"
_RUN_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{8}")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a run: its key in the store, its size, and of a snapshot the hash that its last line holds."""

    key: str
    bytes: int
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ScopeCounts:
    """What a run found in one account and region. Failures by severity, waived ones aside; ``unknown`` with errors.

    ``region`` is aws-global for what belongs to no region.
    """

    account: str
    region: str
    critical: int = 0
    high: int = 0
    medium: int = 0
    low: int = 0
    info: int = 0
    waived: int = 0
    unknown: int = 0
    new: int = 0
    regressed: int = 0
    resolved: int = 0

    def __add__(self, other: ScopeCounts) -> ScopeCounts:
        numbers = (getattr(self, n) + getattr(other, n) for n in COUNTED)
        return ScopeCounts(self.account, self.region, *numbers)


COUNTED = ("critical", "high", "medium", "low", "info", "waived", "unknown", "new", "regressed", "resolved")


@dataclass(frozen=True, slots=True)
class Manifest:
    """One run. ``as_of`` RFC 3339 in UTC.

    ``scopes``: accounts and regions that it audited; ``carried``: those whose open failures it only carried over.
    ``rules``: ids of the rules that ran. ``tables``: Parquet files by table, ``files``: what people open and the
    snapshots.
    """

    schema_version: str
    run_id: str
    as_of: str
    tool_version: str
    source: str
    scopes: tuple[tuple[str, str], ...]
    carried: tuple[tuple[str, str], ...]
    rules: tuple[str, ...]
    exit_code: int
    resources: int
    gaps: int
    counts: tuple[ScopeCounts, ...]
    snapshots: tuple[StoredFile, ...]
    reports: tuple[StoredFile, ...]
    tables: dict[str, tuple[StoredFile, ...]]

    @property
    def key(self) -> str:
        """Where the manifest lies."""
        return f"{RUNS}/{self.run_id}.json"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.bytes for f in self.all_files)

    @property
    def all_files(self) -> tuple[StoredFile, ...]:
        return (*self.snapshots, *self.reports, *(f for files in self.tables.values() for f in files))

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(sorted({account for account, _ in self.scopes}))

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.as_of)

    def report(self, name: str) -> StoredFile | None:
        """The report file of that name."""
        return next((f for f in self.reports if f.key.rpartition("/")[2] == name), None)


def run_id(as_of: str, hashes: Iterable[str]) -> str:
    """Name of the run of snapshots with these hashes: the same snapshots are the same run. Names sort by time."""
    moment = datetime.fromisoformat(as_of).astimezone(UTC)
    digest = hashlib.sha256("\n".join(sorted(hashes)).encode()).hexdigest()
    return f"{moment:%Y%m%dT%H%M%SZ}-{digest[:8]}"


def run_of(key: str) -> str | None:
    """The run that a file of the store belongs to; None for one that belongs to none (index.html)."""
    found = _RUN_ID.search(key)
    return found[0] if found else None


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.encode(manifest, order="deterministic") + b"\n"


class _Version(msgspec.Struct):
    schema_version: str


def decode(data: bytes, place: str) -> Manifest:
    """Raises ConfigError naming the place where it is damaged or of a newer version."""
    try:
        version = msgspec.json.decode(data, type=_Version).schema_version
        if version == SCHEMA_VERSION:
            return msgspec.json.decode(data, type=Manifest)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{place}: the run's manifest is damaged: {error}",
            hint="Delete the file: the run is then no longer there, and prune removes what is left of it.",
        ) from error
    raise ConfigError(
        f"{place}: written by a newer version (store schema {version}, this version reads {SCHEMA_VERSION})",
        hint="Upgrade: pip install --upgrade sagemaker-studio-auditor",
    )
