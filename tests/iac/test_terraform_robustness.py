"""Messy configuration: whatever the files hold, a scan ends with a snapshot, or with an error that says why."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.studio.template_types import TYPES
from tests.budgets import examples

from .corpus import ROOT
from .messy import outcome

TEXTS = [path.read_text() for path in sorted(ROOT.glob("tf-*/**/*.tf"))]
PLANS = [path.read_text() for path in sorted(ROOT.glob("plan-*/plan.json"))]
QUICK = examples(60)


_ODD = [
    "{",
    "}",
    "[",
    "]",
    '"',
    "${",
    "%{",
    "<<EOF",
    "= x",
    "?",
    ":",
    "...",
    "\\",
    "/*",
    "#",
    "(",
    ")",
    "\x00",
    "\t",
    "é",
]


def _broken(text: str, data: st.DataObject) -> str:
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(["drop", "double", "cut", "odd", "inside"])):
            case "drop":
                lines[at] = ""
            case "double":
                lines.insert(at, lines[at])
            case "cut":
                lines[at] = lines[at][: data.draw(st.integers(0, len(lines[at])))]
            case "odd":
                lines[at] += data.draw(st.sampled_from(_ODD))
            case _:
                cut = data.draw(st.integers(0, len(lines[at])))
                lines[at] = lines[at][:cut] + data.draw(st.sampled_from(_ODD)) + lines[at][cut:]
    return "\n".join(lines)


@QUICK
@given(st.data())
def test_configuration_with_broken_lines(data: st.DataObject) -> None:
    outcome({"main.tf": _broken(data.draw(st.sampled_from(TEXTS)), data)})


@QUICK
@given(st.data())
def test_plans_with_broken_lines(data: st.DataObject) -> None:
    outcome({"plan.json": _broken(data.draw(st.sampled_from(PLANS)), data)})


def _swapped(value: Any, data: st.DataObject, budget: list[int]) -> Any:
    """A JSON value in which some parts are other ones."""
    if budget[0] > 0 and data.draw(st.integers(0, 15)) == 0:
        budget[0] -= 1
        return data.draw(st.sampled_from([None, True, 0, "", "x", [], {}, [None], {"references": "x"}, [[{}]]]))
    if isinstance(value, dict):
        return {k: _swapped(v, data, budget) for k, v in value.items()}
    return [_swapped(v, data, budget) for v in value] if isinstance(value, list) else value


@QUICK
@given(st.data())
def test_plans_with_parts_of_other_types(data: st.DataObject) -> None:
    content = _swapped(json.loads(data.draw(st.sampled_from(PLANS))), data, [6])
    outcome({"plan.json": json.dumps(content)})


# Expressions that make sense to the grammar, and not always to Terraform

_NAMES = [
    "var.open",
    "var.list",
    "var.map",
    "var.map.a",
    "local.x",
    "local.y",
    "each.key",
    "each.value",
    "count.index",
    "data.aws_vpc.d.id",
    "aws_iam_role.r.arn",
    "aws_iam_role.r[0].arn",
    "aws_iam_role.r",
    "module.m.x",
    "module.m",
    "aws_subnet.s[*].id",
    "path.module",
    "terraform.workspace",
    "self.x",
    "nothing",
    "var.list[0]",
    'var.map["a"]',
]
_FUNCTIONS = [
    "length",
    "merge",
    "concat",
    "lookup",
    "try",
    "can",
    "coalesce",
    "join",
    "format",
    "toset",
    "tomap",
    "keys",
    "values",
    "flatten",
    "element",
    "jsonencode",
    "jsondecode",
    "yamldecode",
    "file",
    "templatefile",
    "split",
    "range",
    "setproduct",
    "zipmap",
    "regex",
    "replace",
    "substr",
    "one",
    "sum",
    "tonumber",
    "formatlist",
    "nothing",
    "slice",
    "index",
    "contains",
    "sort",
    "transpose",
    "chunklist",
    "fileset",
    "pow",
    "title",
]
_EXPRESSION = st.recursive(
    st.sampled_from(
        [*_NAMES, "1", "-1", "0", "1.5", "true", "null", '"a"', '""', "[]", "{}", '"%d"', '"x-${var.open}"']
    ),
    lambda inner: st.one_of(
        st.builds(lambda f, a: f"{f}({', '.join(a)})", st.sampled_from(_FUNCTIONS), st.lists(inner, max_size=3)),
        st.builds(
            lambda a, o, b: f"({a}) {o} {b}",
            inner,
            st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", "&&", "||"]),
            inner,
        ),
        st.builds(lambda a, b, c: f"{a} ? {b} : {c}", inner, inner, inner),
        st.builds(lambda a, b: f"({a})[{b}]", inner, inner),
        st.builds(lambda a: f"({a}).a", inner),
        st.builds(lambda a: f"({a})[*].a", inner),
        st.builds(lambda a, b: f"[for v in {a} : {b}]", inner, inner),
        st.builds(lambda a, b, c: f"{{ for k, v in {a} : {b} => {c} }}", inner, inner, inner),
        st.builds(lambda a: "[" + ", ".join(a) + "]", st.lists(inner, max_size=3)),
        st.builds(lambda a, b: f'{{ a = {a}, ("b") = {b} }}', inner, inner),
        st.builds(lambda a: f'"<${{{a}}}>"', inner),
    ),
    max_leaves=8,
)
_SLOTS = [
    "domain_id",
    "user_profile_name",
    "user_settings",
    "tags",
    "space_name",
    "default_user_settings",
    "vpc_id",
    "subnet_ids",
    "role",
    "policy",
    "assume_role_policy",
    "roles",
    "managed_policy_arns",
    "policy_arn",
    "name",
    "retention_in_days",
    "route",
    "gateway_id",
    "event_selector",
    "count",
    "for_each",
    "provider",
    "auth_mode",
    "ownership_settings",
    "space_settings",
    "resource_spec",
    "inline_policy",
    "domain_settings",
]
_START = """
variable "open" {}
variable "list" { default = ["a", "b"] }
variable "map" { default = { a = { a = "x" }, b = null } }
data "aws_vpc" "d" { default = true }
resource "aws_iam_role" "r" { count = length(var.list) }
resource "aws_subnet" "s" { count = 2 }
module "m" { source = "./m" }
"""


@QUICK
@given(st.data())
def test_any_expression_anywhere(data: st.DataObject) -> None:
    draw = data.draw
    text = _START + f"locals {{\n  x = {draw(_EXPRESSION)}\n  y = {draw(_EXPRESSION)}\n}}\n"
    for number in range(draw(st.integers(1, 4))):
        type_ = draw(st.sampled_from(sorted(t for t in TYPES if t.startswith("aw"))))
        slots = draw(st.lists(st.sampled_from(_SLOTS), max_size=5, unique=True))
        body = "".join(f"  {slot} = {draw(_EXPRESSION)}\n" for slot in slots)
        block = draw(st.sampled_from(["", "user_settings", "default_user_settings", "statement", "route"]))
        if block:
            body += (
                f'  dynamic "{block}" {{\n    for_each = {draw(_EXPRESSION)}\n    content {{\n      execution_role ='
            )
            body += f" {draw(_EXPRESSION)}\n    }}\n  }}\n"
        text += f'resource "{type_}" "x{number}" {{\n{body}}}\n'
    outcome({"main.tf": text, "m/main.tf": 'output "x" {\n  value = "y"\n}\n'})


@pytest.mark.parametrize("name", ["main.tf", "main.tf.json", "plan.json", "terraform.tfvars", "a.auto.tfvars.json"])
@given(content=st.binary(max_size=200))
@examples(40)
def test_any_bytes(name: str, content: bytes) -> None:
    outcome({"good.tf": 'variable "x" {}\n', name: content})


@pytest.mark.parametrize("name", ["main.tf.json", "terraform.tfvars.json"])
@given(
    content=st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-1, 3), st.sampled_from(["", "${var.x}", "${", "%{", "x"])),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(
                st.sampled_from(
                    [
                        "resource",
                        "aws_sagemaker_domain",
                        "d",
                        "variable",
                        "locals",
                        "dynamic",
                        "content",
                        "module",
                        "source",
                        "provider",
                        "aws",
                        "tags",
                        "for_each",
                        "count",
                        "//",
                        "data",
                    ]
                ),
                inner,
                max_size=4,
            ),
        ),
        max_leaves=25,
    )
)
@QUICK
def test_any_json(name: str, content: Any) -> None:
    outcome({"good.tf": 'variable "x" {}\nresource "aws_vpc" "v" {}\n', name: json.dumps(content)})
