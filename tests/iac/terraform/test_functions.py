"""Functions give what the examples of Terraform's function reference say, and what follows from its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.hcl.functions_collections import STRICT
from auditor.collect.iac.hcl.functions_partial import OPEN
from auditor.collect.iac.hcl.functions_text import FILES, TEXT
from auditor.collect.iac.interface import Unknown
from auditor.collect.iac.terraform.modules import ModuleInstance

Module = Callable[..., ModuleInstance]

EXAMPLES: list[tuple[str, Any]] = [
    ("abs(-12.4)", 12.4),
    ("ceil(5.1)", 6),
    ("floor(4.9)", 4),
    ("floor(-4.1)", -5),
    ("max(5, 12, 9)", 12),
    ("min([5, 12, 9]...)", 5),
    ('parseint("FF", 16)', 255),
    ("pow(3, 2)", 9),
    ("signum(-13)", -1),
    ("sum([10, 13, 6, 4.5])", 33.5),
    ('chomp("hello\\n\\n")', "hello"),
    ('endswith("hello world", "world")', True),
    ('format("Hello, %s!", "Ander")', "Hello, Ander!"),
    ('format("There are %d lights", 4)', "There are 4 lights"),
    ('format("%05d|%5.1f|%q|%%|%t|%v", 12, 3.14159, "x", true, [1])', '00012|  3.1|"x"|%|true|[1]'),
    ('format("%3s|%-3s|", "a", "b")', "  a|b  |"),
    ('formatlist("Hello, %s!", ["Valentina", "Ander"])', ["Hello, Valentina!", "Hello, Ander!"]),
    ('formatlist("%s, %s!", "Salutations", ["A", "B"])', ["Salutations, A!", "Salutations, B!"]),
    ('join("-", ["foo", "bar", "baz"])', "foo-bar-baz"),
    ('join(", ", [])', ""),
    ('lower("HELLO")', "hello"),
    ('regex("[a-z]+", "53453453.345345aaabbbccc23454")', "aaabbbccc"),
    ('regex("(\\\\d\\\\d\\\\d\\\\d)-(\\\\d\\\\d)", "2019-02")', ["2019", "02"]),
    ('regex("^(?P<scheme>[^:/?#]+):", "https://x")', {"scheme": "https"}),
    ('regexall("[a-z]+", "1234abcd5678efgh9")', ["abcd", "efgh"]),
    ('length(regexall("[a-z]+", "123456789"))', 0),
    ('replace("1 + 2 + 3", "+", "-")', "1 - 2 - 3"),
    ('replace("hello world", "/w.*d/", "everybody")', "hello everybody"),
    ('replace("ab", "/(a)(b)/", "$2$1")', "ba"),
    ('split(",", "foo,bar,baz")', ["foo", "bar", "baz"]),
    ('split(",", "")', [""]),
    ('startswith("hello world", "hello")', True),
    ('strcontains("hello world", "wor")', True),
    ('strrev("hello")', "olleh"),
    ('substr("hello world", 1, 4)', "ello"),
    ('substr("hello world", -5, -1)', "world"),
    ('title("hello world")', "Hello World"),
    ('trim("?!hello?!", "!?")', "hello"),
    ('trim("foobar", "far")', "oob"),
    ('trimprefix("helloworld", "hello")', "world"),
    ('trimprefix("assets-x", "aset-")', "assets-x"),
    ('trimsuffix("helloworld", "world")', "hello"),
    ('trimspace("  hello\\n\\n")', "hello"),
    ('upper("hello")', "HELLO"),
    ('indent(2, "a\\nb")', "a\n  b"),
    ("alltrue([true, false])", False),
    ("alltrue([])", True),
    ('anytrue(["false", "true"])', True),
    ("anytrue([])", False),
    ('chunklist(["a", "b", "c", "d", "e"], 2)', [["a", "b"], ["c", "d"], ["e"]]),
    ('coalesce("a", "b")', "a"),
    ('coalesce("", "b")', "b"),
    ("coalesce(1, 2)", 1),
    ("coalesce(false, true)", False),
    ('coalescelist([], ["c", "d"])', ["c", "d"]),
    ('compact(["a", "", "b", null, "c"])', ["a", "b", "c"]),
    ('concat(["a", ""], ["b", "c"])', ["a", "", "b", "c"]),
    ('contains(["a", "b"], "a")', True),
    ("contains([1], 2)", False),
    ('distinct(["a", "b", "a", "c", "d", "b"])', ["a", "b", "c", "d"]),
    ('element(["a", "b", "c"], 1)', "b"),
    ('element(["a", "b", "c"], 3)', "a"),
    ('element(["a", "b", "c"], length(["a", "b", "c"]) - 1)', "c"),
    ('flatten([["a", "b"], [], [["c"], "d"]])', ["a", "b", "c", "d"]),
    ('index(["a", "b", "c"], "b")', 1),
    ("keys({ a = 1, c = 2, d = 3 })", ["a", "c", "d"]),
    ("keys({ b = 1, a = 2 })", ["a", "b"]),
    ("length([])", 0),
    ("length({ a = 1 })", 1),
    ('length("hello")', 5),
    ('lookup({ a = "ay", b = "bee" }, "a", "what?")', "ay"),
    ('lookup({ a = "ay", b = "bee" }, "c", "what?")', "what?"),
    ('matchkeys(["i-123", "i-abc", "i-def"], ["us-west", "us-east", "us-east"], ["us-east"])', ["i-abc", "i-def"]),
    ('merge({ a = "b", c = "d" }, { e = "f", c = "z" })', {"a": "b", "c": "z", "e": "f"}),
    ("merge({ a = 1 }, null)", {"a": 1}),
    ("one([])", None),
    ('one(["a"])', "a"),
    ("range(3)", [0, 1, 2]),
    ("range(1, 8, 2)", [1, 3, 5, 7]),
    ("range(4, 1)", [4, 3, 2]),
    ("reverse([1, 2, 3])", [3, 2, 1]),
    ('setintersection(["a", "b"], ["b", "c"], ["b", "d"])', ["b"]),
    ('setproduct(["a", "b"], ["c"])', [["a", "c"], ["b", "c"]]),
    ('setsubtract(["a", "b", "c"], ["a", "c"])', ["b"]),
    ('setunion(["a", "b"], ["b", "c"])', ["a", "b", "c"]),
    ('slice(["a", "b", "c", "d"], 1, 3)', ["b", "c"]),
    ('sort(["e", "d", "a", "x"])', ["a", "d", "e", "x"]),
    ('transpose({ a = ["1", "2"], b = ["2", "3"] })', {"1": ["a"], "2": ["a", "b"], "3": ["b"]}),
    ("values({ a = 3, c = 2, d = 1 })", [3, 2, 1]),
    ('zipmap(["a", "b"], [1, 2])', {"a": 1, "b": 2}),
    ('base64decode("SGVsbG8gV29ybGQ=")', "Hello World"),
    ('base64encode("Hello World")', "SGVsbG8gV29ybGQ="),
    ('csvdecode("a,b\\n1,2\\n")', [{"a": "1", "b": "2"}]),
    ('jsondecode("{\\"hello\\": [1, true]}")', {"hello": [1, True]}),
    ('jsonencode({ hello = "world" })', '{"hello":"world"}'),
    ('urlencode("Hello World!")', "Hello+World%21"),
    ('yamldecode("hello: world")', {"hello": "world"}),
    ('yamldecode("true")', True),
    ('basename("foo/bar/baz.txt")', "baz.txt"),
    ('dirname("foo/bar/baz.txt")', "foo/bar"),
    ('md5("hello world")', "5eb63bbbe01eeed093cb22bb8f5acdc3"),
    ('sha1("hello world")', "2aae6c35c94fcfb415dbe95f408b9ce91ee846ed"),
    ('sha256("hello world")', "b94d27b9934d3e08a52e52d7da7dabfac484efe37a5380ee9088f7ace2efcde9"),
    ('length(sha512("x"))', 128),
    ('tobool("true")', True),
    ("tobool(null)", None),
    ('tonumber("1")', 1),
    ('tonumber("1.5")', 1.5),
    ('tostring("hello")', "hello"),
    ("tostring(1)", "1"),
    ("tostring(true)", "true"),
    ('tolist(toset(["b", "a"]))', ["a", "b"]),
    ('toset(["c", "b", "b"])', ["b", "c"]),
    ("tomap({ a = 1 })", {"a": 1}),
    ('sensitive("x")', "x"),
    ('nonsensitive(sensitive("x"))', "x"),
    ('ephemeralasnull("x")', "x"),
    ('list("a", "b")', ["a", "b"]),
    ('file("t.txt")', "text\n"),
    ('filebase64("t.txt")', "dGV4dAo="),
    ('fileexists("t.txt")', True),
    ('fileset(".", "*.txt")', ["t.txt"]),
    ('filemd5("t.txt")', "e1cbb0c3879af8347246f12c559a86b5"),
    ('filesha256("t.txt")', "b9e68e1bea3e5b19ca6b2f98b73a54b73daafaa250484902e09982e07a12e733"),
]


@pytest.mark.parametrize(("expression", "expected"), EXAMPLES, ids=[e for e, _ in EXAMPLES])
def test_example(module: Module, expression: str, expected: Any) -> None:
    found = module({"main.tf": f"locals {{\n  x = {expression}\n}}\n", "t.txt": "text\n"}).local("x")
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


def test_every_function_has_an_example() -> None:
    text = " ".join(expression for expression, _ in EXAMPLES)
    assert [name for name in (*OPEN, *STRICT, *TEXT, *FILES) if f"{name}(" not in text] == []


#: What holds the unknown instead of being it.
HOLDS = {"jsonencode"}


@pytest.mark.parametrize("name", sorted({*OPEN, *STRICT, *TEXT, *FILES}))
def test_what_is_unknown_stays_unknown(module: Module, name: str) -> None:
    calls = [f"{name}({', '.join(['var.open'] * n)})" for n in (1, 2, 3)]
    text = 'variable "open" {}\n' + "".join(f'output "o{n}" {{\n  value = {c}\n}}\n' for n, c in enumerate(calls))
    found = module(text)
    for number in range(3):
        value = found.output(f"o{number}")
        assert isinstance(value, Unknown) or name in HOLDS, calls[number]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("merge({}, var.open)", None),
        ("one([var.open])", None), ("one(toset([var.open, 1]))", None), ("compact([var.open])", None),
        ("alltrue([true, var.open])", None), ("alltrue([false, var.open])", False),
        ("anytrue([true, var.open])", True), ("slice([1, 2], var.open, 2)", None), ("zipmap([var.open], [1])", None),
        ('join(",", ["a", var.open])', None), ('formatlist("%s", [var.open])[0]', None), ("jsondecode(var.open)", None),
        ("element([1, 2], var.open)", None), ("length(toset([var.open, 1]))", None), ("reverse([var.open, 1])[0]", 1),
        ("compact([\"a\", \"x${var.open}\"])[0]", "a"), ("keys({ a = var.open })", ["a"]), ("tolist([1, 2])[1]", 2),
        ('lookup({ a = 1 }, var.open, 2)', None), ('coalesce("x${var.open}", "b") == "b"', False),
        ("coalescelist(var.open, [1])", None),
        ("values({ a = 1, b = var.open })[0]", 1),
    ],
)  # fmt: skip
def test_functions_of_partly_unknown_values(module: Module, expression: str, expected: Any) -> None:
    found = module(f'variable "open" {{}}\noutput "o" {{\n  value = {expression}\n}}\n').output("o")
    if expected is None:
        assert isinstance(found, Unknown)
    else:
        assert found == expected
