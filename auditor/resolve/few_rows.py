"""How queries on few rows are planned: a small audit takes longer to plan than to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.sql_text import literal

if TYPE_CHECKING:
    import duckdb

#: Bytes of snapshot up to which a query takes longer to plan than to run.
SMALL = 2_000_000
#: What DuckDB's planner still does for few rows: to work out constants, which errors then name; to make joins of
#: conditions, without which a query could take the square of its rows; not to read columns that nobody asks for.
WORTH_IT = ("expression_rewriter", "filter_pushdown", "unused_columns")

#: SQL of whether a connection's queries are planned so.
PLANNED_FOR_FEW_ROWS = "current_setting('disabled_optimizers') <> ''"


def plan_for_few_rows(con: duckdb.DuckDBPyConnection) -> None:
    """Leave out of planning what only makes a query faster on many rows, a sixth of a small audit. The results are the
    same."""
    names = (name for (name,) in con.execute("select name from duckdb_optimizers()").fetchall())
    con.execute(f"set disabled_optimizers = {literal(','.join(n for n in names if n not in WORTH_IT))}").fetchall()
    # Each thread sets up every step of a query for itself, which for so few rows is most of the work.
    con.execute("set threads = 1").fetchall()
