"""Joins of tables that hold no row, which small audits have many of.

Each join carries the columns of all before it, so that twenty of them take thirty times as long to plan and set up as
five. A left join of a table without a row only adds NULLs: whatever its condition, it is as ``on true``, which is no
hash join. And nothing, NULL neither, is ``in`` it.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from auditor.resolve.few_rows import PLANNED_FOR_FEW_ROWS

if TYPE_CHECKING:
    import duckdb

#: What no table is called.
_FEW = "few rows"
_JOIN = re.compile(r"\bleft\s+join\s+(\w+)(?:\s+(?!on\b|using\b)(\w+))?\s+(on|using)\b", re.IGNORECASE)
_LOOK_UP = re.compile(r"\b(not\s+)?in\s+\(\s*select\s+[\w.,\s]+?\s+from\s+(\w+)\s*\)", re.IGNORECASE)
#: Names of a statement's own queries, which hide tables that are called the same.
_OWN = re.compile(r"\b(\w+)\s+as\s+(?:(?:not\s+)?materialized\s+)?\(", re.IGNORECASE)
_NAME = re.compile(r"\w+")
#: What a condition is made of, as far as it matters where it ends: texts and comments, parentheses, what comes next.
_PART = re.compile(
    r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/|[(),;]"
    r"|\b(?:left|inner|cross|semi|anti|join|where|group|order|having|qualify|union|except|limit)\b",
    re.IGNORECASE | re.DOTALL,
)


def without_empty_joins(con: duckdb.DuckDBPyConnection, sql: str) -> str:
    """The statement, with the same result as long as no table has other rows than now; as it is, where queries are
    not planned for few rows."""
    tables = _joined(sql)
    if not tables:
        return sql
    # At once, for each of many such questions would take longer than this one.
    asked = "".join(f" union all (select '{table}' from {table} limit 1)" for table in tables)
    found = {name for (name,) in con.execute(f"select '{_FEW}' where {PLANNED_FOR_FEW_ROWS}{asked}").fetchall()}
    return _without(sql, frozenset(tables) - found) if _FEW in found else sql


@lru_cache(maxsize=200)
def _joined(sql: str) -> tuple[str, ...]:
    """The tables of which rows matter, each once."""
    named = [match[1] for match in _JOIN.finditer(sql)] + [match[2] for match in _LOOK_UP.finditer(sql)]
    own = {match[1] for match in _OWN.finditer(sql)}
    return tuple(name for name in dict.fromkeys(named) if name not in own)


@lru_cache(maxsize=200)
def _without(sql: str, empty: frozenset[str]) -> str:
    """The statement without joins of these tables."""

    def looked_up(match: re.Match[str]) -> str:
        # Whether anything is NULL, is not NULL.
        return ("is null is not null" if match[1] else "is null is null") if match[2] in empty else match[0]

    sql = _LOOK_UP.sub(looked_up, sql)
    parts, end = list[str](), 0
    for join in _JOIN.finditer(sql):
        table, alias, how = join.groups()
        if table not in empty:
            continue
        condition_end = _condition_end(sql, join.end())
        alias, rows = alias or table, table
        if how == "using":
            # What is joined by a column's name has one column of it.
            columns = sql[join.end() : condition_end].strip()
            if re.search(rf"\b{alias}\.({'|'.join(_NAME.findall(columns))})\b", sql):
                continue
            rows = f"(select * exclude {columns} from {table})"
        parts += [sql[end : join.start()], f"left join {rows} {alias} on true "]
        end = condition_end
    return "".join([*parts, sql[end:]])


def _condition_end(sql: str, start: int) -> int:
    """Where a join's condition ends, or its list of columns, that begins at ``start``."""
    depth = 0
    for part in _PART.finditer(sql, start):
        text = part[0]
        if text == "(":
            depth += 1
        elif text == ")" and depth:
            depth -= 1
        elif not depth and text[0] not in "'\"-/":
            return part.start()
    return len(sql)
