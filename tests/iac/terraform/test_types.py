"""Values are converted to the types of their variables as Terraform's language documentation says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from auditor.collect.iac.hcl.values import SetOf
from auditor.collect.iac.interface import Unknown
from auditor.collect.iac.terraform.modules import ModuleInstance
from auditor.collect.iac.terraform.variables import Given

Module = Callable[..., ModuleInstance]


def test_a_number_given_as_text_is_one_by_its_type(module: Module) -> None:
    text = 'variable "n" { type = number }\nvariable "s" { type = string }\nvariable "l" { type = list(string) }\n'
    found = module(text, Given({"n": "5", "s": "5", "l": '["a", "b"]'}))
    assert [found.variable(name) for name in "nsl"] == [5, "5", ["a", "b"]]


def test_objects_have_the_members_of_their_type(module: Module) -> None:
    text = """
variable "profiles" {
  type = map(object({
    role   = string
    mount  = optional(string, "Disabled")
    hidden = optional(set(string))
    limits = optional(object({ size = optional(number, 5) }), {})
  }))
  default = { amy = { role = "r", extra = 1, hidden = ["b", "a", "b"] } }
}
"""
    assert module(text).variable("profiles") == {
        "amy": {"role": "r", "mount": "Disabled", "hidden": SetOf(["a", "b"]), "limits": {"size": 5}}
    }


CONVERSIONS: list[tuple[str, str, Any]] = [
    ("string", "1", "1"),
    ("string", "true", "true"),
    ("number", '"1.5"', 1.5),
    ("bool", '"true"', True),
    ('"string"', "1", "1"),
    ("any", "[1]", [1]),
    ("list", '["a"]', ["a"]),
    ("list(string)", "[1, true]", ["1", "true"]),
    ("set(string)", '["b", "a", "b"]', ["a", "b"]),
    ("map(number)", '{ a = "1" }', {"a": 1}),
    ("tuple([string, number])", '[1, "2"]', ["1", 2]),
    ("object({ a = string })", "{ a = 1, b = 2 }", {"a": "1"}),
    ("list(object({ a = optional(string) }))", "[{}]", [{"a": None}]),
    ("optional(string)", "1", "1"),
    ("string", "null", None),
]


@pytest.mark.parametrize(("type_", "given", "expected"), CONVERSIONS, ids=[f"{t}-{g}" for t, g, _ in CONVERSIONS])
def test_types_convert(module: Module, type_: str, given: str, expected: Any) -> None:
    found = module(f'variable "v" {{\n  type    = {type_}\n  default = {given}\n}}\n').variable("v")
    assert found == expected
    assert isinstance(found, bool) == isinstance(expected, bool)


@pytest.mark.parametrize(
    ("type_", "given"),
    [
        ("string", "[]"), ("number", '"a"'), ("bool", '"maybe"'), ("list(string)", "{}"), ("map(string)", "[]"),
        ("tuple([string])", "[]"), ("object({ a = string })", "{}"), ('"list("', "[]"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_unknown(module: Module, type_: str, given: str) -> None:
    found = module(f'variable "v" {{\n  type    = {type_}\n  default = {given}\n}}\n').variable("v")
    assert isinstance(found, Unknown)
    assert found.reason.startswith("variable v of the root module: ")
