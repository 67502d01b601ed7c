"""What a store knows of one run. The file is written last: a run without it is not there.

It is one line of JSON, so that Athena, Trino and Spark read the manifests as a table as well.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from operator import attrgetter
from typing import overload

import msgspec

from auditor.errors import DamagedError, ExitCode, NewerVersionError
from auditor.model.snapshot import GLOBAL
from auditor.store.moments import is_moment

SCHEMA_VERSION = "1"
#: Version of a run whose tables hold all accounts in one file; versions that know only the first refuse to read it.
BY_DATE_VERSION = "2"
#: How the folder of such a table ends: its files lie by date alone.
BY_DATE = "_by_date"
#: Folders of a store; ``runs`` holds the manifests, ``files`` what people open, the rest are tables.
RUNS, FILES = "runs", "files"
#: Folder of the envelopes that sign runs.
SIGNATURES = "signatures"
_RUN_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}")
#: Keys of a run's files; nothing else in a store belongs to a run.
_RUN_KEY = re.compile(
    rf"(?:{RUNS}/(?P<manifest>{_RUN_ID.pattern})\.json"
    rf"|{SIGNATURES}/(?P<signature>{_RUN_ID.pattern})\.dsse\.json"
    rf"|{FILES}/(?P<files>{_RUN_ID.pattern})/(?P<name>[^/\\]+)"
    r"|(?P<table>[a-z][a-z_]*)/date=(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    # By date alone where the folder says so.
    rf"(?:/account=(?P<account>[^/\\]+)/region=[^/\\]+|(?<={BY_DATE}/date=[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}))"
    rf"/(?P<rows>{_RUN_ID.pattern})_[0-9]+\.parquet)"
)
_KNOWN = (SCHEMA_VERSION, BY_DATE_VERSION)
#: Regions, and what stands for none, are named in other programs' statements.
_REGION = re.compile(r"[a-z0-9-]*")
_ACCOUNT = re.compile(r"[0-9]{12}")
_SCOPES = b'"scopes":'
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a run: its key in the store, its size, and of a snapshot the hash that its last line holds.

    ``digest`` is the SHA-256 of the file as it lies there; empty in runs of versions that kept none.
    """

    key: str
    bytes: int
    sha256: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A run that another one follows, with the root that its manifest had."""

    run_id: str
    root: str


class ScopeCounts(msgspec.Struct, frozen=True, gc=False):
    """What a run found in one account and region. Failures by severity, waived ones aside; ``unknown`` with errors.

    ``region`` is aws-global for what belongs to no region. No dataclass: an organization has half a million a year,
    and they are read in a fifth of the time.
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


COUNTED = ("critical", "high", "medium", "low", "info", "waived", "unknown", "new", "regressed", "resolved")


class CountsApart(Sequence[ScopeCounts]):
    """Counts that are read when somebody asks for one of them; what they are together is known.

    ``read`` raises ConfigError where the place cannot be read, and DamagedError where the run is gone.
    """

    __slots__ = ("_read", "_seen", "total")

    def __init__(self, total: ScopeCounts, read: Callable[[], tuple[ScopeCounts, ...]]) -> None:
        self.total, self._read = total, read
        self._seen: tuple[ScopeCounts, ...] | None = None

    def _all(self) -> tuple[ScopeCounts, ...]:
        if self._seen is None:
            self._seen = self._read()
        return self._seen

    def __len__(self) -> int:
        return len(self._all())

    @overload
    def __getitem__(self, index: int) -> ScopeCounts: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[ScopeCounts, ...]: ...
    def __getitem__(self, index: int | slice) -> ScopeCounts | tuple[ScopeCounts, ...]:
        return self._all()[index]

    def __eq__(self, other: object) -> bool:
        return self._all() == (other._all() if isinstance(other, CountsApart) else other)

    __hash__ = None  # type: ignore[assignment]


def total(counts: Iterable[ScopeCounts]) -> ScopeCounts:
    """Several accounts and Regions together, under no name."""
    if isinstance(counts, CountsApart):
        return counts.total
    of = tuple(counts)
    return ScopeCounts("", "", *(sum(map(attrgetter(name), of)) for name in COUNTED))


@dataclass(frozen=True, slots=True)
class Manifest:
    """One run. ``as_of`` RFC 3339 in UTC.

    ``scopes``: accounts and regions that it audited; ``carried``: those whose open failures it only carried over.
    ``rules``: ids of the rules that ran. ``tables``: Parquet files by table, ``files``: what people open and the
    snapshots. ``incomplete``: accounts and regions of which something was not evaluated or not listed; None in runs
    of versions that did not say. ``accepted``: --allow-incomplete took that for granted. ``attempt``: the record of
    the run's beginning.
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
    counts: Sequence[ScopeCounts]
    snapshots: tuple[StoredFile, ...]
    reports: tuple[StoredFile, ...]
    tables: dict[str, tuple[StoredFile, ...]]
    incomplete: tuple[tuple[str, str], ...] | None = None
    accepted: bool = False
    attempt: str = ""
    missed: tuple[tuple[str, str], ...] = ()
    """Accounts that the run was to visit and of which it saw nothing, with their status (``AccountStatus``)."""
    previous: tuple[Link, ...] = ()
    """The runs that it follows (``auditor.store.chain``)."""
    root: str = ""
    """Over the whole manifest but for this member, which stands last; empty in runs of versions that had none."""

    @property
    def key(self) -> str:
        """Where the manifest lies."""
        return f"{RUNS}/{self.run_id}.json"

    @property
    def signature_key(self) -> str:
        """Where the envelope that signs it lies, if it is signed."""
        return f"{SIGNATURES}/{self.run_id}.dsse.json"

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.bytes for f in self.all_files)

    @property
    def all_files(self) -> tuple[StoredFile, ...]:
        return (*self.snapshots, *self.reports, *(f for files in self.tables.values() for f in files))

    @property
    def by_date(self) -> bool:
        """Whether each of its tables is one file for all accounts."""
        return self.schema_version == BY_DATE_VERSION

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(sorted({account for account, _ in self.scopes}))

    @property
    def moment(self) -> datetime:
        return datetime.fromisoformat(self.as_of)

    @property
    def whole(self) -> bool:
        """Whether every account was visited, and nothing is missing in any."""
        return not self.lacking and not self.missed

    @property
    def lacking(self) -> frozenset[tuple[str, str]]:
        """Accounts and regions for which the run is not complete."""
        if self.incomplete is not None:
            return frozenset(self.incomplete)
        if self.exit_code in (ExitCode.INCOMPLETE, ExitCode.NOTHING_COLLECTED):
            return frozenset(self.scopes)
        open_ = {(c.account, c.region) for c in self.counts if c.unknown}
        # What belongs to no region is part of what every region of its account knows.
        return frozenset(s for s in self.scopes if s in open_ or (s[0], GLOBAL) in open_)

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
    found = _RUN_KEY.fullmatch(key)
    if found is None or not is_safe(key):
        return None
    return found["manifest"] or found["signature"] or found["files"] or found["rows"]


def is_safe(key: str) -> bool:
    """Whether a key stays in its store: plain names divided by ``/``, none empty, hidden, ``..``, or with controls."""
    # Stores hold hundreds of thousands of keys: the whole is looked at, not each name by itself.
    return not (
        key.startswith((".", "/")) or key.endswith("/") or "/." in key or "//" in key or "\\" in key
        or not key or not key.isprintable()
    )  # fmt: skip


def encode(manifest: Manifest) -> bytes:
    return msgspec.json.encode(manifest, order="deterministic", enc_hook=tuple) + b"\n"


class _Outline(msgspec.Struct):
    schema_version: str
    scopes: msgspec.Raw = msgspec.Raw(b"[]")


@lru_cache(maxsize=32)
def _scopes(data: bytes) -> tuple[tuple[str, str], ...]:
    # Nights of an organization audit the same thousand accounts and Regions: they are read, and held, once.
    return msgspec.json.decode(data, type=tuple[tuple[str, str], ...])


def every_scope(runs: Iterable[Manifest]) -> set[tuple[str, str]]:
    """Accounts and regions that one of the runs audited."""
    return set(chain.from_iterable({id(run.scopes): run.scopes for run in runs}.values()))


def decode(data: bytes, place: str, key: str) -> Manifest:
    """The manifest that lies at ``key``. ``place`` is what a user calls the file.

    Raises NewerVersionError where it is of a newer version, and DamagedError where it is damaged, or names a file that
    is not of this very run: whoever can write into a store must not choose what is read or deleted elsewhere.
    """
    try:
        outline = msgspec.json.decode(data, type=_Outline)
        version, scopes = outline.schema_version, bytes(outline.scopes)
        if version in _KNOWN:
            apart = data.replace(_SCOPES + scopes, _SCOPES + b"[]", 1)
            manifest = msgspec.json.decode(apart, type=Manifest)
            manifest = replace(manifest, scopes=manifest.scopes or _scopes(scopes), counts=tuple(manifest.counts))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedError(f"{place}: the run's manifest is damaged: {error}") from error
    if version not in _KNOWN:
        if not (version.isascii() and version.isdecimal()):
            raise DamagedError(f"{place}: the run's manifest is damaged: its schema version is {version[:20]!r}")
        raise NewerVersionError(
            f"{place}: written by a newer version (store schema {version[:20]}, this version reads {BY_DATE_VERSION})",
            hint="Upgrade: pip install --upgrade sagemaker-studio-auditor",
        )
    if wrong := contradiction(manifest, key):
        raise DamagedError(f"{place}: the run's manifest is refused: {wrong}")
    return manifest


def contradiction(manifest: Manifest, key: str) -> str:
    """What contradicts the layout of a store; empty for nothing."""
    if not is_moment(manifest.as_of):
        return f"its as_of is {manifest.as_of[:40]!r}"
    if not _RUN_ID.fullmatch(manifest.run_id) or manifest.key != key:
        return f"it calls itself run {manifest.run_id[:40]!r}"
    if not manifest.run_id.startswith(f"{manifest.moment.astimezone(UTC):%Y%m%dT%H%M%SZ}-"):
        return f"its as_of {manifest.as_of} is not that of its name"
    named = (*manifest.scopes, *manifest.carried, *(manifest.incomplete or ()))
    odd = odd_region((*(r for _, r in named), *(c.region for c in manifest.counts)))
    if odd is not None:
        return f"it names a region {odd[:40]!r}"
    if odd_account := next((account for account, _ in manifest.missed if not _ACCOUNT.fullmatch(account)), None):
        return f"it names an account {odd_account[:40]!r}"
    for link in manifest.previous:
        if not _RUN_ID.fullmatch(link.run_id) or not _SHA256.fullmatch(link.root) or not link.root:
            return f"it follows a run {link.run_id[:40]!r}"
    if not _SHA256.fullmatch(manifest.root):
        return f"its root is {manifest.root[:80]!r}"
    owned = {FILES: (*manifest.snapshots, *manifest.reports), **manifest.tables}
    for folder, files in owned.items():
        for file in files:
            if not _owns(manifest, folder, file):
                return f"it names a file that is not of this run: {file.key[:200]!r}"
    if len({file.key for file in manifest.all_files}) != len(manifest.all_files):
        return "it names a file twice"
    return ""


def odd_region(regions: Iterable[str]) -> str | None:
    """The first that is no name of a Region, nor what stands for none; None where all are."""
    # Hundreds of accounts name the same few.
    return next((region for region in dict.fromkeys(regions) if not _REGION.fullmatch(region)), None)


def _owns(manifest: Manifest, folder: str, file: StoredFile) -> bool:
    found = _RUN_KEY.fullmatch(file.key)
    return (
        found is not None
        and manifest.run_id in (found["files"], found["rows"])
        and is_safe(file.key)
        and file.key.split("/")[0] in (folder, f"{folder}{BY_DATE}" if folder != FILES else folder)
        and (found["table"] is None or (found["account"] is None) == manifest.by_date)
        and found["date"] in (None, manifest.as_of[:10])
        and file.bytes >= 0
        and _SHA256.fullmatch(file.sha256) is not None
        and _SHA256.fullmatch(file.digest) is not None
    )
