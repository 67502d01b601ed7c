"""What the caller chooses: a job in the subnets that a policy lists can be started, whatever they are called."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.iam.capabilities import ADMINISTRATOR, Environment, examine
from auditor.iam.documents import parse
from auditor.iam.evaluation import Permissions
from auditor.iam.logic import Truth
from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.reach import reached
from auditor.studio.role_powers import CHANGE_PROFILES, ESCALATION, JOBS_AS_ANY, OPENS_PROFILES, UNSAFE_JOBS

PLACES = Environment("arn:aws:iam::111122223333:role/studio", ("111122223333",), ("eu-west-1",))
SUBNETS, GROUPS = "sagemaker:VpcSubnets", "sagemaker:VpcSecurityGroupIds"
ENCRYPTED = "sagemaker:InterContainerTrafficEncryption"
VOLUME, OUTPUT = "sagemaker:VolumeKmsKey", "sagemaker:OutputKmsKey"


def statement(condition: dict[str, Any], effect: str = "Allow", action: str = "sagemaker:Create*Job") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": "*", "Condition": condition}


def permissions(*statements: dict[str, Any]) -> Permissions:
    return Permissions((parse({"Version": "2012-10-17", "Statement": list(statements)}),))


def in_network(*subnets: str) -> dict[str, Any]:
    """As SageMaker Role Manager writes it."""
    return statement({"ForAllValues:StringEquals": {SUBNETS: list(subnets)}, "Null": {SUBNETS: "false"}})


def without(part: str, *statements: dict[str, Any]) -> Truth:
    return reached(part, UNSAFE_JOBS[part], permissions(*statements), PLACES).held


PASS = {"Effect": "Allow", "Action": "iam:PassRole", "Resource": "*"}


@pytest.mark.parametrize("subnet", ["subnet-1", UNKNOWN_PART, f"subnet-{UNKNOWN_PART}"])
def test_a_network_that_is_asked_for_is_given(subnet: str) -> None:
    allow = in_network(subnet, "subnet-2")
    assert without("a volume key", allow) is True
    assert without("a VPC", allow) is False


def test_a_key_that_is_asked_for_as_well_cannot_be_left_out() -> None:
    allow = statement({"StringLike": {SUBNETS: ["subnet-*"]}, "Null": {VOLUME: "false"}})
    assert without("a volume key", allow) is False
    assert without("an output key", allow) is True


@pytest.mark.parametrize(
    ("listed", "condition", "held"),
    [
        ("subnet-1", {"ForAnyValue:StringNotEquals": {SUBNETS: ["subnet-1"]}}, True),
        # Of what is denied nobody tries every value; then it is open.
        ("subnet-1", {"ForAnyValue:StringEquals": {SUBNETS: ["subnet-1"]}}, None),
        ("subnet-1", {"ForAnyValue:StringNotEquals": {SUBNETS: ["subnet-2"]}}, None),
        # Two values that nobody knows may be the same.
        (UNKNOWN_PART, {"ForAnyValue:StringNotEquals": {SUBNETS: [UNKNOWN_PART]}}, None),
        (UNKNOWN_PART, {"ForAnyValue:StringEquals": {SUBNETS: [UNKNOWN_PART]}}, None),
        (UNKNOWN_PART, {"Null": {SUBNETS: "true"}}, True),
        (UNKNOWN_PART, {"Null": {VOLUME: "true"}}, False),
    ],
)
def test_a_denial_counts(listed: str, condition: dict[str, Any], held: Truth) -> None:
    assert without("a volume key", in_network(listed), statement(condition, "Deny")) is held


def test_what_hangs_on_the_caller_is_not_chosen() -> None:
    assert without("a volume key", in_network("${aws:PrincipalTag/subnet}")) is None


def test_what_only_a_negation_rules_out_may_be_chosen_or_not() -> None:
    assert without("a volume key", statement({"StringNotEquals": {SUBNETS: ["subnet-1"]}})) is True


def test_two_statements_are_not_met_at_once() -> None:
    """Each of them wants another network; a job may be in one of them."""
    assert without("a volume key", in_network("subnet-1"), in_network(UNKNOWN_PART)) is True


@pytest.mark.parametrize(
    "condition",
    [
        {"ForAllValues:StringEqualsIfExists": {SUBNETS: [UNKNOWN_PART], GROUPS: [UNKNOWN_PART]}},
        {"BoolIfExists": {ENCRYPTED: "true"}, "Null": {VOLUME: "false", OUTPUT: "false"}},
        {"Bool": {ENCRYPTED: "true"}, "StringEquals": {VOLUME: UNKNOWN_PART}},
        {"ForAnyValue:StringLike": {"sagemaker:InstanceTypes": ["ml.m5.*"]}},
    ],
)
def test_jobs_as_any_role_may_be_as_strict_as_the_policy_wants(condition: dict[str, Any]) -> None:
    way = next(w for w in ESCALATION if w.name == JOBS_AS_ANY)
    assert examine(way, permissions(PASS, statement(condition)), PLACES).held is True
    assert examine(way, permissions(statement(condition)), PLACES).held is False


def test_a_condition_that_nobody_chooses_stays_open() -> None:
    way = next(w for w in ESCALATION if w.name == JOBS_AS_ANY)
    allow = statement({"StringEquals": {"aws:PrincipalTag/team": "ml"}})
    assert examine(way, permissions(PASS, allow), PLACES).held is None


def test_a_change_of_the_domain_names_no_network() -> None:
    way = next(w for w in ADMINISTRATOR if w.name == "studio-roles")
    allow = statement({"ForAllValues:StringEqualsIfExists": {SUBNETS: [UNKNOWN_PART]}}, action="sagemaker:UpdateDomain")
    assert examine(way, permissions(PASS, allow), PLACES).held is True


ALL = {"a VPC", "a volume key", "an output key"}
KEY = "arn:aws:kms:eu-west-1:111122223333:key/1"
TAGGED = {"Null": {"aws:RequestTag/user": "false", SUBNETS: "false", VOLUME: "false"}}
ACCELERATED = {"ForAnyValue:StringLike": {"sagemaker:InstanceTypes": ["ml.p*", "ml.g*"]}}


@pytest.mark.parametrize(
    ("statements", "lacking"),
    [
        # As the developer guide shows policies for jobs ("Amazon SageMaker AI identity-based policy examples").
        ([in_network("subnet-1")], ALL - {"a VPC"}),
        ([statement({"ForAllValues:StringLike": {"sagemaker:InstanceTypes": ["ml.c5.*"]}})], ALL),
        ([statement({"ArnEquals": {VOLUME: [KEY]}})], ALL - {"a volume key"}),
        # A job without a network needs no VPC.
        ([statement({"Bool": {"sagemaker:NetworkIsolation": "true"}})], ALL - {"a VPC"}),
        ([statement(TAGGED)], {"an output key"}),
        ([statement({}), statement(ACCELERATED, "Deny")], ALL),
        ([statement({}), statement({"Null": {OUTPUT: "true"}}, "Deny")], ALL - {"an output key"}),
    ],
)
def test_what_jobs_may_lack(statements: list[dict[str, Any]], lacking: set[str]) -> None:
    assert {part: without(part, *statements) for part in ALL} == {part: part in lacking for part in ALL}


def test_a_denial_of_instance_types_is_none_of_other_calls() -> None:
    """To open a user profile, or to change one, names no type."""
    allow = {"Effect": "Allow", "Action": "sagemaker:*", "Resource": "*"}
    granted = permissions(allow, statement(ACCELERATED, "Deny", "sagemaker:*"))
    assert examine(OPENS_PROFILES, granted, PLACES).held is True
    change = next(w for w in ESCALATION if w.name == CHANGE_PROFILES)
    assert examine(change, granted, PLACES).held is True
