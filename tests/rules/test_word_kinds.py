"""``word_kind`` and ``word_kinds``: what they mean, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.errors import RuleError
from auditor.rules.cases import run_cases
from auditor.rules.load import load_rules
from auditor.rules.word_kinds import arguments, is_called, written_out
from tests.evaluate.helpers import changed, rule_file, rules_of

COLORS = {"colors": {"type": "list", "default": ["red", "green"], "doc": "Colors"}}
KIND = "case when list_contains($colors, word) then 'c' when length(word) < 3 then 's' else '.' end"


def text(**lines: Any) -> str:
    given = {
        "table": "user_profile", "when": None, "word_kind": KIND, "params": COLORS, "message": "{name}",
        "require": "word_kinds(name_tokens) = 'c.'",
        "cases": [{"given": {"name_tokens": ["red", "cat"]}, "then": "pass"}],
    }  # fmt: skip
    wanted = given | lines
    return changed(**{key: value for key, value in wanted.items() if value is not None or key == "when"})


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("word_kinds(name_tokens) = 'a'", ["name_tokens"]),
        ("WORD_KINDS ( o.name_tokens ) = 'a' and word_kinds(list_sort(x)) = ')'", ["o.name_tokens", "list_sort(x)"]),
        ("word_kinds(string_split(name, ')')) = ''", ["string_split(name, ')')"]),
        ("word_kinds(list_filter(x, lambda w: (w <> '(') and w <> ''')')) = ''",
         ["list_filter(x, lambda w: (w <> '(') and w <> ''')')"]),
        ("name = 'word_kinds(x)' -- word_kinds(y)\nand my_word_kinds(z) = 1", []),
        ('"word_kinds(x)" = 1', []),
        ("word_kinds(name_tokens", []),
    ],
)  # fmt: skip
def test_calls_are_found(expression: str, found: list[str]) -> None:
    assert list(arguments(expression)) == found
    assert is_called(expression) is bool(found)


def test_a_call_is_an_ordinary_expression() -> None:
    assert written_out("(word_kinds(a) = 'x') or true", "left(word, 1)") == (
        "(array_to_string(list_transform(a, lambda word: (\nleft(word, 1)\n)), '') = 'x') or true"
    )
    assert written_out("word_kinds(a) = 'x'", "") == "word_kinds(a) = 'x'"


def test_cases_are_decided_by_it(tmp_path: Path) -> None:
    cases = [
        {"given": {"name_tokens": ["red", "cat"]}, "then": "pass"},
        {"given": {"name_tokens": ["cat", "red"]}, "then": "fail", "name": "in their order"},
        {"given": {"name_tokens": ["blue", "cat"]}, "then": "fail"},
        {"given": {"name_tokens": ["blue", "cat"]}, "params": {"colors": ["blue"]}, "then": "pass"},
        {"given": {"name_tokens": []}, "then": "fail"},
        {"given": {"name_tokens": None}, "then": "unknown"},
    ]
    results = run_cases(rules_of(tmp_path, text(cases=cases)))
    assert [r.case for r in results if not r.ok] == []
    assert len(results) == len(cases)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ({"word_kind": None}, "require: word_kinds() needs the field word_kind"),
        ({"require": "name <> ''"}, "word_kind: neither when nor require calls word_kinds()"),
        ({"word_kind": "case when name = $colors[1] then 'a' else 'b' end"}, "word_kind: may not read name"),
        ({"word_kind": "case when list_contains($colors, word) then region else 'b' end"},
         "word_kind: may not read region"),
        ({"word_kind": "(select any_value(d.name) from domain d where list_contains($colors, word))"},
         "word_kind: may not read domain"),
        ({"word_kind": "length(word) + len($colors)"}, "word_kind: must give a text"),
        ({"word_kind": "case when"}, "word_kind: not valid SQL"),
        ({"word_kind": "now()::varchar || $colors[1]"}, "word_kind: function now() is not allowed"),
        ({"word_kind": "case when list_contains($colours, word) then 'a' end"}, "$colours is not declared"),
        ({"word_kind": "@STU102"}, "STU102 has no word_kind of its own"),
        ({"word_kind": "@STU105"}, "STU105 has no word_kind of its own"),
        ({"word_kind": "@NONE101"}, "there is no rule NONE101"),
        ({"require": "word_kinds(hidden) = ''"}, "has no column 'hidden'"),
        ({"require": "word_kinds(name) = ''"}, "require"),
        ({"require": "word_kinds() = ''"}, "require"),
    ],
)  # fmt: skip
def test_what_it_may_not_be(lines: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = rule_file(tmp_path, text(**lines))
    with pytest.raises(RuleError) as error:
        load_rules([path])
    assert words in error.value.diagnosis()
    assert str(path) in error.value.diagnosis()


def test_it_may_be_another_rule_s_with_its_lists(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(text(), encoding="utf-8")
    two = text(id="TST002", name="two", word_kind="@TST001", params=None, require="word_kinds(name_tokens) = 'cc'")
    (tmp_path / "two.yaml").write_text(two.replace('["red", "cat"]', '["red", "green"]'), encoding="utf-8")
    one, other = load_rules([tmp_path])
    assert other.word_kind == one.word_kind
    assert [(p.name, p.same_as, p.default) for p in other.params] == [("colors", "TST001.colors", ["red", "green"])]
    assert all(result.ok for result in run_cases([one, other]))


def test_a_condition_that_is_taken_brings_it_along(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(text(), encoding="utf-8")
    lines = {
        "id": "TST003", "name": "three", "table": "space", "when": None, "message": "{name}", "setting": "owner",
        "require": "(select @TST001 from user_profile u where u.key = owner_key)",
        "cases": [{"given": {"owner_key": "o"}, "then": verdict,
                   "tables": {"user_profile": [{"key": "o", "name_tokens": ["red", name]}]}}
                  for name, verdict in (("cat", "pass"), ("green", "fail"))],
    }  # fmt: skip
    (tmp_path / "three.yaml").write_text(changed(**lines), encoding="utf-8")
    _, space = load_rules([tmp_path])
    assert space.word_kind == KIND
    assert [(result.case.given, result.ok) for result in run_cases([space])] == [({"owner_key": "o"}, True)] * 2
    (tmp_path / "three.yaml").write_text(changed(**lines, word_kind="left(word, 1)"), encoding="utf-8")
    with pytest.raises(RuleError, match="TST001 has a word_kind of its own"):
        load_rules([tmp_path])
