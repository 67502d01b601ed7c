"""Columns of kinds of words say what the expression says that ``word_kinds`` stands for, whatever the words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate import engine, kind_columns
from auditor.evaluate.engine import evaluate_rules
from auditor.evaluate.kind_columns import KindColumns, add_kind_columns, drop_kind_columns
from auditor.model.rule import Rule
from auditor.resolve import alike_profiles
from auditor.rules.expressions import create_empty_tables
from auditor.rules.verdict_sql import condition_sql, parameter_values
from auditor.store.connection import connect
from tests.budgets import examples
from tests.rules.test_word_kinds import text

from .helpers import rules_of

Words = list[str] | None


def tables(names: Sequence[Words], users: Sequence[Words] | None = None) -> duckdb.DuckDBPyConnection:
    """A connection with a profile for each list of words."""
    con = connect()
    create_empty_tables(con)
    alike_profiles.prepare(con)
    con.executemany(
        "insert into user_profile (key, name, name_tokens, sso_user_tokens, unified_studio) values (?, ?, ?, ?, false)",
        [[f"k{n:03}", f"p{n}", words, (users or names)[n]] for n, words in enumerate(names)],
    )
    return con


def kinds(con: duckdb.DuckDBPyConnection, rule: Rule, overrides: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """What the columns hold of names and of users, by key; the tables are as before afterwards."""
    before = con.execute("describe user_profile").fetchall()
    added = add_kind_columns(con, [rule], {rule.id: overrides or {}})
    columns = added.of_rules[rule.id]
    name, user = (f'"{columns[column]}"' for column in ("name_tokens", "sso_user_tokens"))
    found = con.execute(f"select {name}, {user} from user_profile order by key").fetchall()
    drop_kind_columns(con, added)
    assert con.execute("describe user_profile").fetchall() == before
    return found


@pytest.fixture(scope="module")
def rule(tmp_path_factory: pytest.TempPathFactory) -> Rule:
    both = "word_kinds(name_tokens) || word_kinds(sso_user_tokens) <> 'c'"
    return rules_of(tmp_path_factory.mktemp("rule"), text(require=both))[0]


def test_letters_stand_in_the_words_order(rule: Rule) -> None:
    names: list[Words] = [["red", "cat"], ["cat", "red", "cat"], ["x", "green", "red", "y"], [], None, ["red"]]
    assert kinds(tables(names), rule) == [(k, k) for k in ("c.", ".c.", "sccs", "", None, "c")]


def test_long_lists_too(rule: Rule) -> None:
    """Beyond the places that have a join of their own."""
    words = ["red", "x", "cat"] * 9
    assert kinds(tables([words, ["red"], words[:6], words[:7], None]), rule) == [
        (k, k) for k in ("cs." * 9, "c", "cs.cs.", "cs.cs.c", None)
    ]


def test_parameters_are_those_in_force(rule: Rule) -> None:
    names: list[Words] = [["red", "cat"]]
    assert kinds(tables(names), rule, {"colors": ["cat"]}) == [(".c", ".c")]
    assert kinds(tables(names), rule, {"colors": []}) == [("..", "..")]
    assert kinds(tables(names), rule, {"colors": [f"c{n}" for n in range(40)] + ["cat", "it's"]}) == [(".c", ".c")]


WORD = st.one_of(
    st.sampled_from(["red", "green", "cat", "a", "ab", "Red", "it's", "", "\u00e9", "e\u0301", "\U0001f600", "word"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4),
)
LISTS = st.lists(st.one_of(st.none(), st.lists(WORD, max_size=9)), min_size=1, max_size=8)
KINDS = [
    "case when list_contains($colors, word) then 'c' else '.' end",
    "case when not list_contains( $colors , word ) and list_contains($more, word) then 'a' when word > 'm'"
    " then '\u00e9' else 'b' end",
    "case when len(list_filter($colors, lambda c: starts_with(c, word))) > 0 then 'p' else 'q' end",
    "case when length(word) < 2 then '\U0001f600' when regexp_full_match(word, '.*(?:ed|en)') then '''' else '|' end",
    "case when list_contains($colors || $more, word) then 'x' else 'y' end",
]


@examples(60)
@given(
    names=LISTS,
    kind=st.sampled_from(KINDS),
    colors=st.lists(WORD, max_size=20),
    more=st.lists(WORD, max_size=3),
    few=st.sampled_from([0, 500]),
)
def test_they_say_what_the_expression_says(
    names: list[Words], kind: str, colors: list[str], more: list[str], few: int, rule: Rule
) -> None:
    """However many words the lists that they are looked up in are cut to."""
    params = (rule.params[0], replace(rule.params[0], name="more", default=more))
    asked = replace(rule, word_kind=kind, require="word_kinds(name_tokens) = ''", params=params)
    con = tables(names, names[::-1])
    for column in ("name_tokens", "sso_user_tokens"):
        one = replace(asked, require=f"word_kinds({column})")
        values = parameter_values(one, {"colors": colors})
        expected = con.execute(
            f"select {condition_sql(one, 'require', values)} from user_profile order by key"
        ).fetchall()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(kind_columns, "_FEW", few)
            added = add_kind_columns(con, [one], {one.id: {"colors": colors}})
        sql = condition_sql(one, "require", values, added.of_rules[one.id])
        assert sql == f'"{added.of_rules[one.id][column]}"'
        assert con.execute(f"select {sql} from user_profile order by key").fetchall() == expected
        drop_kind_columns(con, added)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("case when list_contains($colors, word) then 'color ' else 'n' end", ["fail", "pass", "fail", "unknown"]),
        ("case when list_contains($colors, word) then 'c' else '' end", ["pass", "pass", "fail", "unknown"]),
        ("case when not list_contains($colors, word) then '.' end", ["pass", "unknown", "pass", "unknown"]),
        # An error is the rows' that have the word.
        ("case when list_contains($colors, word) then 'c' else chr(word::integer) end",
         ["error", "pass", "error", "unknown"]),
    ],
)  # fmt: skip
def test_what_is_no_single_letter_is_left_to_the_expression(kind: str, expected: list[str], rule: Rule) -> None:
    require = "word_kinds(name_tokens) in ('c', 'color ', '.')"
    asked = replace(rule, word_kind=kind, require=require)
    con = tables([["red", "x"], ["red"], ["cat"], None])
    assert add_kind_columns(con, [asked], {}) == KindColumns({}, [])
    evaluate_rules(con, [asked], {})
    assert [
        v for (v,) in con.execute('select "TST001"::VARCHAR from verdict_user_profile order by key').fetchall()
    ] == expected


def test_rules_with_the_same_lists_share_their_columns(rule: Rule) -> None:
    con = tables([["red", "cat"]])
    other = replace(rule, id="TST002", require="word_kinds(name_tokens) = 'c.'")
    third = replace(rule, id="TST003")
    added = add_kind_columns(con, [rule, other, third], {"TST003": {"colors": ["cat"]}})
    assert added.of_rules["TST001"] == added.of_rules["TST002"]
    assert set(added.of_rules["TST003"].values()).isdisjoint(added.of_rules["TST001"].values())
    drop_kind_columns(con, added)
    evaluate_rules(con, [rule, other, third], {"TST003": {"colors": ["cat"]}})
    assert con.execute("select * exclude (key) from verdict_user_profile").fetchall() == [("pass", "pass", "pass")]


def test_what_ends_the_evaluation_leaves_no_columns(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    con = tables([["red", "cat"]])
    before = con.execute("describe user_profile").fetchall()

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "apply_template_limits", ended)
    with pytest.raises(KeyboardInterrupt):
        evaluate_rules(con, [rule], {})
    assert con.execute("describe user_profile").fetchall() == before


def test_a_subquery_reads_them_as_well(tmp_path: Path) -> None:
    """Of the table that it reads, and under the name that it gives to it."""
    require = "(select word_kinds(o.name_tokens) = 'c.' from user_profile o where o.key = owner_key)"
    cases = [{"given": {"owner_key": "o"}, "tables": {"user_profile": [{"key": "o", "name_tokens": ["red", "cat"]}]},
              "then": "pass"}]  # fmt: skip
    (asked,) = rules_of(tmp_path, text(table="space", require=require, setting="owner", cases=cases))
    con = tables([["red", "cat"], ["cat"], None])
    con.execute("insert into space (key, owner_key) select 's' || key, key from user_profile")
    evaluate_rules(con, [asked], {})
    assert con.execute('select key, "TST001"::VARCHAR from verdict_space order by key').fetchall() == [
        ("sk000", "pass"), ("sk001", "fail"), ("sk002", "unknown"),
    ]  # fmt: skip


def test_the_rules_on_names_decide_the_same_without_them(
    built_in_rules: tuple[Rule, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """STU101, STU105 and STU703 on names of all kinds."""
    rules = [rule for rule in built_in_rules if rule.word_kind]
    assert {rule.id for rule in rules} == {"STU101", "STU105", "STU703"}
    names: list[Words] = [
        ["ana", "lima"], None, ["ds", "team"], ["okafor", "service", "account"], ["li"], ["bot", "li"], ["kafka", "f"],
        ["okapi", "api", "user"], ["summer", "lake"], ["data", "lake"], ["campusteam"], ["toxicity", "model"], [],
        ["e"],
    ]  # fmt: skip

    def decided() -> list[tuple[Any, ...]]:
        con = tables(names, names[::-1])
        con.execute(
            "update user_profile set auth_mode = case when key > 'k006' then 'SSO' else 'IAM' end, sso_user = key"
        )
        con.execute("insert into space (key, owner_key, unified_studio) select key, key, false from user_profile")
        evaluate_rules(con, rules, {})
        verdicts = "select * from verdict_user_profile join verdict_space using (key) order by key"
        return con.execute(verdicts).fetchall()

    found = decided()
    monkeypatch.setattr(engine, "add_kind_columns", lambda *_: KindColumns({}, []))
    assert decided() == found
    assert {verdict for row in found for verdict in row[1:]} == {"pass", "fail", "not_applicable", "unknown"}
