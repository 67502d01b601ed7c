"""The run store: every run with its snapshots, tables and reports, readable by other programs for years.

    store.json                                                 which version of this layout it is
    runs/RUN.json                                              manifests: one there is a run that is whole
    manifests.jsonl.gz, manifests-counts.jsonl.gz              the same in two files (``packed_manifests``)
    signatures/RUN.dsse.json                                   what signs it, where runs are signed
    files/RUN/snapshot-1.jsonl.gz, report.json.gz, report.html what people open
    TABLE/date=2026-11-23/account=…/region=…/RUN_0.parquet     findings, resources, coverage, gaps, history
    TABLE_by_date/date=2026-11-23/RUN_0.parquet                the same of a run over several accounts
    index.html                                                 the trend, and the nights to click
    quarantine/…                                               what ``repair`` moved out of the way, by its key

A run is written in that order from the bottom up, its manifest last. A writer that is killed leaves files that no
manifest names: no reader sees them, and ``prune`` removes them when they are a day old.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from auditor.errors import AuditorError, ConfigError, DamagedError
from auditor.store import moments
from auditor.store.attempts import ATTEMPTS
from auditor.store.chain import Retired, heads, retire, root_of, seal
from auditor.store.manifest import (
    FILES,
    RUNS,
    SCHEMA_VERSION,
    SIGNATURES,
    Manifest,
    StoredFile,
    contradiction,
    decode,
    run_of,
)
from auditor.store.packed_manifests import BOTH, ENOUGH, Pack, read_pack, write_pack
from auditor.store.place import Backend, Entry

#: Files without a manifest are left alone for so long: their writer may still be at work.
ORPHAN_AGE = timedelta(days=1)
_PARALLEL = 16
Scope = tuple[str, str]
#: From a whole manifest and its bytes, the envelope that signs it.
Signer = Callable[[Manifest, bytes], bytes]
STORE_FILE = "store.json"
#: Folder that ``repair`` moves files to. No reader looks into it, and prune leaves it alone.
QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class SetAside:
    """A run that no reader uses: the key of its manifest, and why. ``run_id`` is empty where the key holds none."""

    key: str
    run_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Survey:
    """The whole runs of a store, oldest first, and those that are set aside."""

    runs: tuple[Manifest, ...]
    set_aside: tuple[SetAside, ...]


@dataclass(frozen=True, slots=True)
class Pruned:
    """What prune deleted, or would have: runs, and files that belonged to none."""

    runs: tuple[Manifest, ...]
    orphans: tuple[str, ...]
    bytes: int


class RunStore:
    """The runs of a place. A run that is damaged, or dated ahead of the clock, is set aside and ends nothing."""

    def __init__(self, place: Backend) -> None:
        self.place = place
        #: The record of the run that this process adds (``auditor.store.attempts``), while there is one.
        self.attempt = ""
        #: What signs the runs that are added; None: nothing does.
        self.signer: Signer | None = None
        # Roots of the runs whose manifests hold none.
        self._plain_roots: dict[str, str] = {}
        self._read: dict[Entry, Manifest | SetAside] = {}
        self._found_damaged: dict[str, str] = {}
        self._pack = Pack(place, {})

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
                f"{self.place.label} is not a store: there is no {STORE_FILE} in it, and it is not empty",
                hint="Name an empty or a new folder or prefix.",
            )
        self.place.put_bytes(STORE_FILE, msgspec.json.encode({"schema_version": SCHEMA_VERSION}) + b"\n")

    def check(self) -> None:
        """Raises ConfigError where the place is not a store, or one of a newer version."""
        if STORE_FILE not in [e.key for e in self.place.entries(STORE_FILE)]:
            raise ConfigError(
                f"{self.place.label} is not a store: there is no {STORE_FILE} in it",
                hint="auditor audit --store … makes one.",
            )
        _check_version(self.place.read(STORE_FILE), f"{self.place.label}/{STORE_FILE}")

    def runs(self) -> tuple[Manifest, ...]:
        """Every whole run, oldest first. Raises ConfigError where one is of a newer version."""
        return self.survey().runs

    def survey(self) -> Survey:
        """The runs, and those that are set aside. A manifest is read once.

        Raises ConfigError where one is of a newer version, and where the place cannot be read.
        """
        now = moments.utc_now()
        entries = [e for e in self.place.entries(f"{RUNS}/") if e.key.endswith(".json")]
        unread = [e for e in entries if e not in self._read]
        if len(unread) > 2:
            self._pack = read_pack(self.place)
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            self._read |= zip(unread, pool.map(self._manifest, unread), strict=True)
        runs: list[Manifest] = []
        aside: list[SetAside] = []
        for entry in entries:
            read = self._read[entry]
            if isinstance(read, Manifest):
                read = self._trusted(read, now)
            if isinstance(read, Manifest):
                runs.append(read)
            else:
                aside.append(read)
        return Survey(tuple(sorted(runs, key=lambda m: (m.moment, m.run_id))), tuple(aside))

    def _manifest(self, entry: Entry) -> Manifest | SetAside:
        try:
            found = self._pack.manifest(entry)
            data = found[1] if found else self.place.read(entry.key)
            run = found[0] if found else decode(data, f"{self.place.label}/{entry.key}", entry.key)
            if not run.root:
                self._plain_roots[run.run_id] = root_of(data)
            return run
        except DamagedError as error:
            return SetAside(entry.key, run_of(entry.key) or "", error.message)

    def _trusted(self, run: Manifest, now: datetime) -> Manifest | SetAside:
        if reason := self._found_damaged.get(run.run_id):
            return SetAside(run.key, run.run_id, reason)
        if moments.in_future(run.moment, now):
            place = f"{self.place.label}/{run.key}"
            return SetAside(run.key, run.run_id, f"{place}: the run is dated {run.as_of}, which is still to come")
        return run

    def mark_damaged(self, run_id: str, reason: str) -> None:
        """Set a run aside for as long as this object lives: one of its files turned out to be damaged."""
        self._found_damaged[run_id] = reason

    def fetch(self, files: Iterable[StoredFile], folder: Path) -> list[Path]:
        """Local files with the contents. Raises DamagedError where one is not there, or not as long as its run says."""
        wanted = list(files)
        paths = self.place.fetch([f.key for f in wanted], folder)
        for file, path in zip(wanted, paths, strict=True):
            if path.stat().st_size != file.bytes:
                raise DamagedError(f"{self.place.label}/{file.key}: is not as long as its run says")
        return paths

    def repair(self, *, dry_run: bool = False) -> tuple[SetAside, ...]:
        """Move the runs that are set aside to quarantine/, with all files of theirs; what was moved, and why.

        A run whose files are missing, or not as long as it says, is one of them. Manifests are moved last, so that a
        repair that is killed can be repeated. Nothing is deleted.
        """
        entries = self.place.entries()
        sizes = {e.key: e.size for e in entries}
        for run in self.survey().runs:
            wrong = next((f.key for f in run.all_files if sizes.get(f.key) != f.bytes), None)
            if wrong is not None:
                what = "is not as long as its run says" if wrong in sizes else "is missing"
                self.mark_damaged(run.run_id, f"{self.place.label}/{wrong}: {what}")
        found = self.survey().set_aside
        if not dry_run:
            for aside in found:
                own = [e.key for e in entries if aside.run_id and run_of(e.key) == aside.run_id and e.key != aside.key]
                for key in (*own, aside.key):
                    self.place.move(key, f"{QUARANTINE}/{key}")
        return found

    def add(self, manifest: Manifest, files: Mapping[str, Path]) -> Manifest:
        """Add a run: its files by key, then the manifest, with their sizes filled in.

        A run of the same id is replaced. Raises ConfigError where the place cannot be written; the run is then not
        there.
        """
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            found = dict(zip(files, pool.map(_measured, files.values()), strict=True))
        named = [f.key for f in manifest.all_files]
        assert sorted(named) == sorted(files), "a run's files are those that its manifest names"
        if wrong := contradiction(manifest, manifest.key):
            raise ConfigError(f"{self.place.label}: cannot take the run: {wrong}", hint="Rename the report's file.")
        whole = replace(
            manifest,
            snapshots=_sized(manifest.snapshots, found),
            reports=_sized(manifest.reports, found),
            tables={table: _sized(own, found) for table, own in manifest.tables.items()},
        )
        self._make_room(manifest.run_id)
        # Tables last: whoever reads them without the manifests sees half a run for as short as can be.
        opened = [key for key in files if key.startswith(f"{FILES}/")]
        for batch in (opened, [key for key in files if key not in opened]):
            with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
                list(pool.map(lambda key: self.place.put(key, files[key]), sorted(batch)))
        runs = self.runs()
        earlier = [run for run in runs if not _overtook(run, whole)]
        whole, data = seal(replace(whole, previous=heads(self.roots(earlier), earlier)))
        if self.signer is not None:
            self.place.put_bytes(whole.signature_key, self.signer(whole, data))
        self.place.put_bytes(whole.key, data)
        if len(runs) - len(self._pack) >= ENOUGH:
            # The run is there, whole: without the pack it only takes longer to read.
            with suppress(AuditorError):
                self.compact()
        return whole

    def compact(self, before: datetime | None = None) -> int:
        """Put manifests of runs that began before a moment, or of all, into the pack; how many it holds then.

        Nothing else is changed. Raises ConfigError where the place cannot be written.
        """
        wanted = {run.key for run in self.runs() if before is None or run.moment < before}
        entries = [e for e in self.place.entries(f"{RUNS}/") if e.key in wanted]
        pack = read_pack(self.place)
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            read = list(pool.map(lambda e: pack.whole(e) or self.place.read(e.key), entries))
        number = write_pack(self.place, zip(entries, read, strict=True))
        self._pack = read_pack(self.place)
        return number

    def _make_room(self, run_id: str) -> None:
        """Remove a run of this id: until the new one is whole there is none, rather than one made of both."""
        before = [e.key for e in self.place.entries(f"{RUNS}/{run_id}")]
        before += [e.key for e in self.place.entries(f"{SIGNATURES}/{run_id}")]
        runs = self.runs()
        old = self.roots([run for run in runs if run.run_id == run_id])
        if old:
            staying = [run for run in runs if run.run_id != run_id]
            retire(self.place, [Retired(name, root, "replaced") for name, root in old.items()], staying)
        if before:
            # Written again within a second, in the same size, a manifest looks like the one that was packed.
            packed = [e.key for e in self.place.entries(BOTH)]
            self.place.delete([*packed, *before])

    def roots(self, runs: Iterable[Manifest]) -> dict[str, str]:
        """The root of each of these runs, by id, as its manifest gives it."""
        return {run.run_id: run.root or self._plain_roots[run.run_id] for run in runs}

    def prune(self, keep: timedelta, now: datetime, *, account: str = "", dry_run: bool = False) -> Pruned:
        """Delete runs older than ``keep``, and what killed writers left behind.

        The last run of every account and region stays, however old it is. ``account``: only runs that speak of no
        other. ``dry_run``: only say.
        """
        known = self.survey()
        runs = known.runs
        last = {scope: run.run_id for run in runs for scope in run.scopes}
        doomed = tuple(
            run
            for run in runs
            if run.moment < now - keep
            and (not account or run.accounts == (account,))
            and run.run_id not in last.values()
        )
        # What is set aside is for ``repair`` to move: nobody deletes it unseen.
        whole = {run.run_id for run in runs} | {aside.run_id for aside in known.set_aside}
        orphans = [
            e
            for e in self.place.entries()
            if (of := run_of(e.key)) is not None and of not in whole and e.modified < now.astimezone(UTC) - ORPHAN_AGE
        ]
        # Records of runs that failed grow as old as runs do; --account names none of them.
        if not account:
            orphans += [e for e in self.place.entries(f"{ATTEMPTS}/") if e.modified < now.astimezone(UTC) - keep]
        size = sum(run.size for run in doomed) + sum(e.size for e in orphans)
        if not dry_run:
            gone = [Retired(name, root, "pruned") for name, root in self.roots(doomed).items()]
            ids = {run.run_id for run in doomed}
            staying = [run for run in runs if run.run_id not in ids]
            retire(self.place, _followed(gone, staying, runs), staying)
            # Manifests first: a run is there as a whole, or not at all.
            self.place.delete([run.key for run in doomed])
            self.place.delete([run.signature_key for run in doomed])
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


def _measured(path: Path) -> tuple[int, str]:
    with path.open("rb") as file:
        return path.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _sized(files: Sequence[StoredFile], found: Mapping[str, tuple[int, str]]) -> tuple[StoredFile, ...]:
    return tuple(replace(f, bytes=found[f.key][0], digest=found[f.key][1]) for f in files)


def _followed(gone: Sequence[Retired], staying: Sequence[Manifest], runs: Sequence[Manifest]) -> list[Retired]:
    """Those that a run that stays follows, or that none follows at all yet: one may just be about to."""
    wanted = {link.root for run in staying for link in run.previous}
    known = {link.root for run in runs for link in run.previous}
    return [one for one in gone if one.root in wanted or one.root not in known]


def _overtook(one: Manifest, run: Manifest) -> bool:
    """Whether one that is in the store already began no earlier than the run: both were at work on an account and
    Region at once, and it ended first. The run doesn't follow it; the next one follows both."""
    return one.moment >= run.moment and not {*one.scopes}.isdisjoint(run.scopes)


def latest(runs: Sequence[Manifest], scopes: Iterable[Scope], before: datetime | None = None) -> dict[Scope, Manifest]:
    """For each scope the last run that audited it, before that moment; none for a scope that none did."""
    wanted = set(scopes)
    found: dict[Scope, Manifest] = {}
    # The newest run answers for nearly all: those of a year before it are hardly looked at.
    for run in reversed(runs):
        if not wanted:
            break
        if before is None or run.moment < before:
            found |= dict.fromkeys(wanted.intersection(run.scopes), run)
            wanted.difference_update(run.scopes)
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
