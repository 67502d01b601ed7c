"""From a rule to the SQL expression that gives its verdict on a row."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from auditor.errors import ConfigError
from auditor.json_source import is_unicode
from auditor.model.rule import Param, Rule, Verdict
from auditor.rules.rule_names import near_rule
from auditor.rules.word_kinds import FUNCTION, with_calls, written_out
from auditor.sql_text import literal
from auditor.studio.resource_types import STUDIO_TYPES
from auditor.yaml_source import near

#: A string, a quoted identifier, a comment, other quoting that DuckDB knows, or a parameter: only the last is replaced.
_TOKEN = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\r\n]*"""
    r"""|(?P<foreign>\$\w*\$|/\*|\b(?:[eExXbB]|[uU]&)')|\$(?P<name>[^\W\d]\w*)"""
)

#: From so many items a list is written as one string, which DuckDB splits once: to bind a thousand constants wherever a
#: rule names its list takes longer than a small audit.
_LONG = 16

#: Tables whose rows are resources of Studio, which have a status.
_WITH_STATUS = frozenset(t.table for t in STUDIO_TYPES)

_ANSWERS = (Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN, Verdict.NOT_APPLICABLE)

NO_KINDS: Mapping[str, str] = {}

_TYPES: Mapping[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "list": (list, tuple),
}


def _texts(value: object) -> Iterator[str]:
    return (item for item in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(item, str))


def value_problem(param: Param, value: object) -> str:
    """Why the value does not fit the parameter, empty where it does."""
    allowed = _TYPES[param.type]
    fits = isinstance(value, allowed) and (param.type == "boolean" or not isinstance(value, bool))
    if fits and isinstance(value, (list, tuple)):
        fits = all(isinstance(item, str) for item in value)
    if fits and not all(map(is_unicode, _texts(value))):
        return f"parameter {param.name} holds half of a character"
    if fits and isinstance(value, float) and not math.isfinite(value):
        fits = False
    if fits:
        return ""
    wanted = "a list of strings" if param.type == "list" else f"of type {param.type}"
    return f"parameter {param.name} must be {wanted}, not {value!r}"


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return literal(value)
    if len(value) >= _LONG and (joined := "|".join(value)).count("|") == len(value) - 1:
        return f"string_split({literal(joined)}, '|')"
    return "[" + ", ".join(literal(item) for item in value) + "]::VARCHAR[]"


def foreign_quoting(expression: str) -> str:
    """The first sign of a kind of quoting or comment that ``substitute`` does not look into, empty where there is none.

    ``$$text$$``, ``E'text'`` and ``/* text */`` could hide from the one who checks an expression what the other who
    replaces its parameters would change.
    """
    return next((m["foreign"] for m in _TOKEN.finditer(expression) if m["foreign"]), "")


def substitute(expression: str, values: Mapping[str, Any]) -> str:
    """The expression with every ``$name`` replaced by its value as a SQL literal."""

    def replace(match: re.Match[str]) -> str:
        name = match["name"]
        return match.group(0) if name is None else _literal(values[name])

    return _TOKEN.sub(replace, expression)


def parameter_values(rule: Rule, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {p.name: p.default for p in rule.params} | dict(overrides or {})


def condition_sql(rule: Rule, key: str, values: Mapping[str, Any], kinds: Mapping[str, str] = NO_KINDS) -> str:
    """SQL of a rule's ``when`` or ``require``. ``kinds``: columns that hold the kinds of words, by the column of the
    words; what is in none is worked out row by row."""
    expression = with_calls(getattr(rule, key), lambda argument: _kinds_of(argument, rule, kinds))
    return substitute(expression, values)


def _kinds_of(argument: str, rule: Rule, kinds: Mapping[str, str]) -> str:
    alias, dot, column = argument.rpartition(".")
    if column.lower() in kinds and (not dot or alias.isidentifier()):
        return f'{alias}{dot}"{kinds[column.lower()]}"'
    return written_out(f"{FUNCTION}({argument})", rule.word_kind)


def verdict_sql(
    rule: Rule, overrides: Mapping[str, Any] | None = None, kinds: Mapping[str, str] = NO_KINDS, type_: str = "VARCHAR"
) -> str:
    """SQL whose value is ``pass``, ``fail``, ``unknown`` or ``not_applicable`` on each row of the rule's table.

    SQL's three-valued logic carries over: a NULL ``when`` is unknown, and so is a NULL ``require``. ``kinds``: see
    ``condition_sql``. ``type_``: that of the value, such as an ENUM of the verdicts: to make one of a text row by row
    takes as long as to evaluate a simple rule.
    """
    values = parameter_values(rule, overrides)
    when, require = (condition_sql(rule, key, values, kinds) for key in ("when", "require"))
    passed, failed, unknown, other = (f"{literal(v)}::{type_}" for v in _ANSWERS)
    required = f"case (\n{require}\n) when true then {passed} when false then {failed} else {unknown} end"
    # A condition stands here once: DuckDB takes longer to parse what rules hold than to evaluate a small account.
    verdict = f"case (\n{when}\n) when true then {required} when false then {other} else {unknown} end"
    return _unless_deleted(rule, verdict, other)


def severity_sql(rule: Rule, overrides: Mapping[str, Any] | None = None) -> str:
    """SQL whose value is the severity of a failure on a row; a condition that is unknown, or raises, does not count."""
    values = parameter_values(rule, overrides)
    cases = "".join(
        f" when try(\n{substitute(condition, values)}\n) then {literal(severity.value)}"
        for severity, condition in rule.severity_when.items()
    )
    return f"case{cases} else {literal(rule.severity.value)} end" if cases else literal(rule.severity.value)


def careful_verdict_sql(
    rule: Rule, overrides: Mapping[str, Any] | None = None, kinds: Mapping[str, str] = NO_KINDS
) -> str:
    """The same, and ``error`` on rows where an expression raises. Slower, and not for expressions with subqueries."""
    values = parameter_values(rule, overrides)

    def answer(key: str) -> str:
        # TRY gives NULL where its expression raises. DuckDB evaluates what occurs twice in a query once, and before TRY
        # can catch it; in the body of a lambda it does not look for such.
        body = f"coalesce((\n{condition_sql(rule, key, values, kinds)}\n)::VARCHAR, 'unknown')"
        return f"try(list_transform([1], lambda _one: {body})[1])"

    require = (
        f"case {answer('require')} when 'true' then 'pass' when 'false' then 'fail' when 'unknown' then 'unknown'"
        " else 'error' end"
    )
    verdict = (
        f"case {answer('when')} when 'true' then {require} when 'false' then 'not_applicable'"
        " when 'unknown' then 'unknown' else 'error' end"
    )
    return _unless_deleted(rule, verdict, literal(Verdict.NOT_APPLICABLE))


def _unless_deleted(rule: Rule, verdict: str, other: str) -> str:
    """The verdict's SQL: to what is on its way out no rule applies, a user's own included. ``other``: SQL of that."""
    if rule.table not in _WITH_STATUS:
        return verdict
    return f"case when status = 'Deleting' then {other} else {verdict} end"


def parse_overrides(options: Sequence[str], rules: Sequence[Rule]) -> dict[str, dict[str, Any]]:
    """``STU505.max_gib=200`` (rule by id or name) as rule id → parameter → value.

    Values are YAML. Raises ConfigError for an unknown rule or parameter, or a value of the wrong type.
    """
    import yaml

    overrides: dict[str, dict[str, Any]] = {}
    for option in options:
        target, _, text = option.partition("=")
        rule_name, _, name = target.rpartition(".")
        if not (text and rule_name and name):
            raise ConfigError(
                f"--param {option}: expected RULE.NAME=VALUE", hint="Example: --param STU101.min_letters=4"
            )
        rule = next((r for r in rules if rule_name in (r.id, r.name)), None)
        if rule is None:
            named = near_rule(rule_name, [n for r in rules for n in (r.id, r.name)])
            raise ConfigError(f"--param {option}: there is no rule {rule_name!r}", hint=named)
        param = next((p for p in rule.params if p.name == name), None)
        if param is None:
            names = ", ".join(p.name for p in rule.params) or "none"
            raise ConfigError(
                f"--param {option}: {rule.id} has no parameter {name!r} (it has: {names})",
                hint=near(name, [p.name for p in rule.params]),
            )
        try:
            value = yaml.safe_load(text)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            raise ConfigError(f"--param {option}: {text[:80]!r} is not a YAML value") from error
        problem = value_problem(param, value)
        if problem:
            raise ConfigError(f"--param {option}: {problem}")
        overrides.setdefault(rule.id, {})[name] = value
    return overrides


Overrides = Mapping[str, Mapping[str, Any]]
