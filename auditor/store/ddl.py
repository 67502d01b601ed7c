"""Table definitions of a store for other programs: Athena (and Trino, Spark with Hive's syntax) and DuckDB."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from auditor.model.snapshot import GLOBAL
from auditor.sql_text import literal
from auditor.store.manifest import BY_DATE, RUNS, Manifest
from auditor.store.store_tables import NONE, PARTITIONS, STORE_TABLES, StoreTable

#: DuckDB's types in the store → Athena's.
ATHENA_TYPES = {
    "VARCHAR": "string", "BOOLEAN": "boolean", "INTEGER": "int", "BIGINT": "bigint", "TIMESTAMP": "timestamp",
    "MAP(VARCHAR, VARCHAR)": "map<string,string>",
}  # fmt: skip
#: What a manifest holds, as the JSON SerDe sees it.
_RUNS = (
    ("run_id", "string", "The run"), ("as_of", "string", "When its collection began, RFC 3339 in UTC"),
    ("tool_version", "string", "Version of the auditor"),
    ("source", "string", "aws, cloudformation, terraform or mixed"),
    ("scopes", "array<array<string>>", "Accounts and regions that it audited"),
    ("rules", "array<string>", "Rules that ran"), ("exit_code", "int", "What it exited with"),
    ("resources", "int", "Resources audited"), ("gaps", "int", "Missing data"),
)  # fmt: skip


def athena(location: str, database: str, runs: Sequence[Manifest], *, repair: bool = False) -> Iterator[str]:
    """Statements, one after another. ``location`` is the store's s3:// address.

    Accounts and regions are those of the store's runs: partition projection names them. ``repair``: partitions are
    registered instead, which suits a store of very many accounts.
    """
    root = location.rstrip("/")
    yield f"CREATE DATABASE IF NOT EXISTS {_name(database)}"
    yield _runs_table(root, database)
    several = any(run.by_date for run in runs)
    for table in STORE_TABLES:
        for raw in (_raw(table), *([_raw(table, BY_DATE)] if several else [])):
            yield _table(table, raw, root, database, runs, repair)
            if repair:
                yield f"MSCK REPAIR TABLE {_name(database)}.{_name(raw)}"
        yield _view(table, database, several=several)


def _name(text: str) -> str:
    return f"`{text}`"


def _raw(table: StoreTable, ending: str = "") -> str:
    return f"{table.name}{ending}_files"


def _text(text: str) -> str:
    # How a quote inside is written differs between the engines, so there is none: a test holds the texts to that.
    assert "'" not in text, text
    return f"'{text}'"


def _runs_table(root: str, database: str) -> str:
    columns = ",\n".join(f"  {_name(name)} {type_} COMMENT {_text(doc)}" for name, type_, doc in _RUNS)
    return (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {_name(database)}.{_name(RUNS)} (\n{columns}\n)\n"
        "COMMENT 'One row a run that is whole'\n"
        "ROW FORMAT SERDE 'org.openx.data.jsonserde.JsonSerDe'\n"
        f"LOCATION {_text(f'{root}/{RUNS}/')}"
    )


def _table(table: StoreTable, raw: str, root: str, database: str, runs: Sequence[Manifest], repair: bool) -> str:
    by_date = raw == _raw(table, BY_DATE)
    columns = [f"  {_name(c.name)} {ATHENA_TYPES[c.type]} COMMENT {_text(c.doc)}" for c in table.columns]
    if by_date:
        columns += [f"  {_name(name)} string COMMENT {_text(f'Its {name}')}" for name in PARTITIONS[1:]]
    partitions = ", ".join(f"{_name(name)} string" for name in (PARTITIONS[:1] if by_date else PARTITIONS))
    folder = f"{table.name}{BY_DATE}" if by_date else table.name
    listed = ",\n".join(columns)
    of = " Runs over several accounts." if by_date else ""
    statement = (
        f"CREATE EXTERNAL TABLE IF NOT EXISTS {_name(database)}.{_name(raw)} (\n{listed}\n)\n"
        f"COMMENT {_text(f'{table.doc}{of} Files of unfinished runs included.')}\n"
        f"PARTITIONED BY ({partitions})\n"
        f"STORED AS PARQUET\nLOCATION {_text(f'{root}/{folder}/')}"
    )
    if repair:
        return statement
    projected = _by_date(folder, root, runs) if by_date else _projection(table, root, runs)
    properties = ",\n".join(f"  {_text(k)} = {_text(v)}" for k, v in projected)
    return f"{statement}\nTBLPROPERTIES (\n{properties}\n)"


def _by_date(folder: str, root: str, runs: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    yield from _dates(runs)
    yield "storage.location.template", f"{root}/{folder}/date=${{date}}/"


def _dates(runs: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    first = runs[0].as_of[:10] if runs else "2026-01-01"
    yield "projection.enabled", "true"
    yield "projection.date.type", "date"
    yield "projection.date.format", "yyyy-MM-dd"
    yield "projection.date.range", f"{first},NOW"


def _projection(table: StoreTable, root: str, runs: Sequence[Manifest]) -> Iterator[tuple[str, str]]:
    accounts = sorted({account or NONE for run in runs for account, _ in run.scopes})
    # What belongs to an account and to no region has a partition of its own.
    regions = sorted({region or NONE for run in runs for _, region in run.scopes} | {GLOBAL})
    yield from _dates(runs)
    # A template's account is a path, which a list of names could not hold.
    if accounts and all(re.fullmatch(r"[A-Za-z0-9_.-]+", account) for account in accounts):
        yield "projection.account.type", "enum"
        yield "projection.account.values", ",".join(accounts)
    else:
        # Then every query has to name the account.
        yield "projection.account.type", "injected"
    yield "projection.region.type", "enum"
    yield "projection.region.values", ",".join(regions)
    yield "storage.location.template", f"{root}/{table.name}/date=${{date}}/account=${{account}}/region=${{region}}/"


def _view(table: StoreTable, database: str, *, several: bool) -> str:
    """Athena's queries quote with double quotes, its definitions with backticks."""
    columns = ", ".join(f'"{name}"' for name in (*(c.name for c in table.columns), *PARTITIONS))
    selects = [
        f'SELECT {columns}\nFROM "{database}"."{raw}"\nWHERE "run_id" IN (SELECT "run_id" FROM "{database}"."{RUNS}")'
        for raw in (_raw(table), *([_raw(table, BY_DATE)] if several else []))
    ]
    return f'CREATE OR REPLACE VIEW "{database}"."{table.name}" AS\n' + "\nUNION ALL\n".join(selects)


def duckdb(location: str, runs: Sequence[Manifest]) -> Iterator[str]:
    """The same as views for DuckDB. ``location``: the store's folder or s3:// address.

    A table that no run has rows of has no view: DuckDB refuses a pattern without files.
    """
    root = location.rstrip("/")
    yield f"CREATE OR REPLACE VIEW runs AS SELECT * FROM read_json({literal(f'{root}/{RUNS}/*.json')})"
    for table in STORE_TABLES:
        layouts = {run.by_date for run in runs if run.tables.get(table.name)}
        sources = []
        for by_date in sorted(layouts):
            partitions = PARTITIONS[:1] if by_date else PARTITIONS
            types = ", ".join(f"'{name}': {'DATE' if name == 'date' else 'VARCHAR'}" for name in partitions)
            folder = f"{table.name}{BY_DATE}" if by_date else table.name
            files = literal(f"{root}/{folder}/{'*/' * len(partitions)}*.parquet")
            sources.append(
                f"SELECT * FROM read_parquet({files}, hive_partitioning = true, hive_types = {{{types}}},"
                " union_by_name = true)\nWHERE run_id IN (SELECT run_id FROM runs)"
            )
        if sources:
            yield f"CREATE OR REPLACE VIEW {table.name} AS\n" + "\nUNION ALL BY NAME\n".join(sources)
