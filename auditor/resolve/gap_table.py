"""What is not known, and why: what snapshots say, and what two readings of a nested structure leave open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from auditor.resolve.empty_tables import holds
from auditor.resolve.parsed_statements import run
from auditor.resolve.sql_files import statement
from auditor.sql_text import literal
from auditor.studio.resource_types import BY_KIND
from auditor.studio.settings import USER_PROFILE_ROOT, USER_SETTINGS

if TYPE_CHECKING:
    import duckdb


def create(con: duckdb.DuckDBPyConnection) -> None:
    """``gap``: one row a value that is not known."""
    if not holds(con, "user_profile"):
        con.execute("create table gap as select * from raw_gap")
        return
    nested = [s for s in USER_SETTINGS if s.structure]
    paths = ", ".join(
        f"case when {s.column}_origin = 'ambiguous' then '{USER_PROFILE_ROOT}.{s.path}' end" for s in nested
    )
    run(
        con,
        statement(
            "gap",
            operation=literal(BY_KIND["user_profile"].describe),
            paths=paths,
            ambiguous=" or ".join(f"{s.column}_origin = 'ambiguous'" for s in nested),
        ),
    )
