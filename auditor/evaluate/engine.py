"""Verdicts of all rules, one scan for each table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.model.rule import Rule, Verdict
from auditor.rules.applicability import apply_template_limits
from auditor.rules.expressions import readable
from auditor.rules.verdict_sql import Overrides, careful_verdict_sql, verdict_sql

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Where the verdicts are: table ``verdict_<table>`` (``key``, and a column for each rule id).

    ``counts`` maps rule id to verdict to number of resources; ``errors`` maps the rules that failed at run time to
    DuckDB's reason.
    """

    counts: Mapping[str, Mapping[Verdict, int]]
    errors: Mapping[str, str]


def evaluate_rules(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule], overrides: Overrides) -> Verdicts:
    """Evaluate the rules on the documented tables of ``con``. A rule that fails on some rows is ``error`` there and its
    own verdict on the others."""
    con.execute(f"create type verdict as ENUM({', '.join(repr(str(v)) for v in Verdict)})").fetchall()
    counts: dict[str, Mapping[Verdict, int]] = {}
    errors: dict[str, str] = {}
    for table in sorted({r.table for r in rules}):
        own = [r for r in rules if r.table == table]
        if not _rows(con, table):
            # To plan the rules of a table takes longer than a small account; without a row there is nothing to decide.
            _create(con, table, {r.id: "null::verdict" for r in own})
            counts |= {r.id: dict.fromkeys(Verdict, 0) for r in own}
            continue
        errors |= _scan(con, table, own, overrides)
        apply_template_limits(con, table, own)
        counts |= _count(con, table, own)
    return Verdicts(counts, errors)


def recount(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule], verdicts: Verdicts) -> Verdicts:
    """The verdicts with the counts of what their tables hold by now."""
    counts: dict[str, Mapping[Verdict, int]] = {}
    for table in sorted({r.table for r in rules}):
        counts |= _count(con, table, [r for r in rules if r.table == table])
    return Verdicts(counts, verdicts.errors)


def _scan(con: duckdb.DuckDBPyConnection, table: str, rules: list[Rule], overrides: Overrides) -> dict[str, str]:
    import duckdb

    verdicts = {r.id: f"({verdict_sql(r, overrides.get(r.id))})::verdict" for r in rules}
    try:
        _create(con, table, verdicts)
        return {}
    except duckdb.Error:
        errors = {r.id: reason for r in rules if (reason := _failure(con, table, verdicts[r.id]))}
    for rule in rules:
        if rule.id in errors:
            verdicts[rule.id] = f"({careful_verdict_sql(rule, overrides.get(rule.id))})::verdict"
            if _failure(con, table, verdicts[rule.id]):
                # TRY does not reach into subqueries; then no row of this rule can be trusted.
                verdicts[rule.id] = "'error'::verdict"
    _create(con, table, verdicts)
    return errors


#: SQL of a rule from this length on (lists of words), and rows of a table up to which it is planned alone. Beside such
#: a rule, others take DuckDB three times as long to plan; on many rows reading the table twice would cost more.
_LONG, _FEW_ROWS = 20_000, 20_000
#: Rows up to which what is made of a long list is made for each of them, rather than in planning.
_HANDFUL = 3


def _create(con: duckdb.DuckDBPyConnection, table: str, verdicts: Mapping[str, str]) -> None:
    long = {rule_id: sql for rule_id, sql in verdicts.items() if len(sql) > _LONG}
    rows = _rows(con, table)
    few = rows <= _HANDFUL
    if not 0 < len(long) < len(verdicts) or rows > _FEW_ROWS:
        made = _select(table, verdicts, named_lists=few)
        con.execute(f"create or replace table verdict_{table} as {made}").fetchall()
        return
    rest = {rule_id: sql for rule_id, sql in verdicts.items() if rule_id not in long}
    for part, some in (("rest", rest), ("long", long)):
        con.execute(
            f"create or replace temp table verdict_part_{part} as {_select(table, some, named_lists=few)}"
        ).fetchall()
    con.execute(
        f"create or replace table verdict_{table} as select * from verdict_part_rest join verdict_part_long using (key)"
    ).fetchall()
    for part in ("rest", "long"):
        con.execute(f"drop table verdict_part_{part}").fetchall()


#: A long list as ``auditor.rules.verdict_sql`` writes it.
_LIST = re.compile(r"string_split\('(?:[^']|'')*', '\|'\)")


def _select(table: str, verdicts: Mapping[str, str], *, named_lists: bool = False) -> str:
    """``named_lists``: each long list is a column of one row beside the table, instead of standing wherever it is
    meant. What is made of a list, such as a regular expression of thousands of words, is then made for each row that
    comes to it, instead of once in planning."""
    lists: dict[str, str] = {}
    columns = []
    for rule_id, sql in verdicts.items():
        # Inside a subquery a column of the outer query is something else to DuckDB than a constant.
        if named_lists and "select" not in _LIST.sub("", sql).lower():
            sql = _LIST.sub(lambda found: f'__list."{lists.setdefault(found[0], f"l{len(lists)}")}"', sql)
        columns.append(f'{sql} as "{rule_id}"')
    beside = ", ".join(f'{text} as "{name}"' for text, name in lists.items())
    return f"select key, {', '.join(columns)} from {table}{f', (select {beside}) as __list' if lists else ''}"


def _rows(con: duckdb.DuckDBPyConnection, table: str) -> int:
    return int(con.execute(f"select count(*) from {table}").fetchall()[0][0])


def _failure(con: duckdb.DuckDBPyConnection, table: str, sql: str) -> str:
    import duckdb

    try:
        con.execute(f"select count(v) from (select {sql} as v from {table})").fetchall()
    except duckdb.Error as error:
        return readable(error)
    return ""


def _count(con: duckdb.DuckDBPyConnection, table: str, rules: list[Rule]) -> dict[str, Mapping[Verdict, int]]:
    counts = {r.id: dict.fromkeys(Verdict, 0) for r in rules}
    # One row a rule and verdict: a count of its own for each of them takes longer to plan than a small table to count,
    # and four times as long on a million rows.
    columns = ", ".join(f'"{rule_id}"' for rule_id in counts)
    rows = con.execute(
        f"select rule, verdict::VARCHAR, count(*) from (unpivot verdict_{table} on {columns} into name rule"
        " value verdict) group by all"
    ).fetchall()
    for rule_id, verdict, number in rows:
        counts[rule_id][Verdict(verdict)] = number
    return dict(counts)
