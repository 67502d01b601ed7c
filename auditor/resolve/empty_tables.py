"""Tables without a row, where nothing of their kind was seen: to plan their queries takes longer than a small audit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from auditor.resolve.parsed_statements import run
from auditor.resolve.raw_schema import quoted
from auditor.resolve.table_model import Table, documented_columns

if TYPE_CHECKING:
    import duckdb


def holds(con: duckdb.DuckDBPyConnection, *kinds: str) -> bool:
    """Whether the snapshots hold a resource of one of the kinds."""
    return any(con.execute(f"select 1 from raw_{kind} limit 1").fetchall() for kind in kinds)


def create_empty(
    con: duckdb.DuckDBPyConnection, documented: Table, name: str = "", further: Mapping[str, str] | None = None
) -> None:
    """Create a documented table, called ``name`` if that is given; ``further``: columns, with their types, that it has
    beside the documented ones."""
    create_without_rows(con, name or documented.name, {**documented_columns(documented, "origin"), **(further or {})})


def create_without_rows(con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str]) -> None:
    """Create a table of these columns, with their types."""
    run(con, f"create table {name} ({', '.join(f'{quoted(column)} {t}' for column, t in columns.items())})")
