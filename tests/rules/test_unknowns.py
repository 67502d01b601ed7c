"""Unknown is never pass: in no expression that is accepted does NULL for a value decide what the value could."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st

from auditor.errors import RuleError
from auditor.model.rule import Case, Rule
from auditor.resolve.table_model import documented_columns
from auditor.resolve.tables import table
from auditor.rules.cases import run_cases
from auditor.rules.expressions import ExpressionChecker, ExpressionError
from auditor.rules.unknowns import KNOWN_COLUMNS
from auditor.store.connection import connect
from tests.budgets import examples
from tests.evaluate.helpers import changed, rules_of

X = "auto_mount_home_efs"
#: Each would pass or fail where X is NULL, of this row or of another.
DECIDE = [
    f"not list_contains([{X}], 'Enabled')",
    f"list_any_value([{X}, 'Disabled']) = 'Disabled'",
    f"list_min([{X}, 'Disabled']) = 'Disabled'",
    f"list_max([{X}, 'Disabled']) = 'Disabled'",
    f"not list_has_any([{X}], ['Enabled'])",
    f"list_has_all(['Disabled'], [{X}])",
    f"list_distinct([{X}]) = []",
    f"list_unique([{X}]) = 0",
    f"list_count([{X}]) = 0",
    f"list_aggregate([{X}], 'count') = 0",
    f"list_aggregate([{X} = 'Disabled', true], 'bool_and')",
    f"array_to_string([{X}, 'a'], ',') = 'a'",
    f"[{X}] <> ['Enabled']",
    f"[{X}, 'a'][2] = 'a'",
    f"array[{X}] <> ['Enabled']",
    f"list_value({X})::varchar <> '[Enabled]'",
    f"map(['a'], [{X}]) <> map(['a'], ['Enabled'])",
    f"map {{'a': {X}}} <> map {{'a': 'Enabled'}}",
    f"map_values(map(['a'], [{X}])) <> ['Enabled']",
    f"element_at(map(['a'], [{X}]), 'a') = [null]",
    f"list_reverse([{X}]) <> ['Enabled']",
    f"flatten([[{X}]]) <> ['Enabled']",
    f"list_sort([{X}]) <> ['Enabled']",
    f"list_position([{X}, 'Disabled'], 'Disabled') = 2",
    f"list_filter([{X}], lambda v: v = 'Enabled') = []",
    f"list_filter(['Enabled'], lambda v: v = {X}) = []",
    f"len(list_filter(list_transform(['Enabled'], lambda v: v = {X}), lambda v: v)) = 0",
    f"list_transform(['a'], lambda v: v || {X}) <> ['aEnabled']",
    f"coalesce({X}, 'Disabled') = 'Disabled'",
    f"ifnull({X}, 'Disabled') = 'Disabled'",
    f"coalesce({X} <> 'Enabled', true)",
    f"{X} is distinct from 'Enabled'",
    f"not {X} is not distinct from 'Enabled'",
    f"{X} is null",
    f"not {X} is not null",
    f"{X} is null or {X} = 'Disabled'",
    f"({X} = 'Enabled') is not true",
    f"({X} = 'Enabled') is unknown",
    f"try({X} = 'Disabled')",
    f"if({X} = 'Enabled', false, true)",
    f"case when {X} = 'Enabled' then false else true end",
    f"case {X} when 'Enabled' then false else true end",
    f"case when {X} = 'Enabled' then false when experience = 'studio' then true end",
    f"case when {X} = 'Enabled' then false when true then true end",
    f"case when experience is null then null when {X} = 'Enabled' then false else true end",
    f"case when {X} is null then true when {X} = 'Enabled' then false else true end",
    f"case when {X} is null then null else sso_user is null end",
    f"nullif('a', {X}) = 'a'",
    f"split('a', {X}) = ['a']",
    f"map_extract(tags, {X}) = []",
    f"not exists (select 1 from user_profile u where u.{X} = 'Enabled')",
    f"exists (select 1 from user_profile u where u.{X} is null)",
    f"(select count(*) from user_profile u where u.{X} = 'Enabled') = 0",
    f"(select count(*) filter (where u.{X} = 'Enabled') from user_profile u) = 0",
    f"(select count(u.{X}) from user_profile u) = 0",
    f"(select max(u.{X}) from user_profile u) is null",
    f"(select bool_and(u.{X} <> 'Enabled') from user_profile u)",
    f"(select list(u.{X}) from user_profile u) <> ['Enabled']",
    f"(select string_agg(u.{X}, ',') from user_profile u) = ''",
    f"(select any_value(u.{X}) from user_profile u) = 'Disabled'",
    f"'Enabled' not in (select u.name from user_profile u where u.{X} = 'Enabled')",
    f"key not in (select u.key from user_profile u where u.{X} = 'Enabled')",
    f"key <> all (select u.key from user_profile u where u.{X} = 'Enabled')",
    f"case when exists (select 1 from user_profile u where u.{X} = 'Enabled') then false else true end",
    # A guard of something else.
    f"case when exists (select 1 from user_profile u where u.experience is null) then null"
    f" else not exists (select 1 from user_profile u where u.{X} = 'Enabled') end",
    "case when exists (select 1 from space u where u.owner is null) then null"
    " else not exists (select 1 from user_profile u where u.sso_user = 'Enabled') end",
    f"case when {X} is null then null"
    f" else not exists (select 1 from user_profile u where u.{X} = 'Enabled') end",
]  # fmt: skip
#: What is left to write: unknown stays unknown in each.
CARRY = [
    f"{X} = 'Disabled'",
    f"not {X} = 'Enabled'",
    f"{X} in ('Disabled', sso_user)",
    f"{X} not in ('Enabled', 'DefaultAsDomain')",
    f"{X} between 'A' and 'Dz' or experience = 'classic'",
    f"lower({X}) like 'dis%' and length({X}) > 2",
    f"case when {X} = 'Enabled' then false when not {X} = 'Enabled' then true end",
    f"case {X} when 'Enabled' then false when 'Disabled' then true end",
    f"case when {X} is null then null when {X} = 'Enabled' then false else true end",
    f"case when {X} is null or sso_user is null then null else [{X}, sso_user] <> ['Enabled', ''] end",
    f"case when ({X} = 'Enabled') is null then null else coalesce({X} = 'Enabled', false) is not true end",
    f"case when {X} is null then null else not list_contains([{X}], 'Enabled') end",
    f"case when key = 'x' then true else {X} = 'Disabled' end",
    "len(list_filter(name_tokens, lambda w: coalesce(try_cast(w as integer), 0) = 0)) > 0",
    f"case when exists (select 1 from user_profile u where u.{X} is null) then null"
    f" else not exists (select 1 from user_profile u where u.{X} = 'Enabled') end",
    f"case when exists (select 1 from user_profile u where (u.{X} = 'Enabled') is null) then null"
    f" when (select count(*) from user_profile u where u.{X} = 'Enabled') = 0 then true else false end",
    f"case when exists (select 1 from user_profile u where u.{X} is null or u.name is null) then null"
    f" else (select list(u.name) from user_profile u where u.{X} = 'Enabled') is null end",
    "exists (select 1 from space s where s.key = user_profile.key) or (select count(*) from space) = 0",
    f"'Enabled' not in (select u.{X} from user_profile u)",
    f"(select u.{X} from user_profile u where u.key = user_profile.key) = 'Disabled'",
]  # fmt: skip


@pytest.fixture(scope="module")
def guard() -> ExpressionChecker:
    return ExpressionChecker()


@pytest.mark.parametrize("expression", DECIDE)
def test_what_would_decide_over_unknown_is_refused(expression: str, guard: ExpressionChecker) -> None:
    """As ``require`` and as ``when``; the sentence names a column and says what to write."""
    with pytest.raises(ExpressionError, match=r"unknown") as error:
        guard.check(expression, table_of("user_profile"), decides=True)
    assert any(name in str(error.value) for name in (X, "sso_user", "name"))
    # What is only said, and decides nothing, may ask.
    guard.check(expression, table_of("user_profile"))


@pytest.mark.parametrize("expression", CARRY)
def test_what_carries_unknown_is_accepted(expression: str, tmp_path: Path) -> None:
    """And is unknown where X is, in this row or in the one other."""
    other: dict[str, Any] = {"key": "k2", X: "Disabled", "name": "n"}
    given: dict[str, Any] = {"experience": "studio", "sso_user": "s", "name_tokens": ["a"], X: None}
    if "exists (select 1 from user_profile" in expression or "not in (select" in expression:
        given[X], other[X] = "Disabled", None
    cases = [{"given": given, "then": "unknown" if X in expression else "pass", "tables": {"user_profile": [other]}}]
    require = f"({expression}) and experience = 'studio'"
    rules = rules_of(tmp_path, changed(table="user_profile", require=require, when=None, cases=cases))
    assert [(r.ok, r.error) for r in run_cases(rules)] == [(True, "")] * len(cases)


def test_when_may_not_ask_either(tmp_path: Path) -> None:
    """What is unknown would not apply."""
    with pytest.raises(RuleError, match=r"when: coalesce would decide where auth_mode is unknown"):
        rules_of(tmp_path, changed(when="coalesce(auth_mode, '') = 'SSO'"))


def test_only_built_in_rules_test_for_null(tmp_path: Path, built_in_rules: tuple[Rule, ...]) -> None:
    with pytest.raises(RuleError, match="only built-in rules may test for NULL"):
        rules_of(tmp_path, changed(tests_null="because", require="auth_mode is null"))
    # Those that do are few, and each says why.
    assert {r.id for r in built_in_rules if r.tests_null} == {"STU101", "STU703"}


def table_of(name: str) -> Any:
    found = table(name)
    assert found is not None
    return found


@dataclass(frozen=True)
class World:
    """A row to judge and rows beside it, by table; values as SQL literals, by column."""

    rows: tuple[tuple[str, Mapping[str, str]], ...]

    def without(self, expression: str) -> Iterator[World]:
        """The same with one value unknown, each in turn of those that the expression may read."""
        for number, (name, row) in enumerate(self.rows):
            for column in row:
                if column not in KNOWN_COLUMNS and row[column] != "null" and column in expression:
                    yield World((*self.rows[:number], (name, {**row, column: "null"}), *self.rows[number + 1 :]))

    def tables(self) -> str:
        """SQL of the tables with the rows, under their own names."""
        made = []
        for name, types in TYPES.items():
            own = [row for kind, row in self.rows if kind == name]
            typed = ", ".join(f"{c}::{type_} as {c}" for c, type_ in types.items())
            rows = ", ".join(f"({', '.join(row.get(c, 'null') for c in types)})" for row in own or [{}])
            where = "" if own else " where false"
            made.append(f"{name} as (select {typed} from (values {rows}) t({', '.join(types)}){where})")
        return ", ".join(made)


def judge(con: duckdb.DuckDBPyConnection, expression: str, world: World) -> str:
    """The verdict of an expression on the first profile."""
    try:
        ((value,),) = con.execute(
            f"with {world.tables()} select ({expression}) from user_profile where key = 'k0'"
        ).fetchall()
    except duckdb.Error:
        return "error"
    return {None: "unknown", True: "pass", False: "fail"}[value]


TEXTS = ("'a'", "'b'", "''", "null")
LISTS = ("[]::VARCHAR[]", "['a']", "['a', 'b']", "null")
PROFILE: Mapping[str, Sequence[str]] = {
    "name": TEXTS, "sso_user": TEXTS, "auth_mode": TEXTS, "hidden_app_types": LISTS, "name_tokens": LISTS,
    "ebs_default_gb": ("0", "1", "2", "null"), "unified_studio": ("true", "false", "null"),
    "tags": ("map {'a': 'b'}", "map()", "null"),
}  # fmt: skip
SPACE: Mapping[str, Sequence[str]] = {"owner": TEXTS, "name": TEXTS, "ebs_volume_gb": ("0", "1", "null")}


def _rows(kind: str, columns: Mapping[str, Sequence[str]], at_least: int) -> st.SearchStrategy[Any]:
    row = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in columns.items()})
    return st.lists(row, min_size=at_least, max_size=2).map(
        lambda rows: [(kind, {"key": f"'k{n}'", **row}) for n, row in enumerate(rows)]
    )


TYPES = {
    name: {"key": "VARCHAR"} | {c: documented_columns(table_of(name))[c] for c in columns}
    for name, columns in (("user_profile", PROFILE), ("space", SPACE))
}
WORLDS = st.tuples(_rows("user_profile", PROFILE, 1), _rows("space", SPACE, 0)).map(lambda w: World((*w[0], *w[1])))


#: By type of an expression (boolean, text, list, number): what it may be, and what it may be made of; letters stand for
#: expressions of their type.
LEAVES = {
    "B": ["unified_studio", "true", "o.unified_studio", "s.owner = 'a'", "s.owner = name"],
    "S": ["name", "sso_user", "auth_mode", "'a'", "'b'", "s.owner", "key"],
    "L": ["hidden_app_types", "name_tokens", "['a']"],
    "I": ["ebs_default_gb", "0", "1", "s.ebs_volume_gb"],
}  # fmt: skip
SHAPES = {
    "B": [
        "S = S", "S <> S", "S in (S, S)", "S is null", "S is not null", "S is distinct from S", "I <= I", "L = L",
        "list_contains(L, S)", "list_has_any(L, L)", "map_contains(tags, S)", "(S) like (S)", "starts_with(S, S)",
        "not (B)", "(B) and (B)", "(B) or (B)", "(B) is not true", "coalesce(B, B)", "if(B, B, B)", "try(B)",
        "case when B then B else B end", "case when B then B end", "case when B then B when not (B) then B end",
        "case when (S) is null then null when B then B else B end", "case S when 'a' then B when 'b' then B end",
        "case when name is null or sso_user is null then null else B end", "unified_studio or (B)",
        "case when unified_studio then B when not unified_studio then B end",
        "exists (select 1 from space s where B)", "exists (select 1 from user_profile o where B)",
        "S in (select s.owner from space s)", "S not in (select s.name from space s where B)",
        "case when exists (select 1 from space s where s.owner is null) then null else B end",
        "case when exists (select 1 from space s where s.owner is null or s.name is null) then null"
        " when exists (select 1 from space s where s.owner = S) then B else B end",
        "S > all (select s.owner from space s)", "(select bool_and(s.owner = S) from space s)",
        "(select s.owner = S from space s where B)",
    ],
    "S": [
        "lower(S)", "S || S", "coalesce(S, S)", "case when B then S else S end", "array_to_string(L, S)", "L[1]",
        "nullif(S, S)", "split_part(S, S, 1)", "list_any_value(L)", "tags[S]", "(select max(s.owner) from space s)",
        "(select s.owner from space s where B)", "case when name is null then null else name || S end",
    ],
    "L": [
        "[S, S]", "[S]", "list_filter(L, lambda v: v = S)", "list_filter(L, lambda v: v = 'a')",
        "list_transform(L, lambda v: v || S)", "list_distinct(L)", "split(S, S)", "L || L", "map_keys(tags)",
        "map_extract(tags, S)", "case when B then L else L end",
    ],
    "I": [
        "len(L)", "I + I", "list_count(L)", "length(S)", "(select count(*) from space s where B)",
        "(select count(*) from space s)", "(select count(s.owner) from space s)", "(select sum(I) from space s)",
    ],
}  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, kind: str = "B", depth: int = 3) -> str:
    """The text of an expression; most are refused."""
    shape = draw(st.sampled_from(SHAPES[kind] if depth else LEAVES[kind]))
    if not depth:
        return shape
    deeper = st.sampled_from(sorted({0, depth - 1}))
    return "".join(draw(expressions(c, draw(deeper))) if c in SHAPES else c for c in shape)


CONNECTION = connect()
GUARD = ExpressionChecker()


@examples(300, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.data_too_large])
@given(expression=expressions(), world=WORLDS)
def test_no_accepted_expression_passes_for_not_knowing(expression: str, world: World) -> None:
    """Replacing any value by NULL never turns unknown or fail into pass, nor into "does not apply"."""
    try:
        GUARD.check(expression, table_of("user_profile"), decides=True)
        GUARD.bind({"e": expression}, table_of("user_profile"))
    except ExpressionError:
        assume(False)
    before = judge(CONNECTION, expression, world)
    for less in world.without(expression):
        assert (before, judge(CONNECTION, expression, less)) in {
            *((b, b) for b in ("pass", "fail", "unknown")), ("pass", "unknown"), ("fail", "unknown"),
            *((b, "error") for b in ("pass", "fail", "unknown", "error")),
            *(("error", a) for a in ("pass", "fail", "unknown")),
        }, (expression, world, less)  # fmt: skip


def test_no_built_in_rule_passes_for_not_knowing(built_in_rules: tuple[Rule, ...]) -> None:
    """Each case that fails or is unknown, with one of its values unknown: none passes."""
    results = []
    for rule in built_in_rules:
        tried = []
        for number, case in enumerate(rule.cases):
            columns = [c for c in rule.columns if case.given.get(c) is not None and c not in KNOWN_COLUMNS]
            if str(case.then) in ("fail", "unknown") and columns:
                column = columns[number % len(columns)]
                less = {**case.given, column: None}
                tried.append(Case(less, case.then, f"{case.given} without {column}", case.params, case.tables))
        results += run_cases([replace(rule, cases=tuple(tried))])
    assert len(results) > 200
    assert [(r.rule.id, r.case.name) for r in results if str(r.got) == "pass"] == []
