"""What is certain of an expression with unknown values stays so whatever the values turn out to be.

The other side is the same evaluator with values in place of the unknowns, which the examples of Terraform's own
documentation hold to Terraform (test_functions.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from auditor.collect.iac.hcl.evaluate import value
from auditor.collect.iac.hcl.parser import parse_expression
from auditor.collect.iac.hcl.values import PartialJson, SetOf
from auditor.collect.iac.interface import Several, Unknown, Value
from auditor.collect.iac.partly_known import known_end, known_start, open_keys_of, rest_of


@dataclass
class _Given:
    """A scope in which ``var`` is known or not."""

    variables: Mapping[str, Value] = field(default_factory=dict)
    files: Any = None

    def named(self, name: str) -> Value:
        assert name == "var"
        return {
            one: self.variables.get(one, Unknown(f"${{var.{one}}}", f"variable {one} has no value"))
            for one in ("text", "flag", "list", "map")
        }

    def spend(self, steps: int = 1, size: int = 0) -> None: ...


def _fits(found: Value, real: Value) -> bool:
    """Whether an answer of which parts are unknown says nothing wrong of the real one."""
    if isinstance(found, Unknown):
        text = isinstance(real, str) and real.startswith(known_start(found)) and real.endswith(known_end(found))
        return (text or not found.partial) and (not found.among or real in found.among)
    if isinstance(found, PartialJson):
        return isinstance(real, str) and _fits(found.content, json.loads(real))
    if isinstance(found, Mapping):
        if not isinstance(real, Mapping):
            return False
        certain = {name for name in found if name not in open_keys_of(found)}
        known = all(_fits(found[name], real[name]) for name in found if name in real)
        return certain <= set(real) and known and (rest_of(found) is not None or set(real) <= set(found))
    if isinstance(found, list):
        return isinstance(real, list) and _fits_list(found, real)
    return bool(found == real) and type(found) is type(real)


def _fits_list(found: list[Value], real: list[Value]) -> bool:
    """Elements before one that stands for several are at their place; those behind it, and those of a set, anywhere."""
    open_ = any(isinstance(item, Several) for item in found)
    loose = open_ or (isinstance(found, SetOf) and any(isinstance(item, Unknown) for item in found))
    if not loose:
        return len(found) == len(real) and all(map(_fits, found, real))
    first = next((at for at, item in enumerate(found) if isinstance(item, Several)), len(found))
    start = 0 if isinstance(found, SetOf) else first
    certain = [item for item in found[start:] if not isinstance(item, Unknown)]
    return (
        len(real) >= start
        and all(map(_fits, found[:start], real[:start]))
        and all(any(_fits(item, other) for other in real[start:]) for item in certain)
        and (open_ or len(real) <= len(found))
    )


TEXTS = st.sampled_from(['"a"', '"b"', '""', '"a:b"', "var.text", '"a-${var.text}"', '"${var.text}:b"', "null"])
KEYS = st.sampled_from(['"a"', '"b"'])


def _call(names: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(names.split()), *arguments).map(lambda call: f"{call[0]}({', '.join(call[1:])})")


def _put(form: str, *parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map(lambda texts: form.format(*texts))


Expressions = tuple[st.SearchStrategy[str], ...]


def _larger(inner: Expressions) -> Expressions:
    text, flag, list_, map_ = inner
    texts = st.one_of(
        text, _call("coalesce lookup", text, text), _put("lookup({}, {}, {})", map_, KEYS, text),
        _put("{}[{}]", map_, KEYS), _put("{}[{}]", list_, st.sampled_from("01")), _put("{}.a", map_),
        _call("element", list_, st.sampled_from("012")), _call("one", list_), _call("join", st.just('","'), list_),
        _put("({} ? {} : {})", flag, text, text), _put("try({}, {})", text, text), _call("jsonencode", map_),
        _put('format("%s/x", {})', text), _put('"%{{ for x in {} }}${{x}},%{{ endfor }}"', list_),
    )  # fmt: skip
    flags = st.one_of(
        flag, _call("contains", list_, text),
        _call("startswith endswith", text, st.sampled_from(['"a"', '"b"', '"a-"'])),
        _put("({} == {})", text, text), _put("({} == {})", list_, list_), _put("({} != {})", map_, map_),
        _put("({} && {})", flag, flag), _put("({} || {})", flag, flag), _put("!{}", flag),
        _put("(length({}) > 1)", st.one_of(list_, map_)), _put("alltrue([{}, {}])", flag, flag),
        _put("anytrue([{}, {}])", flag, flag), _put("can({})", text),
    )  # fmt: skip
    lists = st.one_of(
        list_, _put("[{}, {}]", text, text),
        _call("concat setunion coalescelist setintersection setsubtract", list_, list_),
        _call("compact distinct reverse tolist toset", list_), _put("flatten([{}, {}])", list_, list_),
        _call("keys values", map_), _put("slice({}, 0, {})", list_, st.sampled_from("12")),
        _put("({} ? {} : {})", flag, list_, list_), _put("[for x in {} : x if x != {}]", list_, text),
        _put("[for k, v in {} : k]", map_), _put("{}[*]", list_), _call("split", st.just('":"'), text),
        _put("concat([{}, {}]...)", list_, list_), _put('formatlist("%s!", {})', list_),
    )  # fmt: skip
    maps = st.one_of(
        map_, _put("{{ a = {}, b = {} }}", text, text),
        _call("merge", map_, map_), _put("{{ ({}) = {}, a = 1 }}", text, text),
        _put("({} ? {} : {})", flag, map_, map_), _put("{{ for k, v in {} : k => v }}", map_),
        _put("{{ for k, v in {} : k => v if v != {} }}", map_, text), _put("{{ for x in {} : x => {} }}", list_, text),
        _put("zipmap({}, {})", list_, list_), _put("tomap({})", map_), _put("jsondecode(jsonencode({}))", map_),
        _put("{{ for x in {} : x => x... }}", list_), _put("merge([{}, {}]...)", map_, map_),
    )  # fmt: skip
    return texts, flags, lists, maps


_leaves: Expressions = (
    TEXTS, st.sampled_from(["true", "false", "var.flag"]), st.sampled_from(["var.list", '["a"]', "[]", '["b", "a"]']),
    st.sampled_from(["var.map", '{ a = "x" }', "{}", '{ b = "y", c = "z" }']),
)  # fmt: skip
EXPRESSIONS = st.one_of(*_larger(_larger(_leaves)))
VALUES = st.fixed_dictionaries(
    {
        "text": st.sampled_from(["a", "b", "c", "", "a:b", None]),
        "flag": st.booleans(),
        "list": st.lists(st.sampled_from(["a", "b", "c", ""]), max_size=3),
        "map": st.dictionaries(st.sampled_from(["a", "b", "c"]), st.sampled_from(["x", "y", ""]), max_size=3),
    }
)
NAMES = st.sets(st.sampled_from(["text", "flag", "list", "map"]))


@given(EXPRESSIONS, VALUES, NAMES)
@example('merge(var.map, { a = "x" }).a', {"map": {"a": "y", "b": "z"}}, set())
@example('merge({ a = "x" }, var.map)', {"map": {"a": "y"}}, set())
@example('reverse(keys(merge(var.map, { a = "x" })))[0]', {"map": {"b": "y"}}, set())
@example('concat(var.list, ["a"])[0]', {"list": ["b"]}, set())
@example('distinct([var.text, "a"])', {"text": "a"}, set())
@example('toset([var.text, "a"]) == toset(["a", "b"])', {"text": "b"}, set())
@example('[for x in toset(["a", var.text]) : x][0]', {"text": "a"}, set())
@example('{ for k, v in (var.flag ? { a = "x" } : {}) : k => "z" }', {"flag": False}, set())
@example('lookup({ for k, v in (var.flag ? { a = "x" } : {}) : k => "z" }, "a", "d")', {"flag": False}, set())
@example('split(":", "a:${var.text}:b")', {"text": "c:d"}, set())
@settings(max_examples=150, deadline=None)
def test_a_certain_answer_is_never_contradicted(expression: str, values: dict[str, Value], known: set[str]) -> None:
    node = parse_expression(expression, 1)
    real = value(node, _Given(values))
    if isinstance(real, Unknown):
        return  # Terraform would refuse it.
    found = value(node, _Given({name: given_ for name, given_ in values.items() if name in known}))
    assert _fits(found, real), (found, real)


@pytest.mark.parametrize(
    ("expression", "certain"),
    [
        ('merge(var.map, { Owner = "x" }).Owner', "x"),
        ('lookup(merge(var.map, { Owner = "x" }), "Owner", "y")', "x"),
        ('contains(keys(merge(var.map, { Owner = "x" })), "Owner")', True),
        ('{ (var.text) = 1, a = 2 }.a', 2),
        ('merge({ a = 1 }, var.flag ? { b = 2 } : {}).a', 1),
        ('concat(["a"], var.list)[0]', "a"), ('contains(concat(var.list, ["a"]), "a")', True),
        ('contains(setunion(var.list, ["a"]), "a")', True), ('contains(setsubtract(["a", "b"], ["b"]), "a")', True),
        ('contains(setsubtract(setunion(var.list, ["a"]), ["b"]), "a")', True),
        ('contains(setintersection(setunion(var.list, ["a"]), ["a", "b"]), "a")', True),
        ('contains(flatten([var.list, [["a"]]]), "a")', True),
        ('contains(compact([var.text, "a"]), "a")', True), ('contains(distinct([var.text, "a"]), "a")', True),
        ('contains([for x in ["a", var.text] : x if x != "b"], "a")', True),
        ('[for x in concat(["a"], var.list) : upper(x)][0]', "A"),
        ('element(concat([{ a = 1 }], var.list)[*].a, 0)', 1),
        ('contains(var.flag ? ["a", "b"] : ["b"], "b")', True), ('(var.flag ? ["a", "b"] : ["a"])[0]', "a"),
        ('coalescelist(concat(["a"], var.list))[0]', "a"), ('slice(concat(["a", "b"], var.list), 0, 2)', ["a", "b"]),
        ('{ for k, v in merge(var.map, { a = 1 }) : upper(k) => v }.A', 1),
        ('startswith("arn:aws:s3:::${var.text}", "arn:aws:s3")', True), ('startswith("x-${var.text}", "arn:")', False),
        ('endswith("${var.text}/*", "/*")', True), ('"${var.text}-prod" == "dev"', False),
        ('split(":", "arn:aws:s3:::${var.text}")[2]', "s3"), ('lookup({ a = "x" }, "a", var.text)', "x"),
        ('coalesce("x", var.text)', "x"), ('jsondecode(jsonencode(merge(var.map, { a = 1 }))).a', 1),
    ],
)  # fmt: skip
def test_certain(expression: str, certain: Any) -> None:
    assert value(parse_expression(expression, 1), _Given()) == certain


@pytest.mark.parametrize(
    "expression",
    [
        'merge({ Owner = "x" }, var.map).Owner', 'merge(var.map, { Owner = "x" }).Team',
        'length(merge(var.map, { a = 1 }))',
        'concat(var.list, ["a"])[0]', 'length(concat(var.list, ["a"]))', 'contains(concat(var.list, ["a"]), "b")',
        'keys(merge(var.map, { b = 1 }))[0]', 'one(concat(["a"], var.list))', 'merge(var.map, { a = 1 }) == { a = 1 }',
        'join(",", concat(["a"], var.list))', 'tolist(toset([var.text, "b"]))[0]', '{ a = 1, (var.text) = 2 }.a',
        'startswith("a${var.text}", "ab")', 'element(concat(["a"], var.list), 1)',
        '"%{ for k, v in merge(var.map, { a = 1 }) }x%{ endfor }"',
    ],
)  # fmt: skip
def test_what_hangs_on_the_rest_is_unknown(expression: str) -> None:
    assert isinstance(value(parse_expression(expression, 1), _Given()), Unknown)
