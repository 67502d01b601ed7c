"""The store's tables: their columns as data, and writing a run's rows as Parquet.

Each is partitioned by ``date`` (of the run's as_of, UTC), ``account`` and ``region``, which stand in the folders' names
and not in the files: Hive's layout. Of a run over several accounts a table is one file, partitioned by date alone, that
is sorted by account and region: hundreds of accounts every night would be hundreds of thousands of files a year.
``auditor.store.ddl`` prints the same columns for Athena.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.model.resource import ResourceRef
from auditor.sql_text import literal
from auditor.store.manifest import BY_DATE
from auditor.studio.resource_types import TABLES

if TYPE_CHECKING:
    import duckdb

PARTITIONS = ("date", "account", "region")
#: Columns by which rows of one account and region are sorted, and rows of a row group: who asks for one account reads a
#: few of these.
_SORTED, _ROW_GROUP = ("rule_id", "type", "id"), 50_000
#: Stands for no account or no region in a partition: findings in templates.
NONE = "none"


@dataclass(frozen=True, slots=True)
class StoreColumn:
    """``type`` is DuckDB's."""

    name: str
    type: str
    doc: str


@dataclass(frozen=True, slots=True)
class StoreTable:
    """One table of the store, in the folder of its name."""

    name: str
    doc: str
    columns: tuple[StoreColumn, ...]


def _columns(*entries: tuple[str, str, str]) -> tuple[StoreColumn, ...]:
    return tuple(StoreColumn(*entry) for entry in entries)


_RUN = (
    ("run_id", "VARCHAR", "The run: its manifest is runs/RUN_ID.json"),
    ("as_of", "TIMESTAMP", "When the collection of the run began, UTC"),
)
_RESOURCE = (
    ("type", "VARCHAR", f"Type of the resource: {', '.join(TABLES)}, account_region"),
    ("id", "VARCHAR", "Its id within account and region"),
    ("name", "VARCHAR", "Its name"),
    ("arn", "VARCHAR", "Its ARN; empty in a template"),
    ("domain_id", "VARCHAR", "Id of its domain; empty for what belongs to none"),
    ("domain_name", "VARCHAR", "Name of its domain"),
)
_FINGERPRINT = ("fingerprint", "VARCHAR", "Stable name of the finding")
_REGRESSED = ("regressed", "INTEGER", "How often it came back")
_PLACE = (
    ("file", "VARCHAR", "File of the template; empty for a live resource"),
    ("line", "INTEGER", "Line in it"),
    ("construct", "VARCHAR", "Path of the CDK construct"),
)
#: Attributes of a ``ResourceRef``: the partition's columns, and those above, which are called as they are.
_OF_RESOURCE = ("account", "region", *(name for name, _, _ in (*_RESOURCE, *_PLACE)))

FINDINGS = StoreTable(
    "findings", "One row a failure, an unknown verdict or an error of a run.",
    _columns(
        *_RUN,
        _FINGERPRINT,
        ("rule_id", "VARCHAR", "The rule"), ("rule_name", "VARCHAR", "Its name"), ("area", "VARCHAR", "Its area"),
        ("severity", "VARCHAR", "critical, high, medium, low or info"),
        ("status", "VARCHAR", "fail, unknown or error"),
        ("waived", "BOOLEAN", "Whether a waiver set it aside"),
        ("state", "VARCHAR", "new, open, regressed or waived; NULL for unknown and error"),
        ("first_seen", "TIMESTAMP", "First run in which it failed; NULL for unknown and error"),
        _REGRESSED,
        ("gates", "BOOLEAN", "Whether the run exited 4 for it"),
        *_RESOURCE, *_PLACE,
        ("message", "VARCHAR", "The finding in a sentence"),
        ("setting", "VARCHAR", "Column that it is about"),
        ("value", "VARCHAR", "Its value, as JSON; null where it is unknown"),
        ("origin_layer", "VARCHAR", "Layer that set the value"),
        ("origin_resource", "VARCHAR", "Resource that set it"),
        ("origin_path", "VARCHAR", "API path there"),
        ("root_cause", "VARCHAR", "Id of its root cause; empty for unknown and error"),
        ("evidence", "VARCHAR", "All that the rule read, as JSON"),
        ("waiver", "VARCHAR", "The waiver, as JSON; NULL where there is none"),
    ),
)  # fmt: skip
RESOURCES = StoreTable(
    "resources", "One row a resource of a run, compliant or not.",
    _columns(
        *_RUN, *_RESOURCE[:1], ("key", "VARCHAR", "account/region/type/id"), *_RESOURCE[1:],
        ("status", "VARCHAR", "Status as AWS gives it"),
        ("creation_time", "TIMESTAMP", "When it was created, UTC"),
        ("tags", "MAP(VARCHAR, VARCHAR)", "Its tags; NULL where they were not read or it can have none"),
        ("settings", "VARCHAR", "Other columns of its documented table, with their origins, as JSON (docs/tables.md)"),
    ),
)  # fmt: skip
COVERAGE = StoreTable(
    "coverage", "One row an API operation of a run.",
    _columns(
        *_RUN, ("operation", "VARCHAR", "API operation"), ("calls", "BIGINT", "Calls made"),
        ("failed", "BIGINT", "Calls that failed"), ("retries", "BIGINT", "Attempts beyond the first"),
        ("dropped", "BIGINT", "Resources that were gone when they were to be described"),
        ("carried", "BIGINT", "Resources carried over from an earlier snapshot instead of being described"),
        ("error", "VARCHAR", "Commonest error code; empty where there was none"),
    ),
)  # fmt: skip
GAPS = StoreTable(
    "gaps", "One row a thing that a run could not see.",
    _columns(
        *_RUN, ("resource_type", "VARCHAR", "Type of the resource"),
        ("resource_id", "VARCHAR", "Its id; * for all of that type"),
        ("setting", "VARCHAR", "API path; * for the whole resource or list"),
        ("operation", "VARCHAR", "API operation"), ("reason", "VARCHAR", "Why"), ("detail", "VARCHAR", "What AWS said"),
    ),
)  # fmt: skip
HISTORY = StoreTable(
    "history", "One row a failure that this run or an earlier one has seen: the rows of the last run say all.",
    _columns(
        *_RUN,
        _FINGERPRINT,
        ("rule_id", "VARCHAR", "The rule"), ("severity", "VARCHAR", "Its severity when it last failed"),
        ("status", "VARCHAR", "failing, or resolved"),
        ("waived", "BOOLEAN", "Whether it was waived when it last failed"),
        ("assessed", "BOOLEAN", "Whether the run could say; false: it failed, and now nobody can say"),
        ("first_seen", "TIMESTAMP", "First run in which it failed"),
        ("last_seen", "TIMESTAMP", "Last run in which it failed"),
        ("resolved_at", "TIMESTAMP", "Run that saw it resolved; NULL while it is failing"),
        _REGRESSED,
        *_RESOURCE, *_PLACE,
        ("message", "VARCHAR", "The finding when it last failed"),
    ),
)  # fmt: skip
POSTURE = StoreTable(
    "posture", "One row a domain and area of rules: how many checks of a run passed, and how many failed.",
    _columns(
        *_RUN, ("domain_id", "VARCHAR", "Id of the domain; empty for what belongs to none"),
        ("area", "VARCHAR", "Area of the rules"), ("passed", "BIGINT", "Checks that passed"),
        ("failed", "BIGINT", "Checks that failed, waived ones aside"),
    ),
)  # fmt: skip
STORE_TABLES: tuple[StoreTable, ...] = (FINDINGS, RESOURCES, COVERAGE, GAPS, HISTORY, POSTURE)


def _plain(value: Any) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_encoder = msgspec.json.Encoder(enc_hook=_plain)


def text(value: Any) -> str:
    """A value as JSON text."""
    return _encoder.encode(value).decode()


def resource_row(resource: ResourceRef) -> dict[str, Any]:
    """A resource's columns of FINDINGS and HISTORY, with its partition's."""
    return {name: getattr(resource, name) for name in _OF_RESOURCE}


def _finding_row(finding: Finding, areas: Mapping[str, tuple[str, str]]) -> dict[str, Any]:
    name, area = areas[finding.rule_id]
    first = finding.evidence[0]
    return {
        **resource_row(finding.resource),
        "fingerprint": finding.fingerprint, "rule_id": finding.rule_id, "rule_name": name, "area": area,
        "severity": finding.severity, "status": finding.status, "waived": finding.waiver is not None,
        "state": finding.state, "first_seen": finding.first_seen, "regressed": finding.regressed,
        "gates": finding.gates, "message": finding.message, "setting": first.setting, "value": text(first.value),
        "origin_layer": first.origin.layer, "origin_resource": first.origin.resource,
        "origin_path": first.origin.path, "root_cause": finding.root_cause, "evidence": text(finding.evidence),
        "waiver": text(finding.waiver) if finding.waiver is not None else None,
    }  # fmt: skip


def rows(report: Report) -> Mapping[str, Iterator[dict[str, Any]]]:
    """The report's rows of FINDINGS, COVERAGE, GAPS and POSTURE, without the columns of the run."""
    areas = {r.id: (r.name, r.area) for r in report.rules}
    return {
        FINDINGS.name: (_finding_row(f, areas) for f in report.findings),
        COVERAGE.name: (msgspec.to_builtins(c) for c in report.coverage),
        GAPS.name: (msgspec.to_builtins(g) for g in report.gaps),
        POSTURE.name: (msgspec.to_builtins(p) for p in report.posture),
    }


def load_rows(con: duckdb.DuckDBPyConnection, name: str, table: StoreTable, rows: Iterable[Mapping[str, Any]],
              folder: Path) -> None:  # fmt: skip
    """Create a table of the rows in ``con``, with account and region, and without the columns of the run."""
    file = folder / f"{name}.rows.jsonl"
    with file.open("wb") as out:
        for row in rows:
            out.write(_encoder.encode(row) + b"\n")
    types = {c.name: c.type for c in table.columns if c.name not in ("run_id", "as_of")}
    types |= {"account": "VARCHAR", "region": "VARCHAR"}
    columns = ", ".join(f"{literal(column)}: {literal(type_)}" for column, type_ in types.items())
    con.execute(
        f"create or replace table {name} as select * from read_json({literal(str(file))},"
        f" format = 'newline_delimited', hive_partitioning = false, maximum_object_size = {64 * 1024 * 1024},"
        f" columns = {{{columns}}})"
    ).fetchall()
    file.unlink()


def write_parquet(
    con: duckdb.DuckDBPyConnection,
    table: StoreTable,
    query: str,
    folder: Path,
    run: tuple[str, str],
    *,
    by_date: bool = False,
) -> None:
    """Write the query's rows below ``folder``, as the store lays them out. ``run``: its id and as_of.

    The query gives the table's columns but those of the run, and account and region. ``by_date``: of several accounts.
    """
    run_id, as_of = run
    names = ", ".join(c.name for c in table.columns if c.name not in ("run_id", "as_of"))
    columns = (
        f"{literal(run_id)} as run_id, {literal(as_of)}::TIMESTAMP as as_of, {names},"
        f" coalesce(nullif(account, ''), '{NONE}') as account, coalesce(nullif(region, ''), '{NONE}') as region"
    )
    form = "format parquet, compression zstd"
    if not by_date:
        con.execute(
            f"copy (select {columns}, {literal(as_of[:10])} as date from ({query}))"
            f" to {literal(str(folder / table.name))} ({form}, overwrite_or_ignore,"
            f" partition_by ({', '.join(PARTITIONS)}), filename_pattern '{run_id}_{{i}}')"
        ).fetchall()
        return
    if not con.execute(f"select 1 from ({query}) limit 1").fetchall():
        return
    path = folder / f"{table.name}{BY_DATE}" / f"date={as_of[:10]}" / f"{run_id}_0.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    order = "account, region" + "".join(f", {c.name}" for c in table.columns if c.name in _SORTED)
    con.execute(
        f"copy (select {columns} from ({query}) order by {order}) to {literal(str(path))}"
        f" ({form}, row_group_size {_ROW_GROUP})"
    ).fetchall()


def written(folder: Path, table: StoreTable, run_id: str) -> list[Path]:
    """The files that ``write_parquet`` has written, by name."""
    places = (folder / table.name, folder / f"{table.name}{BY_DATE}")
    return sorted(path for place in places for path in place.rglob(f"{run_id}_*.parquet"))


def parquet(paths: Iterable[Path]) -> str:
    """SQL that reads Parquet files of the store, partitions as text. There must be one at least."""
    layouts: dict[tuple[str, ...], list[str]] = {}
    for path in paths:
        partitions: tuple[str, ...] = PARTITIONS[:1] if path.parent.parent.name.endswith(BY_DATE) else PARTITIONS
        layouts.setdefault(partitions, []).append(literal(str(path)))
    sources = []
    for layout, names in layouts.items():
        types = ", ".join(f"'{name}': VARCHAR" for name in layout)
        sources.append(
            f"select * from read_parquet([{', '.join(names)}], hive_partitioning = true, hive_types = {{{types}}},"
            " union_by_name = true)"
        )
    return f"({' union all by name '.join(sources)})"


def empty(table: StoreTable) -> str:
    """SQL of the table without rows, with its partitions: where there is no file to read."""
    every = [*((c.name, c.type) for c in table.columns), *((name, "VARCHAR") for name in PARTITIONS)]
    return f"(select {', '.join(f'null::{type_} as {name}' for name, type_ in every)} where false)"
