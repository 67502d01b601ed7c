"""The run store: every run with its snapshots, tables and reports, readable by other programs for years.

    store.json                                                 which version of this layout it is
    runs/RUN.json                                              manifests: one there is a run that is whole
    files/RUN/snapshot-1.jsonl.gz, report.json.gz, report.html what people open
    TABLE/date=2026-11-23/account=…/region=…/RUN_0.parquet     findings, resources, coverage, gaps, history
    index.html                                                 the trend, and the nights to click

A run is written in that order from the bottom up, its manifest last. A writer that is killed leaves files that no
manifest names: no reader sees them, and ``prune`` removes them when they are a day old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from auditor.errors import ConfigError
from auditor.store.backends import Backend, Entry, read_all
from auditor.store.manifest import FILES, RUNS, SCHEMA_VERSION, Manifest, StoredFile, decode, encode, run_of

#: Files without a manifest are left alone for so long: their writer may still be at work.
ORPHAN_AGE = timedelta(days=1)
_PARALLEL = 16
Scope = tuple[str, str]
STORE_FILE = "store.json"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What prune deleted, or would have: runs, and files that belonged to none."""

    runs: tuple[Manifest, ...]
    orphans: tuple[str, ...]
    bytes: int


class RunStore:
    """The runs of a place."""

    def __init__(self, place: Backend) -> None:
        self.place = place
        self._read: dict[Entry, Manifest] = {}

    def prepare(self) -> None:
        """Make a store of an empty place; says early that it cannot be written.

        Raises ConfigError where it cannot, where it is a store of a newer version, and where something else lies there.
        """
        entries = [e.key for e in self.place.entries(STORE_FILE)]
        if STORE_FILE in entries:
            _check_version(self.place.read(STORE_FILE), f"{self.place.label}/{STORE_FILE}")
            return
        if self.place.entries(limit=1):
            raise ConfigError(
                f"{self.place.label} is no store: there is no {STORE_FILE} in it, and it is not empty",
                hint="Name an empty or a new folder or prefix.",
            )
        self.place.put_bytes(STORE_FILE, msgspec.json.encode({"schema_version": SCHEMA_VERSION}) + b"\n")

    def check(self) -> None:
        """Raises ConfigError where the place is no store, or one of a newer version."""
        if STORE_FILE not in [e.key for e in self.place.entries(STORE_FILE)]:
            raise ConfigError(
                f"{self.place.label} is no store: there is no {STORE_FILE} in it",
                hint="auditor audit --store … makes one.",
            )
        _check_version(self.place.read(STORE_FILE), f"{self.place.label}/{STORE_FILE}")

    def runs(self) -> tuple[Manifest, ...]:
        """Every whole run, oldest first. A manifest is read once. Raises ConfigError where one cannot be read."""
        entries = [e for e in self.place.entries(f"{RUNS}/") if e.key.endswith(".json")]
        unread = [e for e in entries if e not in self._read]
        for entry, data in zip(unread, read_all(self.place, [e.key for e in unread]), strict=True):
            self._read[entry] = decode(data, f"{self.place.label}/{entry.key}")
        return tuple(sorted((self._read[e] for e in entries), key=lambda m: (m.moment, m.run_id)))

    def fetch(self, files: Iterable[StoredFile], folder: Path) -> list[Path]:
        """Local files with the contents."""
        return self.place.fetch([f.key for f in files], folder)

    def add(self, manifest: Manifest, files: Mapping[str, Path]) -> Manifest:
        """Add a run: its files by key, then the manifest, with their sizes filled in.

        A run of the same id is replaced. Raises ConfigError where the place cannot be written; the run is then not
        there.
        """
        sizes = {key: path.stat().st_size for key, path in files.items()}
        named = [f.key for f in manifest.all_files]
        assert sorted(named) == sorted(files), "a run's files are those that its manifest names"
        whole = replace(
            manifest,
            snapshots=_sized(manifest.snapshots, sizes),
            reports=_sized(manifest.reports, sizes),
            tables={table: _sized(own, sizes) for table, own in manifest.tables.items()},
        )
        before = [e.key for e in self.place.entries(f"{RUNS}/{manifest.run_id}")]
        if before:
            # Until the new one is whole there is no run of this id, rather than one made of both.
            self.place.delete(before)
        # Tables last: whoever reads them without the manifests sees half a run for as short as can be.
        opened = [key for key in files if key.startswith(f"{FILES}/")]
        for batch in (opened, [key for key in files if key not in opened]):
            with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
                list(pool.map(lambda key: self.place.put(key, files[key]), sorted(batch)))
        self.place.put_bytes(whole.key, encode(whole))
        return whole

    def prune(self, keep: timedelta, now: datetime, *, account: str = "", dry_run: bool = False) -> Pruned:
        """Delete runs older than ``keep``, and what killed writers left behind.

        The last run of every account and region stays, however old it is. ``account``: only runs that speak of no
        other. ``dry_run``: only say.
        """
        runs = self.runs()
        last = {scope: run.run_id for run in runs for scope in run.scopes}
        doomed = tuple(
            run
            for run in runs
            if run.moment < now - keep
            and (not account or run.accounts == (account,))
            and run.run_id not in last.values()
        )
        whole = {run.run_id for run in runs}
        orphans = [
            e
            for e in self.place.entries()
            if (of := run_of(e.key)) is not None and of not in whole and e.modified < now.astimezone(UTC) - ORPHAN_AGE
        ]
        size = sum(run.size for run in doomed) + sum(e.size for e in orphans)
        if not dry_run:
            # Manifests first: a run is there as a whole, or not at all.
            self.place.delete([run.key for run in doomed])
            self.place.delete([f.key for run in doomed for f in run.all_files])
            self.place.delete([e.key for e in orphans])
        return Pruned(doomed, tuple(e.key for e in orphans), size)


class _StoreFile(msgspec.Struct):
    schema_version: str


def _check_version(data: bytes, place: str) -> None:
    try:
        version = msgspec.json.decode(data, type=_StoreFile).schema_version
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place}: is damaged: {error}") from error
    if version != SCHEMA_VERSION:
        raise ConfigError(
            f"{place}: written by a newer version (store schema {version}, this version reads {SCHEMA_VERSION})",
            hint="Upgrade: pip install --upgrade sagemaker-studio-auditor",
        )


def _sized(files: Sequence[StoredFile], sizes: Mapping[str, int]) -> tuple[StoredFile, ...]:
    return tuple(replace(f, bytes=sizes[f.key]) for f in files)


def latest(runs: Sequence[Manifest], scopes: Iterable[Scope], before: datetime | None = None) -> dict[Scope, Manifest]:
    """For each scope the last run that audited it, before that moment; none for a scope that none did."""
    wanted = set(scopes)
    found: dict[Scope, Manifest] = {}
    for run in runs:
        if before is None or run.moment < before:
            found |= {scope: run for scope in run.scopes if scope in wanted}
    return found


def choose(runs: Sequence[Manifest], text: str) -> Manifest:
    """The run that a person means: ``latest``, ``previous``, a day (its last run), or a run's id or its beginning.

    Raises ConfigError.
    """
    if not runs:
        raise ConfigError("the store holds no run", hint="auditor audit --store … adds one.")
    if text in ("latest", "previous"):
        number = {"latest": 1, "previous": 2}[text]
        if len(runs) < number:
            raise ConfigError("the store holds one run only, so there is no previous one")
        return runs[-number]
    found = [run for run in runs if run.as_of.startswith(text)] if _is_day(text) else []
    found = found[-1:] or [run for run in runs if text and run.run_id.startswith(text)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigError(f"{text!r} means several runs: {', '.join(_few(found))}")
    raise ConfigError(f"the store holds no run {text!r}", hint="See: auditor store list")


def _is_day(text: str) -> bool:
    return len(text) == len("2026-11-23") and text.count("-") == 2


def _few(runs: Sequence[Manifest]) -> Iterator[str]:
    yield from (run.run_id for run in runs[:4])
    if len(runs) > 4:
        yield f"{len(runs) - 4} more"
