"""Tables whose rows Python has worked out, each inserted by one statement: row by row, DuckDB plans each anew, which
for fifty roles takes a tenth of a small audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from auditor.resolve.parsed_statements import run

if TYPE_CHECKING:
    import duckdb


def create_filled(
    con: duckdb.DuckDBPyConnection, name: str, columns: Mapping[str, str], rows: Sequence[Sequence[Any]]
) -> None:
    """Create a table of such columns (name → type) with the rows, whose values stand in the order of the columns."""
    run(con, f"create table {name} ({', '.join(f'{column} {type_}' for column, type_ in columns.items())})")
    insert(con, name, columns.values(), rows)


def insert(con: duckdb.DuckDBPyConnection, name: str, types: Iterable[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert the rows into a table whose columns have these types, in their order."""
    if rows:
        lists = ", ".join(f"unnest(${number}::{type_}[])" for number, type_ in enumerate(types, 1))
        con.execute(f"insert into {name} select {lists}", [list(values) for values in zip(*rows, strict=True)])
