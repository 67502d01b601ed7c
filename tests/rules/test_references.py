"""What rules take from each other: a parameter, or a whole condition, written and overridden in one place."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import RuleError
from auditor.rules.cases import run_cases
from auditor.rules.load import load_rules
from auditor.rules.references import inherit_overrides

RULE = """\
id: {id}
name: {name}
title: The domain's name is allowed
severity: low
table: domain
require: list_contains($names, name)
params:
  names: {{type: list, doc: Names, {names}}}
message: "{{name}} is not allowed"
why: Because.
remediation: {{steps: Rename it.}}
practices: [P25]
references: [https://docs.aws.amazon.com/]
since: 0.2.0
cases:
  - {{given: {{name: a}}, then: pass}}
"""


def _folder(folder: Path, **names: str) -> Path:
    """A folder of rules, by id what stands beside type and doc of its parameter."""
    for id_, text in names.items():
        (folder / f"{id_}.yaml").write_text(RULE.format(id=id_, name=id_.lower(), names=text))
    return folder


def test_it_takes_the_other_s_default(tmp_path: Path) -> None:
    one, two = load_rules([_folder(tmp_path, ONE101="default: [a, b]", TWO101="same_as: ONE101.names")])
    assert one.params[0].default == two.params[0].default == ["a", "b"]
    assert (one.params[0].same_as, two.params[0].same_as) == ("", "ONE101.names")


def test_a_built_in_rule_need_not_be_loaded_beside_it(tmp_path: Path) -> None:
    (rule,) = load_rules([_folder(tmp_path, ONE101="same_as: STU101.generic_words")])
    assert "user" in rule.params[0].default


def test_an_override_of_the_other_reaches_it(tmp_path: Path) -> None:
    rules = load_rules([_folder(tmp_path, ONE101="default: [a]", TWO101="same_as: ONE101.names")])
    assert inherit_overrides(rules, {}) == {}
    assert inherit_overrides(rules, {"ONE101": {"names": ["x"]}}) == {
        "ONE101": {"names": ["x"]},
        "TWO101": {"names": ["x"]},
    }
    assert inherit_overrides(rules[1:], {"ONE101": {"names": ["x"]}})["TWO101"] == {"names": ["x"]}


def test_an_override_of_its_own_goes_first(tmp_path: Path) -> None:
    rules = load_rules([_folder(tmp_path, ONE101="default: [a]", TWO101="same_as: ONE101.names")])
    given = {"ONE101": {"names": ["x"]}, "TWO101": {"names": ["y"]}}
    assert inherit_overrides(rules, given) == given


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("same_as: ONE101.nothing", "ONE101.nothing"),
        ("same_as: NONE101.names", "NONE101.names"),
        ("same_as: names", "'names'"),
        ("same_as: STU101.min_letters", "of type integer, not list"),
        ("same_as: TWO101.names", "follows ONE101.names"),
        ("default: [a], same_as: ONE101.names", "either default or same_as"),
    ],
)
def test_what_cannot_be_followed_is_named_with_its_line(tmp_path: Path, text: str, word: str) -> None:
    folder = _folder(tmp_path, ONE101="default: [a]", TWO101="same_as: ONE101.names", XXX101=text)
    with pytest.raises(RuleError, match=rf"XXX101\.yaml:8: params: .*{word}"):
        load_rules([folder])


def test_a_parameter_without_a_value_is_refused(tmp_path: Path) -> None:
    path = _folder(tmp_path, ONE101="default: [a]") / "ONE101.yaml"
    path.write_text(path.read_text().replace(", default: [a]", ""))
    with pytest.raises(RuleError, match="either default or same_as"):
        load_rules([path])


def _spaces(folder: Path, id_: str = "XXX101", **lines: str) -> Path:
    """A folder with ONE101, which is about domains, and a rule about spaces that asks it of their domains."""
    _folder(folder, ONE101="default: [a]")
    base = {
        "id": id_, "name": "of-domain", "title": "The domain is allowed", "severity": "low", "table": "space",
        "require": "(select @ONE101 from domain as d where d.key = domain_key)", "setting": "domain_key",
        "message": "'{name}'", "why": "Because.", "remediation": "{steps: Move.}", "practices": "[P25]",
        "references": "[https://docs.aws.amazon.com/]", "since": "0.2.0",
        "cases": "[{given: {domain_key: d}, tables: {domain: [{key: d, name: a}]}, then: pass},"
                 " {given: {domain_key: d, name: a}, tables: {domain: [{key: d, name: b}]}, then: fail},"
                 " {given: {domain_key: d}, tables: {domain: [{key: d, name: b}]}, params: {names: [b]}, then: pass},"
                 " {given: {domain_key: d}, tables: {domain: [{key: d, name: null}]}, then: unknown}]",
    }  # fmt: skip
    text = "".join(f"{key}: {value}\n" for key, value in (base | lines).items())
    (folder / f"{id_}.yaml").write_text(text)
    return folder


def test_a_condition_is_that_of_the_other_rule_on_another_row(tmp_path: Path) -> None:
    rules = load_rules([_spaces(tmp_path)])
    assert all(result.ok for result in run_cases(rules))
    assert [(p.name, p.default, p.same_as) for p in rules[1].params] == [("names", ["a"], "ONE101.names")]
    assert inherit_overrides(rules, {"ONE101": {"names": ["x"]}})["XXX101"] == {"names": ["x"]}


def test_a_string_is_no_reference(tmp_path: Path) -> None:
    require = "\"(select @ONE101 from domain as d where d.key = domain_key) or name = '@TWO999'\""
    (_, rule) = load_rules([_spaces(tmp_path, require=require)])
    assert "'@TWO999'" in rule.require


@pytest.mark.parametrize(
    ("lines", "word"),
    [
        ({"require": "(select @TWO999 from domain)"}, "there is no rule TWO999"),
        ({"require": "(select @ONE101 from domain) and list_contains($names, name)",
          "params": "{names: {type: list, default: [b], doc: d}}"}, "names is ONE101's as well"),
    ],
)  # fmt: skip
def test_a_condition_that_cannot_be_taken_is_named_with_its_line(
    tmp_path: Path, lines: dict[str, str], word: str
) -> None:
    with pytest.raises(RuleError, match=rf"XXX101\.yaml:6: require: .*{word}"):
        load_rules([_spaces(tmp_path, **lines)])


def test_conditions_are_not_taken_from_one_that_takes_its_own(tmp_path: Path) -> None:
    _spaces(tmp_path)
    with pytest.raises(RuleError, match="XXX101 itself takes its condition"):
        load_rules([_spaces(tmp_path, "YYY101", name="again", require='"(select @XXX101 from space)"')])


def test_a_condition_brings_parameters_that_follow_a_third_rule(tmp_path: Path) -> None:
    """Their default and their override are those of the third."""
    _spaces(tmp_path, require='"(select @TWO101 from domain as d where d.key = domain_key)"')
    rules = load_rules([_folder(tmp_path, TWO101="same_as: ONE101.names")])
    taken = next(rule for rule in rules if rule.id == "XXX101").params
    assert [(p.name, p.default, p.same_as) for p in taken] == [("names", ["a"], "ONE101.names")]


def test_a_parameter_that_follows_the_same_one_may_stand_beside_the_condition(tmp_path: Path) -> None:
    require = '"(select @ONE101 from domain as d where d.key = domain_key) or list_contains($names, name)"'
    names = "{names: {type: list, same_as: ONE101.names, doc: d}}"
    (_, rule) = load_rules([_spaces(tmp_path, require=require, params=names)])
    assert [(p.name, p.default, p.same_as) for p in rule.params] == [("names", ["a"], "ONE101.names")]
