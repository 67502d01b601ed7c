"""Run the cases that travel with rules, on the same engine that audits. Ships, so that users test theirs alike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from auditor.errors import RuleError
from auditor.model.rule import Case, Rule, Severity, Verdict
from auditor.resolve.table_model import handed_down
from auditor.resolve.tables import SPACE_DEFAULT_PREFIX, USER_DEFAULT_PREFIX, table
from auditor.rules.expressions import create_empty_tables, readable
from auditor.rules.message import message
from auditor.rules.value_columns import expressions
from auditor.rules.verdict_sql import severity_sql, verdict_sql
from auditor.rules.withheld import withheld
from auditor.sql_text import literal, string_list
from auditor.studio.personas import DEFAULT_PERSONAS
from auditor.studio.settings import DOMAIN_SETTINGS, SPACE_DEFAULT_SETTINGS, SPACE_SETTINGS, USER_SETTINGS
from auditor.studio.tools import RSTUDIO

if TYPE_CHECKING:
    import duckdb

_NEUTRAL: Mapping[str, Any] = {
    "VARCHAR": "",
    "BOOLEAN": False,
    "INTEGER": 0,
    "BIGINT": 0,
    "TIMESTAMP": datetime(2026, 1, 1),
    "VARCHAR[]": [],
    "MAP(VARCHAR, VARCHAR)": {},
}


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case and what the rule really said; ``error`` is why it could not say anything. ``severity``, ``message``
    and ``withheld`` are those of a failure."""

    rule: Rule
    case: Case
    got: Verdict
    error: str = ""
    severity: Severity | None = None
    message: str = ""
    withheld: str | None = None

    @property
    def ok(self) -> bool:
        case = self.case
        return (
            self.got == case.then
            and case.severity in (None, self.severity)
            and (not case.message or case.message == self.message)
            and case.withheld in (None, self.withheld)
        )


def run_cases(rules: Sequence[Rule]) -> tuple[CaseResult, ...]:
    """Every case of the rules. A column that a case does not give is neutral: the service's default, else ``''``,
    ``false``, ``0``, ``[]``; ``null`` is unknown. Raises RuleError for a value that its column cannot hold."""
    from auditor.store.connection import connect

    con = connect()
    create_empty_tables(con)
    used = {rule.table for rule in rules} | {name for r in rules for case in r.cases for name in case.tables or ()}
    for name in used:
        if table(name) is not None:
            _neutral_row(con, name)
    return tuple(result for rule in rules for result in _results(con, rule))


@cache
def _defaults() -> Mapping[str, Any]:
    """Values of columns whose setting has a literal default, and what the built-in persona needs, by table.column."""
    values: dict[str, Any] = {}
    for setting in USER_SETTINGS:
        values[f"user_profile.{setting.column}"] = setting.default
        values[f"domain.{handed_down(USER_DEFAULT_PREFIX, setting.column)}"] = setting.default
    for setting in DOMAIN_SETTINGS:
        values[f"domain.{setting.column}"] = setting.default
    for setting in SPACE_DEFAULT_SETTINGS:
        values[f"domain.{SPACE_DEFAULT_PREFIX}{setting.column}"] = setting.default
    for setting in SPACE_SETTINGS:
        values[f"space.{setting.column}"] = setting.default
    literals = {k: v for k, v in values.items() if v != "NULL" and " " not in v}
    # Everybody is of the built-in persona, on a domain without RStudio.
    (default,) = DEFAULT_PERSONAS
    return literals | {
        "user_profile.persona": literal(default.name),
        "user_profile.needed_app_types": string_list(tuple(a for a in default.apps if a != RSTUDIO)),
        "user_profile.needed_ml_tools": string_list(default.tools),
        "user_profile.needed_canvas_features": f"{string_list(default.canvas)}::VARCHAR[]",
    }


#: Prefix of the tables that hold one row each, of neutral values.
_NEUTRAL_ROW = "neutral_"


def _neutral_row(con: duckdb.DuckDBPyConnection, table_name: str) -> None:
    """Create the table's neutral row, once a connection: what a case does not give is taken from there."""
    documented = table(table_name)
    assert documented is not None, table_name  # whoever asks has looked
    items, parameters = [], []
    for name, type_ in documented.types.items():
        default = _defaults().get(f"{table_name}.{name}")
        items.append(f'cast({"?" if default is None else default} as {type_}) as "{name}"')
        if default is None:
            parameters.append("" if name == "key" else _NEUTRAL[type_])
    con.execute(f"create table {_NEUTRAL_ROW}{table_name} as select {', '.join(items)}", parameters).fetchall()


def _insert(con: duckdb.DuckDBPyConnection, rule: Rule, table_name: str, given: Mapping[str, Any], key: str) -> None:
    import duckdb

    documented = table(table_name)
    if documented is None:
        raise RuleError(f"{rule.file}: there is no table {table_name!r}")
    types = documented.types
    values = {"key": key, **{name: value for name, value in given.items() if name in types}}
    replaced = ", ".join(f'cast(? as {types[name]}) as "{name}"' for name in values)
    try:
        con.execute(
            f"insert into {table_name} by name select * replace ({replaced}) from {_NEUTRAL_ROW}{table_name}",
            list(values.values()),
        ).fetchall()
    except duckdb.Error as error:
        raise RuleError(f"{rule.file}: {rule.id}: case {dict(given)!r}: {readable(error)}") from error


def _results(con: duckdb.DuckDBPyConnection, rule: Rule) -> Iterator[CaseResult]:
    """Results of a rule's cases. Those that need nothing but their own row are evaluated at once; an error there costs
    time only, since then each is tried alone."""
    import duckdb

    around = _looks_around(rule)
    alone = [case for case in rule.cases if around or case.params or case.tables]
    alike = [case for case in rule.cases if case not in alone]
    made: dict[int, CaseResult] = {}
    con.execute("begin").fetchall()
    try:
        made = {id(case): result for case, result in zip(alike, _at_once(con, rule, alike), strict=True)}
    except duckdb.Error:
        made = {}
    finally:
        con.execute("rollback").fetchall()
    for case in rule.cases:
        yield made.get(id(case)) or _run(con, rule, case)


def _looks_around(rule: Rule) -> bool:
    """Whether an expression may read other rows, among which another case must not be."""
    fix = rule.remediation
    expressions = (
        rule.when, rule.require, rule.cause, fix.at, *fix.values.values(), *rule.severity_when.values(),
        *(reason.when for reason in fix.withhold_when),
    )  # fmt: skip
    return any("select" in sql.lower() for sql in expressions)


def _at_once(con: duckdb.DuckDBPyConnection, rule: Rule, cases: Sequence[Case]) -> list[CaseResult]:
    """Raises DuckDB's error where one of them cannot be evaluated."""
    if not cases:
        return []
    documented = table(rule.table)
    assert documented is not None, rule.table
    columns, parameters = [], list[Any]()
    for name, type_ in documented.types.items():
        given = [(number, case.given[name]) for number, case in enumerate(cases) if name in case.given]
        if name == "key":
            columns.append("n::VARCHAR as key")
        elif given:
            branches = " ".join(f"when {number} then cast(? as {type_})" for number, _ in given)
            columns.append(f'case n {branches} else "{name}" end as "{name}"')
            parameters += [value for _, value in given]
    con.execute(
        f"insert into {rule.table} by name select * exclude (n) replace ({', '.join(columns)})"
        f" from {_NEUTRAL_ROW}{rule.table}, range({len(cases)}) as numbers(n)",
        parameters,
    ).fetchall()
    verdicts = dict(con.execute(f"select key, {verdict_sql(rule, {})} from {rule.table}").fetchall())
    return [_result(con, rule, case, str(number), verdicts[str(number)]) for number, case in enumerate(cases)]


def _result(con: duckdb.DuckDBPyConnection, rule: Rule, case: Case, key: str, verdict: str) -> CaseResult:
    if verdict != Verdict.FAIL or not (case.severity or case.message or case.withheld is not None):
        return CaseResult(rule, case, Verdict(verdict))
    return _failure(con, rule, case, key)


def _failure(con: duckdb.DuckDBPyConnection, rule: Rule, case: Case, key: str) -> CaseResult:
    """A case that fails, with the severity and the message of its finding."""
    items = [f'{severity_sql(rule, case.params)} as "__severity"', *expressions(rule, case.params)]
    cursor = con.execute(f"select *, {', '.join(items)} from {rule.table} where key = '{key}'")
    names = [column[0] for column in cursor.description or ()]
    row = dict(zip(names, cursor.fetchall()[0], strict=True))
    severity = Severity(row["__severity"])
    return CaseResult(rule, case, Verdict.FAIL, "", severity, message(rule, row), withheld(rule, row))


def _run(con: duckdb.DuckDBPyConnection, rule: Rule, case: Case) -> CaseResult:
    import duckdb

    con.execute("begin").fetchall()
    try:
        _insert(con, rule, rule.table, case.given, "case")
        for name, rows in (case.tables or {}).items():
            for number, row in enumerate(rows):
                _insert(con, rule, name, row, f"other-{number}")
        try:
            sql = f"select {verdict_sql(rule, case.params)} from {rule.table} where key = 'case'"
            (verdict,) = con.execute(sql).fetchall()[0]
            return _result(con, rule, case, "case", verdict)
        except duckdb.Error as error:
            return CaseResult(rule, case, Verdict.ERROR, readable(error))
    finally:
        con.execute("rollback").fetchall()
