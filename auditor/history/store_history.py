"""The history that a store holds: what was known before a run, and adding the run."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import ConfigError
from auditor.history.advance import Step
from auditor.history.facts import Facts, Scope, facts_of, posture_in
from auditor.history.stored_tables import DamagedTableError, checked, of_scopes, partition
from auditor.history.trend import CARRY, counts, incomplete_scopes, missed_accounts, trend
from auditor.model.posture import PostureCount
from auditor.model.report import Report
from auditor.model.snapshot import GLOBAL
from auditor.store import moments
from auditor.store.connection import connect
from auditor.store.manifest import BY_DATE_VERSION, FILES, SCHEMA_VERSION, Manifest, StoredFile
from auditor.store.runs import RunStore, latest
from auditor.store.store_tables import (
    HISTORY,
    NONE,
    POSTURE,
    RESOURCES,
    STORE_TABLES,
    StoreTable,
    empty,
    load_rows,
    parquet,
    rows,
    write_parquet,
    written,
)

if TYPE_CHECKING:
    import duckdb

#: Reports that people open where they lie; those for programs are kept compressed, which is a twentieth of their size.
OPENED = (".html", ".md")


class StoreHistory:
    """One run beside the store's history, before and while it is added.

    ``folder`` is the run's own temporary folder: it holds the resources' Parquet files already, and what the store
    gives is copied into it.
    """

    def __init__(self, store: RunStore, run_id: str, folder: Path) -> None:
        self._store, self._run_id, self._folder = store, run_id, folder
        self._con: duckdb.DuckDBPyConnection = connect()
        self.step: Step | None = None
        self._carried: frozenset[Scope] = frozenset()

    def compare(self, report: Report) -> Step:
        """The run beside what was known before it.

        Raises ConfigError where the store holds a later run of the same account and region: history is written in the
        order of time.
        """
        facts = facts_of(report)
        moment = datetime.fromisoformat(report.as_of)
        if moments.in_future(moment, moments.utc_now()):
            raise ConfigError(
                f"the run is dated {report.as_of}, which is still to come, so the store does not take it",
                hint="Set the clock of the machine that collects, and collect again.",
            )
        while True:
            try:
                return self._beside_earlier(report, facts, moment)
            except DamagedTableError as error:
                # The run before it says what was known then; repair says which it was.
                self._store.mark_damaged(error.run_id, error.message)

    def _beside_earlier(self, report: Report, facts: Facts, moment: datetime) -> Step:
        runs = [run for run in self._store.runs() if run.run_id != self._run_id]
        for run in runs:
            both = facts.scopes.intersection(run.scopes)
            if run.moment >= moment and both:
                account, region = min(both)
                raise ConfigError(
                    f"{self._store.place.label} holds a run of account {account} in {region} as of {run.as_of}, which"
                    f" is not before {report.as_of}",
                    hint="A store takes runs in the order of time. Use another --store for older snapshots.",
                )
        earlier = [run for run in runs if run.moment < moment]
        last = latest(earlier, facts.scopes)
        self._carried = _carried(earlier, last, facts.scopes, moment)
        sources = last | latest(earlier, self._carried)
        before = self._known(sources, earlier, HISTORY)
        present = written(self._folder, RESOURCES, self._run_id)
        self.step = Step(
            self._con, facts, before or empty(HISTORY), self._folder,
            present=parquet(present) if present else empty(RESOURCES),
            narrowed=_narrowed(earlier, facts.scopes),
        )  # fmt: skip
        self.previous = max((run.as_of for run in last.values()), key=datetime.fromisoformat, default=None)
        self.trend = trend(earlier, facts.scopes)
        self.posture = self._posture(self._known(last, earlier, POSTURE), facts)
        return self.step

    def _known(self, sources: Mapping[Scope, Manifest], earlier: Sequence[Manifest], table: StoreTable) -> str:
        """SQL of what these runs know of these scopes; empty where none has a row."""
        wanted = ledger_scopes(sources, earlier)
        files = ledger_files(wanted, table)
        return of_scopes(checked(self._store, files, self._folder / "before", table), wanted) if files else ""

    def _posture(self, counted: str, facts: Facts) -> tuple[PostureCount, ...] | None:
        """What passed and failed in the last runs of the same accounts and Regions; None where they did not count."""
        if not counted:
            return None
        found = self._con.execute(
            f"select nullif(account, '{NONE}'), nullif(region, '{NONE}'), domain_id, area, passed, failed"
            f" from {counted} order by all"
        ).fetchall()
        return posture_in((PostureCount(a or "", r or "", *rest) for a, r, *rest in found), facts.scopes)

    def keep(
        self, report: Report, exit_code: int, snapshots: Sequence[tuple[Path, str]], reports: Sequence[Path]
    ) -> Manifest:
        """Add the run: its snapshots with their hashes, its report files, its tables. Raises ConfigError."""
        assert self.step is not None, "compare comes first"
        folder = self._folder
        for table in STORE_TABLES:
            made = rows(report).get(table.name)
            if made is not None:
                load_rows(self._con, table.name, table, made, folder)
                self._write(table.name, f"select * from {table.name}", report)
        self._write(HISTORY.name, self.step.ledger(), report)
        files: dict[str, Path] = {}
        kept = []
        for number, (path, sha256) in enumerate(snapshots, 1):
            key = f"{FILES}/{self._run_id}/snapshot-{number}.jsonl.gz"
            files[key] = _compressed(path, folder / f"snapshot-{number}.jsonl.gz")
            kept.append(StoredFile(key, 0, sha256))
        kept_reports = {}
        for path in reports:
            kept_as = path if path.suffix in OPENED else _compressed(path, folder / f"{path.name}.gz")
            kept_reports[f"{FILES}/{self._run_id}/{kept_as.name}"] = kept_as
        tables: dict[str, tuple[StoredFile, ...]] = {}
        for table in STORE_TABLES:
            found = {path.relative_to(folder).as_posix(): path for path in written(folder, table, self._run_id)}
            files |= found
            tables[table.name] = tuple(StoredFile(key, 0) for key in found)
        scopes = tuple(sorted(self.step.facts.scopes))
        version = BY_DATE_VERSION if self._by_date else SCHEMA_VERSION
        manifest = Manifest(
            version, self._run_id, report.as_of, report.tool_version, report.source, scopes,
            tuple(sorted(self._carried)), tuple(sorted(self.step.facts.rules)), exit_code,
            sum(report.resources.values()), len(report.gaps), counts(report), tuple(kept),
            tuple(StoredFile(key, 0) for key in kept_reports), tables,
            incomplete=incomplete_scopes(report, scopes), accepted=not report.not_accepted, attempt=self._store.attempt,
            missed=missed_accounts(report, scopes),
        )  # fmt: skip
        return self._store.add(manifest, files | kept_reports)

    def _write(self, name: str, query: str, report: Report) -> None:
        table = next(t for t in STORE_TABLES if t.name == name)
        run = (self._run_id, report.as_of)
        write_parquet(self._con, table, query, self._folder, run, by_date=self._by_date)

    @property
    def _by_date(self) -> bool:
        assert self.step is not None, "compare comes first"
        return len({account for account, _ in self.step.facts.scopes}) > 1


def _compressed(source: Path, target: Path) -> Path:
    # No time and no name in the header: the same snapshot gives the same bytes.
    with source.open("rb") as file, target.open("wb") as raw, gzip.GzipFile("", "wb", 6, raw, mtime=0) as out:
        shutil.copyfileobj(file, out, 1024 * 1024)
    return target


def _carried(
    earlier: Sequence[Manifest], last: Mapping[Scope, Manifest], scopes: frozenset[Scope], moment: datetime
) -> frozenset[Scope]:
    """Scopes of the runs that this one follows, that it does not audit itself; for a while."""
    if not last:
        return frozenset()
    previous = max(last.values(), key=lambda run: run.moment)
    missing = frozenset((*previous.scopes, *previous.carried)) - scopes
    recent = latest(earlier, missing)
    return frozenset(scope for scope, run in recent.items() if run.moment >= moment - CARRY)


def ledger_scopes(sources: Mapping[Scope, Manifest], earlier: Sequence[Manifest]) -> dict[Scope, Manifest]:
    """The run that says what is known of each scope, and of what belongs to no region in their accounts."""
    of_account: dict[str, Manifest] = {}
    wanted = {account for account, _ in sources}
    for run in reversed(earlier):
        if not wanted:
            break
        of_account |= dict.fromkeys(wanted.intersection(run.accounts), run)
        wanted.difference_update(run.accounts)
    return dict(sources) | {
        (account, GLOBAL): of_account[account] for account, _ in sources if account in of_account
    }  # fmt: skip


def ledger_files(wanted: Mapping[Scope, Manifest], table: StoreTable = HISTORY) -> list[StoredFile]:
    """Parquet files with what these runs know of their scopes; those about several accounts hold others as well."""
    # A run over an organization may have hundreds of files: each is looked at once, not once for each scope.
    files: dict[str, dict[Scope | None, list[StoredFile]]] = {}
    found: dict[str, StoredFile] = {}
    for scope, run in wanted.items():
        if run.run_id not in files:
            files[run.run_id] = _by_scope(run.tables.get(table.name, ()))
        of_run = files[run.run_id]
        found |= {file.key: file for file in (*of_run.get(scope, ()), *of_run.get(None, ()))}
    return [found[key] for key in sorted(found)]


def _by_scope(files: Sequence[StoredFile]) -> dict[Scope | None, list[StoredFile]]:
    found: dict[Scope | None, list[StoredFile]] = {}
    for file in files:
        found.setdefault(partition(file.key), []).append(file)
    return found


def _narrowed(earlier: Sequence[Manifest], scopes: frozenset[Scope]) -> frozenset[str]:
    """Accounts of which some run before audited a region that this one does not."""
    accounts = {account for account, _ in scopes}
    return frozenset(
        account for run in earlier for account, region in run.scopes
        if account in accounts and (account, region) not in scopes
    )  # fmt: skip
