"""Asking the documented tables of snapshots in SQL."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditor.errors import ConfigError
from auditor.evaluate.asked_tables import (
    FINDING,
    RULE,
    ReportAsked,
    RulesAsked,
    create,
    fill_findings,
    fill_rules,
)
from auditor.evaluate.audit import load_tables
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.expressions import readable
from auditor.studio.personas import DEFAULT_PERSONAS, Persona

if TYPE_CHECKING:
    import duckdb

#: Names of the database that tables are built in, and of the one that holds nothing but the documented ones.
_BUILT, _ASKED = "memory", "snapshot"
#: Kinds of statements that give rows.
_GIVE_ROWS = frozenset({"SELECT", "EXPLAIN", "PRAGMA", "CALL", "RELATION"})
_HINT = "docs/tables.md lists tables and columns."


@dataclass(frozen=True, slots=True)
class Asked:
    """Snapshots, and how their tables are built. ``rules`` and ``report`` give what the tables ``rule`` and ``finding``
    hold; they are asked only where a statement names the table, which is empty without them."""

    files: Sequence[Path]
    merge: NestedMerge = NestedMerge.UNKNOWN
    personas: Sequence[Persona] = DEFAULT_PERSONAS
    rules: RulesAsked | None = None
    report: ReportAsked | None = None


def query(asked: Asked, sql: str) -> tuple[tuple[str, ...], list[tuple[Any, ...]]]:
    """Column names and rows of the last statement. Raises ConfigError with DuckDB's reason."""
    import duckdb

    con = _connected(asked)
    _fill(con, asked, sql)
    try:
        cursor = con.execute(_last(con, sql))
        return tuple(d[0] for d in cursor.description or ()), cursor.fetchall()
    except duckdb.Error as error:
        raise _refused(error) from error


def query_to_parquet(asked: Asked, sql: str, path: Path) -> int:
    """Write the rows of the last statement into a new Parquet file; how many there are. ``path``: in a folder of its
    own, in which statements may write. Raises ConfigError with DuckDB's reason."""
    import duckdb

    con = _connected(asked, path.parent)
    _fill(con, asked, sql)
    try:
        relation = con.sql(_last(con, sql))
        relation.write_parquet(str(path))
        ((number,),) = con.execute("select count(*) from read_parquet($1)", [str(path)]).fetchall()
    except duckdb.Error as error:
        raise _refused(error) from error
    return int(number)


def _connected(asked: Asked, folder: Path | None = None) -> duckdb.DuckDBPyConnection:
    """The documented tables and no other: those that they are made of stay in a database of their own."""
    con, _ = load_tables(asked.files, asked.merge, asked.personas, folder=folder)
    con.execute(f"attach ':memory:' as {_ASKED}")
    create(con, _ASKED, _BUILT)
    con.execute(f"use {_ASKED}")
    return con


def _fill(con: duckdb.DuckDBPyConnection, asked: Asked, sql: str) -> None:
    """Fill the tables that take an evaluation, or reading all rules, where the statements may mean them."""
    named = {word.lower() for word in re.findall(r"\w+", sql)}
    if asked.rules is not None and RULE.name in named:
        fill_rules(con, asked.rules())
    if asked.report is not None and FINDING.name in named:
        fill_findings(con, asked.report())


def _last(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The last statement, which has to give rows, once those before it have run."""
    statements = con.extract_statements(sql)
    if not statements:
        raise ConfigError("the query is empty", hint="Write a SELECT statement.")
    *before, last = statements
    if last.type.name not in _GIVE_ROWS:
        raise ConfigError("the last statement gives no rows", hint="Write a SELECT statement.")
    for statement in before:
        con.execute(statement)
    text: str = last.query
    return text


def _refused(error: duckdb.Error) -> ConfigError:
    """DuckDB's sentence, and the column or table that may be meant."""
    lines = str(error).splitlines()
    told = (line.strip() for line in lines[1:] if line.startswith(("Candidate bindings", "Did you mean")))
    meant = next((line for line in told if f"{_BUILT}." not in line), "")
    return ConfigError(f"the query failed: {readable(error)}", hint=f"{meant}\n  {_HINT}" if meant else _HINT)
