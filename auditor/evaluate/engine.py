"""Verdicts of all rules, one scan for each table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.evaluate.kind_columns import KindColumns, add_kind_columns, drop_kind_columns, has_rows
from auditor.model.rule import Rule, Verdict
from auditor.resolve.alike_profiles import alike_columns
from auditor.resolve.parsed_statements import run
from auditor.rules.applicability import apply_template_limits
from auditor.rules.expressions import readable
from auditor.rules.verdict_sql import Overrides, careful_verdict_sql, verdict_sql

if TYPE_CHECKING:
    import duckdb


#: Rows up to which verdicts are counted one by one: to plan the query that counts them takes longer.
_FEW = 100


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Where the verdicts are: table ``verdict_<table>`` (``key``, and a column for each rule id). Where user profiles
    are told apart by kind, theirs has the number of the kind as well (``alike``).

    ``counts`` maps rule id to verdict to number of resources; ``errors`` maps the rules that failed at run time to
    DuckDB's reason.
    """

    counts: Mapping[str, Mapping[Verdict, int]]
    errors: Mapping[str, str]


def evaluate_rules(
    con: duckdb.DuckDBPyConnection,
    rules: Sequence[Rule],
    overrides: Overrides,
    account_names: Sequence[tuple[str, str]] = (),
) -> Verdicts:
    """Evaluate the rules on the documented tables of ``con``. A rule that fails on some rows is ``error`` there and its
    own verdict on the others. ``account_names``: account → name, where an organization says; their words may be the
    company's own to rules on names."""
    con.execute(f"create type verdict as ENUM({', '.join(repr(str(v)) for v in Verdict)})").fetchall()
    counts: dict[str, Mapping[Verdict, int]] = {}
    errors: dict[str, str] = {}
    kinds = add_kind_columns(con, rules, overrides, account_names)
    try:
        for table in sorted({r.table for r in rules}):
            own = [r for r in rules if r.table == table]
            if not has_rows(con, table):
                # To plan the rules of a table takes longer than a small account; without a row none decides anything.
                columns = "".join(f', "{r.id}" verdict' for r in own)
                run(con, f"create or replace table verdict_{table} (key VARCHAR{columns})").fetchall()
                counts |= {r.id: dict.fromkeys(Verdict, 0) for r in own}
                continue
            errors |= _scan(con, table, own, overrides, kinds)
            apply_template_limits(con, table, own)
            counts |= _count(con, table, own)
    finally:
        drop_kind_columns(con, kinds)
    return Verdicts(counts, errors)


def recount(con: duckdb.DuckDBPyConnection, rules: Sequence[Rule], verdicts: Verdicts) -> Verdicts:
    """The verdicts with the counts of what their tables hold by now."""
    counts: dict[str, Mapping[Verdict, int]] = {}
    for table in sorted({r.table for r in rules}):
        counts |= _count(con, table, [r for r in rules if r.table == table])
    return Verdicts(counts, verdicts.errors)


def _scan(
    con: duckdb.DuckDBPyConnection, table: str, rules: list[Rule], overrides: Overrides, kinds: KindColumns
) -> dict[str, str]:
    import duckdb

    verdicts = {
        r.id: f"({verdict_sql(r, overrides.get(r.id), kinds.of_rules.get(r.id, {}), 'verdict')})" for r in rules
    }
    try:
        _create(con, table, verdicts) if table != "user_profile" else _of_profiles(con, rules, verdicts, kinds)
        return {}
    except duckdb.Error:
        errors = {r.id: reason for r in rules if (reason := _failure(con, table, verdicts[r.id]))}
    for rule in rules:
        if rule.id in errors:
            careful = careful_verdict_sql(rule, overrides.get(rule.id), kinds.of_rules.get(rule.id, {}))
            verdicts[rule.id] = f"({careful})::verdict"
            if _failure(con, table, verdicts[rule.id]):
                # TRY does not reach into subqueries; then no row of this rule can be trusted.
                verdicts[rule.id] = "'error'::verdict"
    _create(con, table, verdicts)
    return errors


def _of_profiles(
    con: duckdb.DuckDBPyConnection, rules: list[Rule], verdicts: Mapping[str, str], kinds: KindColumns
) -> None:
    """The same of user profiles: where they are told apart by kind, a rule that reads only what is the same for all of
    a kind is evaluated once for each kind. Raises duckdb.Error."""
    alike = alike_columns(con)
    once = [r.id for r in rules if not r.reads and alike.issuperset(map(str.lower, r.columns))]
    if not once:
        _create(con, "user_profile", verdicts)
        return
    judged = ", ".join(f'{verdicts[rule_id]} as "{rule_id}"' for rule_id in once)
    # A rule may name its table, as user_profile.experience.
    con.execute(
        f"create or replace temp table verdict_alike as select alike, {judged} from user_profile_alike as user_profile"
    ).fetchall()
    columns = ", ".join(
        f'k."{rule_id}"' if rule_id in once else f'{sql} as "{rule_id}"' for rule_id, sql in verdicts.items()
    )
    # Under its own name it has the kinds of words as well.
    rows = "user_profile" if "user_profile" in kinds.tables else "user_profile_line"
    con.execute(
        f"create or replace table verdict_user_profile as select key, {columns}, alike"
        f" from {rows} as user_profile join verdict_alike k using (alike)"
    ).fetchall()
    con.execute("drop table verdict_alike").fetchall()


def _create(con: duckdb.DuckDBPyConnection, table: str, verdicts: Mapping[str, str]) -> None:
    columns = ", ".join(f'{sql} as "{rule_id}"' for rule_id, sql in verdicts.items())
    run(con, f"create or replace table verdict_{table} as select key, {columns} from {table}").fetchall()


def _failure(con: duckdb.DuckDBPyConnection, table: str, sql: str) -> str:
    import duckdb

    try:
        # To count values that are never NULL, DuckDB would work out none of them.
        con.execute(f"select max(v) from (select {sql} as v from {table})").fetchall()
    except duckdb.Error as error:
        return readable(error)
    return ""


def _count(con: duckdb.DuckDBPyConnection, table: str, rules: list[Rule]) -> dict[str, Mapping[Verdict, int]]:
    counts = {r.id: dict.fromkeys(Verdict, 0) for r in rules}
    few = con.execute(f"select * exclude (key) from verdict_{table} limit {_FEW + 1}")
    names = [name for name, *_ in few.description or ()]
    rows = few.fetchall()
    if len(rows) <= _FEW:
        for name, verdicts in zip(names, zip(*rows, strict=True), strict=False):
            for verdict in verdicts if name in counts else ():
                if verdict is not None:
                    counts[name][Verdict(verdict)] += 1
        return dict(counts)
    # One row a rule and verdict: a count of its own for each of them takes longer to plan than a small table to count.
    # Of a million resources, a hundred have verdicts that no other has: counting these first takes a fifteenth.
    columns = ", ".join(f'"{rule_id}"' for rule_id in counts)
    rows = con.execute(
        f"with alike as (select {columns}, count(*) as resources from verdict_{table} group by all)"
        f" select rule, verdict::VARCHAR, sum(resources)::BIGINT from (unpivot alike on {columns} into name rule"
        " value verdict) group by all"
    ).fetchall()
    for rule_id, verdict, number in rows:
        counts[rule_id][Verdict(verdict)] = number
    return dict(counts)
