"""Hold a rule's expressions, parameters and cases against the documented tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from auditor.errors import ConfigError
from auditor.model.rule import Rule
from auditor.resolve.table_model import Table
from auditor.resolve.tables import table
from auditor.rules.expressions import ExpressionChecker, ExpressionError, unknown_column
from auditor.rules.prevention import parameters as prevention_parameters
from auditor.rules.verdict_sql import condition_sql, parameter_values, substitute, value_problem
from auditor.rules.word_kinds import FUNCTION, WORD, is_called, of_each, written_out

#: What a value of a remediation may be: NULL has a type of its own where an expression gives nothing else.
_VALUE_TYPES = ("VARCHAR", "VARCHAR[]", "INTEGER", "BIGINT")
#: Makes an error that names file and line of the keys: ``complain(message, *keys, hint=…)``.
Complain = Callable[..., ConfigError]


def checked(rule: Rule, complain: Complain, guard: ExpressionChecker, *, types: bool = True) -> Rule:
    """The rule with ``columns`` and ``setting`` filled in. Raises what ``complain`` makes where it cannot be run.

    ``types``: whether expressions must have the type that is asked for, which says that they can be run at all.
    """
    documented = table(rule.table)
    if documented is None:
        raise complain(f"there is no table {rule.table!r}", "table")
    _check_params(rule, complain)
    columns: list[str] = []
    reads: list[str] = []
    parameters: set[str] = set()
    parameters |= _check_word_kind(rule, documented, guard, complain)
    for key in ("require", "when"):
        written = written_out(getattr(rule, key), rule.word_kind)
        try:
            expression = guard.check(written, documented, decides=not rule.tests_null)
        except ExpressionError as error:
            raise complain(f"{key}: {error}", key, hint=_columns_hint(error, documented)) from error
        columns += [c for c in expression.columns if c not in columns]
        reads += [r for r in expression.reads if r not in reads]
        parameters |= set(expression.parameters)
    values = parameter_values(rule)
    further = _Further(documented, values, complain, guard, types)
    parameters |= _check_remediation(rule, further)
    parameters |= _check_severities(rule, further)
    parameters |= prevention_parameters(rule.prevent)
    _check_parameters_used(rule, parameters, complain)
    if types:
        _check_types(rule, further)
    setting = rule.setting or (columns[0] if columns else "")
    if not setting:
        raise complain("require: reads no column of the table", "require")
    if documented.column(setting) is None:
        raise complain(f"setting: {unknown_column(setting, documented)}", "setting")
    if rule.cause:
        further.demand("VARCHAR", "give a column's name", "cause", rule.cause, ("cause",))
    for number, request in enumerate(rule.prevent.cases if rule.prevent else ()):
        _check_given_params(rule, request.params, complain, ("prevent", "cases", str(number)))
    if not rule.cases:
        raise complain("cases: a rule needs at least one case", "cases")
    _check_cases(rule, documented, complain)
    return replace(rule, columns=tuple(columns), reads=tuple(reads), setting=setting)


@dataclass(frozen=True, slots=True)
class _Further:
    """Holds expressions beside ``when`` and ``require`` against a table. ``values``: parameters by name; ``types``:
    whether their types as well."""

    documented: Table
    values: dict[str, Any]
    complain: Complain
    guard: ExpressionChecker
    types: bool

    def demand(self, type_: str | tuple[str, ...], meant: str, name: str, sql: str, keys: tuple[str, ...]) -> set[str]:
        """The parameters that the expression uses; it must give a value of the type."""
        types = (type_,) if isinstance(type_, str) else type_
        try:
            used = set(self.guard.check(sql, self.documented).parameters)
            if used - set(self.values):
                undeclared = min(used - set(self.values))
                raise self.complain(f"{name}: ${undeclared} is not declared under params", *keys)
            if not self.types:
                return used
            given = self.guard.bind({"value": substitute(sql, self.values)}, self.documented)["value"]
        except ExpressionError as error:
            raise self.complain(f"{name}: {error}", *keys, hint=_columns_hint(error, self.documented)) from error
        if given not in types:
            raise self.complain(f"{name}: must {meant}, but its type is {given}", *keys)
        return used

    def demand_condition(self, name: str, sql: str, keys: tuple[str, ...]) -> set[str]:
        return self.demand("BOOLEAN", "be true or false", name, sql, keys)


def _check_types(rule: Rule, further: _Further) -> None:
    """``when`` and ``require`` must be true or false."""
    given = {key: condition_sql(rule, key, further.values) for key in ("when", "require")}
    if rule.word_kind:
        kinds = of_each("['']", rule.word_kind)
        further.demand("VARCHAR[]", "give a text, best a single letter", "word_kind", kinds, ("word_kind",))
    try:
        types = further.guard.bind(given, further.documented)
    except ExpressionError as error:
        # bind names the expression first where there are several.
        hint = _columns_hint(error, further.documented)
        raise further.complain(str(error), str(error).split(":")[0], hint=hint) from error
    for key, found in types.items():
        if found != "BOOLEAN":
            raise further.complain(f"{key}: must be true or false, but its type is {found}", key)


def _check_word_kind(rule: Rule, documented: Table, guard: ExpressionChecker, complain: Complain) -> set[str]:
    """Hold ``word_kind`` against what it may read, which is the word; gives the parameters that it uses."""
    called = [key for key in ("when", "require") if is_called(getattr(rule, key))]
    _check_own_words(rule, complain)
    if rule.unlike_names and not rule.word_kind:
        raise complain("unlike_names: needs the field word_kind", "unlike_names")
    if (spec := rule.unlike_names) and len(spec.generic) != max(len(spec.own), len(spec.joined)):
        raise complain("unlike_names: generic must have a letter for each of own or joined", "unlike_names", "generic")
    if not rule.word_kind:
        if called:
            raise complain(f"{called[0]}: {FUNCTION}() needs the field word_kind", called[0])
        return set()
    if not called:
        raise complain(f"word_kind: neither when nor require calls {FUNCTION}()", "word_kind")
    try:
        read = guard.check(of_each("['']", rule.word_kind), documented)
    except ExpressionError as error:
        raise complain(f"word_kind: {error}", "word_kind", hint=f"It reads {WORD} and parameters.") from error
    if other := next(iter((*read.columns, *read.reads)), ""):
        raise complain(f"word_kind: may not read {other}", "word_kind", hint=f"It reads {WORD} and parameters.")
    return set(read.parameters)


def _check_own_words(rule: Rule, complain: Complain) -> None:
    own = rule.own_words
    if own is None:
        return
    if not rule.word_kind:
        raise complain("own_words: needs the field word_kind", "own_words")
    if len(own.unlisted) != len(own.generic):
        raise complain("own_words: generic must have a letter for each of unlisted", "own_words", "generic")
    if not set(own.unlisted) <= set(own.person):
        raise complain("own_words: person must have each letter of unlisted", "own_words", "person")


def _check_remediation(rule: Rule, further: _Further) -> set[str]:
    """Hold the expressions of the remediation against the table; gives the parameters that it uses."""
    fix = rule.remediation
    used: set[str] = set()
    for name, sql in fix.values.items():
        keys = ("values", name) if name in rule.values else ("remediation", "values", name)
        used |= further.demand(_VALUE_TYPES, "give a text, a number or a list of texts", name, sql, keys)
    if fix.at:
        used |= further.demand("VARCHAR", "give 'profile' or 'domain'", "at", fix.at, ("remediation", "at"))
    for number, reason in enumerate(fix.withhold_when):
        where = ("remediation", "withhold_when", str(number), "when")
        used |= further.demand_condition("withhold_when", reason.when, where)
    for change in fix.changes:
        for part in (change.value, change.but_not):
            if isinstance(part, str) and part[1:] in further.values and part.startswith("$"):
                used.add(part[1:])
    return used


def _check_severities(rule: Rule, further: _Further) -> set[str]:
    """Hold the conditions of further severities against the table; gives the parameters that they use."""
    used: set[str] = set()
    for severity, sql in rule.severity_when.items():
        used |= further.demand_condition("severity_when", sql, ("severity_when", severity.value))
    return used


def _columns_hint(error: ExpressionError, documented: Table) -> str:
    if "no column" not in str(error):
        return ""
    return f"Columns of {documented.name}: docs/tables.md"


def _check_params(rule: Rule, complain: Complain) -> None:
    for param in rule.params:
        if not param.name.isidentifier():
            raise complain(f"params: {param.name!r} is not a parameter name", "params", param.name)
        problem = value_problem(param, param.default)
        if problem:
            raise complain(f"params: {problem}", "params", param.name)


def _check_parameters_used(rule: Rule, used: set[str], complain: Complain) -> None:
    declared = {p.name for p in rule.params}
    for name in sorted(used - declared):
        raise complain(
            f"${name} is not declared under params", "require", hint="Declare it with type, default and doc."
        )
    for name in sorted(declared - used):
        raise complain(f"parameter {name} is used in neither when nor require", "params", name)


def _check_cases(rule: Rule, documented: Table, complain: Complain) -> None:
    for index, case in enumerate(rule.cases):
        at = ("cases", str(index))
        _check_row(case.given, documented, complain, at)
        _check_given_params(rule, case.params, complain, at)
        _check_tables(case.tables or {}, complain, at)


def _check_given_params(rule: Rule, given: Mapping[str, Any] | None, complain: Complain, at: tuple[str, ...]) -> None:
    params = {p.name: p for p in rule.params}
    for name, value in (given or {}).items():
        problem = value_problem(params[name], value) if name in params else f"there is no parameter {name!r}"
        if problem:
            raise complain(f"cases: {problem}", *at)


def _check_tables(tables: Any, complain: Complain, at: tuple[str, ...]) -> None:
    for name, rows in tables.items():
        other = table(name)
        if other is None:
            raise complain(f"cases: there is no table {name!r}", *at)
        for row in rows:
            _check_row(row, other, complain, at)


def _check_row(row: Mapping[str, Any], documented: Table, complain: Complain, at: tuple[str, ...]) -> None:
    """Hold the values that a case gives a row against the columns of its table."""
    types = documented.types
    for name, value in row.items():
        if name not in types:
            raise complain(f"cases: {unknown_column(name, documented)}", *at)
        if value is not None and not _HOLDS[types[name]](value):
            raise complain(f"cases: {name} is {_CALLED[types[name]]}, not {value!r}", *at)


def _is_moment(value: Any) -> bool:
    if isinstance(value, str):
        try:
            datetime.fromisoformat(value)
        except ValueError:
            return False
    # YAML reads 2026-11-27 as a date.
    return isinstance(value, str | date)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: Type of a column → whether a case's value can stand in it, and what the column holds.
_HOLDS: Mapping[str, Callable[[Any], bool]] = {
    "VARCHAR": lambda value: not isinstance(value, list | dict),
    "VARCHAR[]": lambda value: isinstance(value, list),
    "BOOLEAN": lambda value: isinstance(value, bool),
    "INTEGER": _is_number,
    "BIGINT": _is_number,
    "TIMESTAMP": _is_moment,
    "MAP(VARCHAR, VARCHAR)": lambda value: isinstance(value, dict),
}
_CALLED: Mapping[str, str] = {
    "VARCHAR": "text",
    "VARCHAR[]": "a list",
    "BOOLEAN": "true or false",
    "INTEGER": "a whole number",
    "BIGINT": "a whole number",
    "TIMESTAMP": "a date or a time (2026-11-27, 2026-11-27T09:00:00Z)",
    "MAP(VARCHAR, VARCHAR)": "a mapping",
}
