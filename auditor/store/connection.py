"""The DuckDB connection that tables are built in and rules are evaluated on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from auditor.sql_text import literal
from auditor.temporary_files import process_folder

if TYPE_CHECKING:
    import duckdb


def connect() -> duckdb.DuckDBPyConnection:
    """An empty in-memory database that installs and loads nothing by itself.

    Division by zero, of floats too, is an error rather than infinity or NULL: a rule that divides by zero must show up
    as an error, never as a verdict. In a notebook DuckDB would draw a bar of its own, unasked, into the output of
    whatever takes two seconds.
    """
    import duckdb

    con = duckdb.connect(":memory:")
    for setting in (
        "autoinstall_known_extensions = false",
        "autoload_known_extensions = false",
        "ieee_floating_point_ops = false",
        "error_on_division_by_zero = true",
        "TimeZone = 'UTC'",
        "enable_progress_bar = false",
        f"temp_directory = {literal(process_folder().as_posix())}",
    ):
        con.execute(f"set {setting}").fetchall()
    return con


def lock(con: duckdb.DuckDBPyConnection, folder: Path | None = None) -> None:
    """Shut the connection off from files (but those in ``folder``), extensions and settings, once the data is loaded.

    Hygiene beside the expression guard, which is what keeps a rule to expressions over the documented tables.
    """
    if folder is not None:
        con.execute(f"set allowed_directories = [{literal(folder.as_posix())}]").fetchall()
    con.execute("set enable_external_access = false").fetchall()
    con.execute("set lock_configuration = true").fetchall()
