"""A store's Parquet files, held against what the store writes before anything is computed from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from auditor.counting import plural
from auditor.errors import ConfigError, DamagedError
from auditor.history.facts import Scope
from auditor.model.rule import Severity
from auditor.sql_text import literal, string_list
from auditor.store.connection import connect
from auditor.store.manifest import Manifest, StoredFile, every_scope, run_of
from auditor.store.runs import RunStore
from auditor.store.store_tables import FINDINGS, HISTORY, NONE, POSTURE, StoreTable, parquet
from auditor.store.unpack import SNAPSHOT_LIMIT, blocks
from auditor.temporary_files import workspace

if TYPE_CHECKING:
    import duckdb

#: Rows of one file, and bytes that its columns become: a million profiles that fail sixty rules each are 60 million.
MAX_ROWS = 200_000_000
MAX_BYTES = 32 * 1024**3
_SEVERITIES = ", ".join(literal(s.value) for s in Severity)
#: By table, what every row holds; NULL counts as not.
_HOLDS: Mapping[str, str] = {
    HISTORY.name: (
        f"fingerprint <> '' and severity in ({_SEVERITIES}) and status in ('failing', 'resolved') and rule_id <> ''"
        " and waived is not null and assessed is not null and first_seen is not null and last_seen is not null"
        " and (resolved_at is not null) = (status = 'resolved') and regressed >= 0 and type <> '' and id is not null"
        " and first_seen <= as_of and last_seen <= as_of"
    ),
    FINDINGS.name: (
        f"fingerprint <> '' and severity in ({_SEVERITIES}) and status in ('fail', 'unknown', 'error')"
        " and waived is not null"
    ),
    POSTURE.name: "domain_id is not null and area <> '' and passed >= 0 and failed >= 0",
}


class DamagedTableError(DamagedError):
    """A table's file that is missing or not what the store writes; ``run_id`` is the run that it is of."""

    def __init__(self, run_id: str, message: str) -> None:
        super().__init__(message)
        self.run_id = run_id


def partition(key: str) -> Scope | None:
    """Account and region that a table's file speaks about; None for one about all accounts of its run."""
    parts = dict(part.split("=", 1) for part in key.split("/") if "=" in part)
    return (unquote(parts["account"]), unquote(parts["region"])) if "account" in parts else None


def of_scopes(source: str, wanted: Mapping[Scope, Manifest]) -> str:
    """SQL of those rows that the run of their account and region has written: a file of a run over several accounts
    holds others as well."""
    if all(not run.by_date for run in wanted.values()):
        return source
    rows = ", ".join(
        f"({literal(run.run_id)}, {literal(account or NONE)}, {literal(region or NONE)})"
        for (account, region), run in sorted(wanted.items())
    )
    return f"(select * from {source} where (run_id, account, region) in (select * from (values {rows}) as wanted))"


def checked(store: RunStore, files: Sequence[StoredFile], folder: Path, table: StoreTable) -> str:
    """SQL that reads the files, at least one, of a table. Raises DamagedTableError for the first that cannot serve."""
    con = connect()
    try:
        paths = store.fetch(files, folder)
        if not _wrong(con, paths, table):
            return parquet(paths)
    except DamagedError:
        pass
    # Which of them it is, one by one.
    for file in files:
        run_id = run_of(file.key) or ""
        try:
            wrong = _wrong(con, store.fetch([file], folder), table)
        except DamagedError as error:
            raise DamagedTableError(run_id, error.message) from error
        if wrong:
            raise DamagedTableError(run_id, f"{store.place.label}/{file.key}: {wrong}")
    # Each alone can serve, and all together could not: the last changed meanwhile, or there are too many rows.
    of = f"the tables {table.name} of {plural(len(files), 'file')}"
    raise ConfigError(f"{store.place.label}: {of} cannot be read together")


def _wrong(con: duckdb.DuckDBPyConnection, paths: Sequence[Path], table: StoreTable) -> str:
    """What is wrong with files; empty for nothing. Every value is read."""
    import duckdb

    names = string_list([str(path) for path in paths])
    try:
        ((rows, size),) = con.execute(
            f"select (select max(num_rows) from parquet_file_metadata({names})),"
            f" (select max(size) from (select sum(total_uncompressed_size) as size from parquet_metadata({names})"
            " group by file_name))"
        ).fetchall()
        if not 0 <= (rows or 0) <= MAX_ROWS or not 0 <= (size or 0) <= MAX_BYTES:
            return f"becomes too large when it is read ({rows:,} rows)"
        source = f"read_parquet({names}, hive_partitioning = false, union_by_name = true, filename = 'read_from')"
        found = {column: type_ for column, type_, *_ in con.execute(f"describe select * from {source}").fetchall()}
        if missing := [c.name for c in table.columns if found.get(c.name) != c.type]:
            return f"is not a table {table.name} of a store: {', '.join(missing[:3])}"
        # A file is called after its run.
        holds = (
            "run_id = regexp_extract(read_from, '([^/]*)_[0-9]+[.]parquet$', 1) and as_of is not null"
            f" and {_HOLDS.get(table.name, 'true')}"
        )
        ((odd,),) = con.execute(
            f"select count(*) filter (({holds}) is not true or hash(t) is null) from {source} t"
        ).fetchall()
    except duckdb.Error as error:
        return f"cannot be read: {str(error).strip().splitlines()[0][:200]}"
    return f"holds {odd:,} rows that no run writes" if odd else ""


def mark_unreadable(store: RunStore) -> None:
    """Read what the next run will: the last run of every account and region. What is damaged is set aside.

    The run before a damaged one is looked at next.
    """
    from auditor.store.runs import latest

    while True:
        runs = store.runs()
        last = latest(runs, every_scope(runs))
        wrong = [
            (run, reason) for run in {r.run_id: r for r in last.values()}.values() if (reason := _damage(store, run))
        ]
        for run, reason in wrong:
            store.mark_damaged(run.run_id, reason)
        if not wrong:
            return


def _damage(store: RunStore, run: Manifest) -> str:
    with workspace("repair") as folder:
        try:
            for table in (HISTORY, POSTURE):
                if files := run.tables.get(table.name, ()):
                    checked(store, files, folder, table)
            for file, path in zip(run.snapshots, store.fetch(run.snapshots, folder), strict=True):
                _read_through(f"{store.place.label}/{file.key}", path)
        except DamagedError as error:
            return error.message
    return ""


def _read_through(name: str, path: Path) -> None:
    try:
        for _ in blocks(path, SNAPSHOT_LIMIT):
            pass
    except ConfigError as error:
        raise DamagedError(error.message.replace(str(path), name)) from error
