"""CloudFormation's functions on plain mappings: values where the inputs are known, expression and reason where not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.budget import Budget, OverBudgetError
from auditor.collect.iac.cloudformation.evaluator import Evaluator
from auditor.collect.iac.cloudformation.parameters import parameter_values
from auditor.collect.iac.cloudformation.property_values import NO_VALUE
from auditor.collect.iac.interface import Reference, Unknown
from auditor.collect.iac.unreadable import UnreadableError

TEMPLATE: dict[str, Any] = {
    "Parameters": {
        "Stage": {"Type": "String", "Default": "test"},
        "Open": {"Type": "String"},
        "List": {"Type": "CommaDelimitedList", "Default": "a, b,c"},
        "Only": {"Type": "String", "AllowedValues": ["one"]},
        "Count": {"Type": "Number", "Default": 3},
    },
    "Mappings": {"Sizes": {"test": {"Value": "small", "Number": 5}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Stage"}, "test"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Open": {"Fn::Equals": [{"Ref": "Open"}, "x"]},
        "OpenOrYes": {"Fn::Or": [{"Condition": "Open"}, {"Condition": "Yes"}]},
        "OpenAndNo": {"Fn::And": [{"Condition": "Open"}, {"Condition": "No"}]},
        "OpenAndYes": {"Fn::And": [{"Condition": "Open"}, {"Condition": "Yes"}]},
        "Circle": {"Condition": "Circle"},
        "Numbers": {"Fn::Equals": [{"Ref": "Count"}, "3"]},
    },
}


def _attribute(name: str, attribute: str) -> Any:
    return Reference(name, attribute) if name == "Role" else None


def evaluator(pseudo: dict[str, str] | None = None) -> Evaluator:
    return Evaluator(TEMPLATE, parameter_values(TEMPLATE, {}), pseudo or {}, _attribute, Budget())


@pytest.mark.parametrize(
    ("node", "value"),
    [
        ({"Ref": "Stage"}, "test"),
        ({"Ref": "List"}, ["a", "b", "c"]),
        ({"Ref": "Only"}, "one"),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "AWS::NoValue"}, NO_VALUE),
        ({"Ref": "Role"}, Reference("Role", "Ref")),
        ({"Fn::GetAtt": ["Role", "Arn"]}, Reference("Role", "Arn")),
        ({"Fn::GetAtt": "Role.Arn"}, Reference("Role", "Arn")),
        ({"Fn::Sub": "${Role.Arn}"}, Reference("Role", "Arn")),
        ({"Fn::Sub": "x-${Role}"}, "x-${Role}"),
        ({"Fn::Sub": "${Stage}-${!Literal}-${AWS::Region}"}, "test-${Literal}-eu-west-1"),
        ({"Fn::Sub": ["${A}${Stage}", {"A": {"Ref": "Count"}}]}, "3test"),
        ({"Fn::Join": ["-", ["a", {"Ref": "Stage"}, 1]]}, "a-test-1"),
        ({"Fn::Join": [",", {"Ref": "List"}]}, "a,b,c"),
        ({"Fn::Split": ["/", "a/b"]}, ["a", "b"]),
        ({"Fn::Select": ["1", {"Ref": "List"}]}, "b"),
        ({"Fn::Split": [",", {"Fn::Join": [",", [{"Ref": "Role"}, "b"]]}]}, [Reference("Role", "Ref"), "b"]),
        ({"Fn::FindInMap": ["Sizes", {"Ref": "Stage"}, "Value"]}, "small"),
        ({"Fn::FindInMap": ["Sizes", "none", "Value", {"DefaultValue": "big"}]}, "big"),
        ({"Fn::If": ["Yes", 1, 2]}, 1),
        ({"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, NO_VALUE),
        ({"Fn::If": ["Open", "same", "same"]}, "same"),
        ({"Fn::If": ["OpenOrYes", 1, 2]}, 1),
        ({"Fn::If": ["OpenAndNo", 1, 2]}, 2),
        ({"Fn::If": ["Numbers", 1, 2]}, 1),
        ({"A": {"Ref": "AWS::NoValue"}, "B": [{"Ref": "AWS::NoValue"}, "x"]}, {"B": ["x"]}),
        ({"Fn::Base64": "text"}, "dGV4dA=="),
        ({"Fn::Length": {"Ref": "List"}}, 3),
        ({"Fn::ToJsonString": {"a": {"Ref": "Stage"}}}, '{"a": "test"}'),
        ({"Condition": {"Bool": {"aws:Via": "y"}}}, {"Condition": {"Bool": {"aws:Via": "y"}}}),
    ],
)  # fmt: skip
def test_known(node: Any, value: Any) -> None:
    assert evaluator({"AWS::Region": "eu-west-1"}).value(node) == value


@pytest.mark.parametrize(
    ("node", "expression", "says"),
    [
        ({"Ref": "Open"}, "${Open}", "parameter Open has no default"),
        ({"Ref": "AWS::AccountId"}, "${AWS::AccountId}", "known at deployment only"),
        ({"Ref": "Nobody"}, "${Nobody}", "nothing is called Nobody"),
        ({"Fn::Sub": "arn:${AWS::Partition}:iam::1:role/x"}, "arn:${AWS::Partition}:iam::1:role/x", "AWS::Partition"),
        ({"Fn::GetAtt": ["Nobody", "Arn"]}, "${Nobody.Arn}", "no resource is called Nobody"),
        ({"Fn::ImportValue": {"Fn::Sub": "${Stage}-domain"}}, "${Fn::ImportValue:test-domain}", "another stack"),
        ({"Fn::If": ["Open", 1, 2]}, "${Fn::If:Open}", "condition Open: parameter Open"),
        ({"Fn::If": ["OpenAndYes", 1, 2]}, "${Fn::If:OpenAndYes}", "parameter Open"),
        ({"Fn::If": ["Circle", 1, 2]}, "${Fn::If:Circle}", "hangs on itself"),
        ({"Fn::If": ["Nowhere", 1, 2]}, "${Fn::If:Nowhere}", "not defined"),
        ({"Fn::Join": ["-", [{"Ref": "Open"}, "x"]]}, "${Open}-x", "parameter Open"),
        ({"Fn::Split": ["/", {"Fn::GetAtt": ["Role", "Arn"]}]}, "${Fn::Split:${Role.Arn}}", "at deployment"),
        ({"Fn::Select": [7, ["a"]]}, "${Fn::Select}", "arguments"),
        ({"Fn::Select": [-1, ["a"]]}, "${Fn::Select}", "arguments"),
        ({"Fn::FindInMap": ["Sizes", "none", "Value"]}, "${Fn::FindInMap:Sizes:none:Value}", "no such key"),
        ({"Fn::GetAZs": ""}, "${Fn::GetAZs}", "availability zones"),
        ({"Fn::Transform": {"Name": "AWS::Include"}}, "${Fn::Transform}", "macro"),
        ({"Fn::Unheard": 1}, "${Fn::Unheard}", "not a known function"),
        ("{{resolve:ssm:/x:1}}", "${resolve:ssm:/x:1}", "dynamic reference"),
        (None, "null", "no null values"),
    ],
)
def test_unknown(node: Any, expression: str, says: str) -> None:
    found = evaluator().value(node)
    assert isinstance(found, Unknown)
    assert found.expression == expression
    assert says in found.reason


def test_a_structure_under_an_unknown_condition_is_known_where_the_branches_agree() -> None:
    node = {"Fn::If": ["Open", {"A": 1, "B": {"C": "x", "D": 1}}, {"A": 1, "B": {"C": "x"}, "E": 1}]}
    found = evaluator().value(node)
    assert found["A"] == 1
    assert found["B"]["C"] == "x"
    assert isinstance(found["B"]["D"], Unknown)
    assert isinstance(found["E"], Unknown)


def test_a_bomb_of_aliases_is_no_template() -> None:
    node: Any = "x"
    for _ in range(40):
        node = [node, node]
    with pytest.raises(OverBudgetError, match="steps is spent"):
        evaluator().value(node)


_NAMES = st.sampled_from(
    ["Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::Split", "Fn::Select", "Fn::FindInMap", "Fn::If",
     "Fn::ImportValue", "Fn::Base64", "Fn::Length", "Fn::ToJsonString", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not",
     "Condition", "Fn::ForEach::X", "Fn::Transform", "A"]
)  # fmt: skip
_LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 5), st.floats(allow_nan=False),
    st.sampled_from(["Stage", "Open", "List", "Role", "Yes", "${Stage}", "${Open}", "${", "a,b", "AWS::NoValue"]),
)  # fmt: skip
_NODES = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_NAMES, inner, max_size=2)),
    max_leaves=20,
)


@given(_NODES)
def test_no_template_breaks_the_evaluator(node: Any) -> None:
    """Whatever is written has a value, or is unknown, or is no template."""
    found = evaluator()
    try:
        found.value(node)
        found.truth(node)
    except UnreadableError:
        pass
