"""The resources of a run as rows of the store: the documented tables, each row's settings as one JSON object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.resolve.table_model import Column, Table
from auditor.resolve.tables import TABLES
from auditor.sql_text import literal
from auditor.store.store_tables import RESOURCES, write_parquet

if TYPE_CHECKING:
    import duckdb

#: Columns of a documented table that RESOURCES has itself, or that say nothing of the resource.
_OWN = frozenset(
    ("key", "account", "region", "id", "name", "arn", "status", "creation_time", "as_of", "tags", "domain_id",
     "domain_key", "domain_name")
)  # fmt: skip


def export_resources(
    con: duckdb.DuckDBPyConnection, folder: Path, run_id: str, as_of: str, *, by_date: bool = False
) -> None:
    """Write every resource of the documented tables as Parquet below the folder. The connection must not be locked.
    ``by_date``: the run is over several accounts."""
    write_parquet(con, RESOURCES, _query(), folder, (run_id, as_of), by_date=by_date)


def _query() -> str:
    """SQL over the documented tables that gives RESOURCES' rows, with account and region."""
    return " union all by name ".join(_resources(t) for t in TABLES if t.resource_type)


def _resources(table: Table) -> str:
    def own(name: str, otherwise: str) -> str:
        return f"t.{name}" if table.column(name) is not None else otherwise

    shown = [item for column in table.columns if column.name not in _OWN for item in _setting(column)]
    domain = table.name == "domain"
    name = table.display_name_sql
    return (
        f"select t.account, t.region, {literal(table.resource_type)} as type, t.key, t.id, {name} as name,"
        f" coalesce({own('arn', 'null')}, '') as arn,"
        f" coalesce({'t.id' if domain else own('domain_id', 'null')}, '') as domain_id,"
        f" coalesce({'t.name' if domain else own('domain_name', 'null')}, '') as domain_name,"
        f" {own('status', 'null::VARCHAR')} as status, {own('creation_time', 'null::TIMESTAMP')} as creation_time,"
        f" {own('tags', 'null::MAP(VARCHAR, VARCHAR)')} as tags,"
        f" to_json(struct_pack({', '.join(shown)}))::VARCHAR as settings from {table.name} t"
    )


def _setting(column: Column) -> Iterator[str]:
    yield f'"{column.name}" := t."{column.name}"'
    if column.has_origin:
        yield f'"{column.name}_origin" := t."{column.name}_origin"'
