"""The shape check checks: it accepts what fits, and finds each kind of mistake where it is."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from botocore.model import ShapeResolver

from auditor.simulator.operations import OPERATIONS
from auditor.simulator.wire import service_model

from .shapes import problems, sample

SHAPES = ShapeResolver(
    {
        "Answer": {
            "type": "structure",
            "required": ["Name"],
            "members": {
                "Name": {"shape": "Text"},
                "Mode": {"shape": "Mode"},
                "Count": {"shape": "Count"},
                "Size": {"shape": "Size"},
                "On": {"shape": "Flag"},
                "Made": {"shape": "Moment"},
                "Modes": {"shape": "Modes"},
                "Named": {"shape": "Named"},
                "Inner": {"shape": "Inner"},
            },
        },
        "Inner": {"type": "structure", "required": ["Mode"], "members": {"Mode": {"shape": "Mode"}}},
        "Text": {"type": "string"},
        "Mode": {"type": "string", "enum": ["IAM", "SSO"]},
        "Count": {"type": "integer"},
        "Size": {"type": "long"},
        "Flag": {"type": "boolean"},
        "Moment": {"type": "timestamp"},
        "Modes": {"type": "list", "member": {"shape": "Mode"}},
        "Named": {"type": "map", "key": {"shape": "Mode"}, "value": {"shape": "Count"}},
    }
)
ANSWER = SHAPES.get_shape_by_name("Answer")
GOOD: dict[str, Any] = {
    "Name": "research",
    "Mode": "SSO",
    "Count": 3,
    "Size": 5_000_000_000,
    "On": False,
    "Made": 1738540800.0,
    "Modes": ["IAM", "SSO"],
    "Named": {"IAM": 1},
    "Inner": {"Mode": "IAM"},
}


def test_a_good_value_is_accepted() -> None:
    assert problems(ANSWER, GOOD) == []


def test_members_that_are_not_required_may_be_absent() -> None:
    assert problems(ANSWER, {"Name": "research"}) == []


@pytest.mark.parametrize(
    ("member", "value", "place"),
    [
        ("Name", 5, "$.Name"),
        ("Name", None, "$.Name"),
        ("Mode", "LDAP", "$.Mode"),
        ("Count", "3", "$.Count"),
        ("Count", True, "$.Count"),
        ("Count", 1.5, "$.Count"),
        ("Size", "5", "$.Size"),
        ("On", "true", "$.On"),
        ("On", 1, "$.On"),
        ("Made", "2025-02-03T00:00:00Z", "$.Made"),
        ("Made", True, "$.Made"),
        ("Modes", "IAM", "$.Modes"),
        ("Modes", ["IAM", "LDAP"], "$.Modes[1]"),
        ("Named", ["IAM"], "$.Named"),
        ("Named", {"LDAP": 1}, "$.Named.key"),
        ("Named", {"IAM": "1"}, "$.Named.IAM"),
        ("Inner", [], "$.Inner"),
        ("Inner", {}, "$.Inner.Mode"),
        ("Inner", {"Mode": "LDAP"}, "$.Inner.Mode"),
        ("Inner", {"Mode": "IAM", "More": 1}, "$.Inner.More"),
        ("More", 1, "$.More"),
    ],
)
def test_a_mistake_is_found_where_it_is(member: str, value: object, place: str) -> None:
    found = problems(ANSWER, GOOD | {member: value})
    assert [text.split(": ")[0] for text in found] == [place]


def test_a_missing_required_member_is_found() -> None:
    assert problems(ANSWER, {k: v for k, v in GOOD.items() if k != "Name"}) == ["$.Name: required, but missing"]


def test_no_shape_means_no_members() -> None:
    assert problems(None, {}) == []
    assert problems(None, {"Name": "research"}) != []


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_every_leaf_of_an_output_shape_is_looked_at(operation: str) -> None:
    """A full answer passes; with any one member of it replaced by nonsense, it does not."""
    shape = service_model("sagemaker").operation_model(operation).output_shape
    whole = sample(shape) if shape is not None else {}
    assert problems(shape, whole) == []
    for keys in _leaves(whole):
        broken = deepcopy(whole)
        at = broken
        for key in keys[:-1]:
            at = at[key]
        at[keys[-1]] = object()
        assert len(problems(shape, broken)) == 1, keys


def _leaves(value: Any, keys: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = False
    for key, inner in pairs:
        found = True
        yield from _leaves(inner, (*keys, key))
    if keys and not found:
        yield keys
