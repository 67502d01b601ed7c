"""Long statements are parsed once in a process that runs them again.

A small audit runs statements of tens of thousands of characters on tables of a few rows. DuckDB keeps the plan of no
statement that reads a table, so what can be kept is the parsed text: a sixth of the time. It holds no data and belongs
to no connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_joins import without_empty_joins

if TYPE_CHECKING:
    import duckdb

#: Statements that are kept, and texts that are remembered as run once.
_KEPT, _REMEMBERED = 200, 10_000
_parsed: dict[str, duckdb.Statement] = {}
_once: set[int] = set()


def run(con: duckdb.DuckDBPyConnection, sql: str) -> duckdb.DuckDBPyConnection:
    """Execute one statement without parameters, whose text doesn't hang on the data. Its second run keeps it parsed: a
    process that runs each once parses none twice and keeps none. Threads may run statements at the same time.

    A table that is made of few rows is made without the joins of those that are empty by then."""
    if sql.startswith("create table"):
        sql = without_empty_joins(con, sql)
    kept = _parsed.get(sql)
    if kept is None:
        seen = hash(sql)
        if seen not in _once:
            if len(_once) >= _REMEMBERED:
                _once.clear()
            _once.add(seen)
            return con.execute(sql)
        (kept,) = con.extract_statements(sql)
        if len(_parsed) >= _KEPT:
            _parsed.clear()
        _parsed[sql] = kept
    return con.execute(kept)
