"""SimulatePrincipalPolicy as the IAM model of botocore 1.44 describes it: read, and answered."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.iam.context import Context
from auditor.iam.documents import parse
from auditor.iam.evaluation import Permissions
from auditor.iam.simulation import answers, context_entries, evaluate, kept

APP = "arn:aws:sagemaker:eu-west-1:123456789012:app/d-any/any/{}/default"
CANVAS, LAB = APP.format("canvas"), APP.format("jupyterlab")
CREATE = "sagemaker:CreateApp"


def result(decision: str = "allowed", missing: Any = (), **more: Any) -> dict[str, Any]:
    return {"EvalActionName": CREATE, "EvalResourceName": "*", "EvalDecision": decision,
            "MissingContextValues": list(missing), **more}  # fmt: skip


def specific(arn: str, decision: str, missing: Any = ()) -> dict[str, Any]:
    return {"EvalResourceName": arn, "EvalResourceDecision": decision, "MissingContextValues": list(missing)}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (result(), True),
        (result("implicitDeny"), False),
        (result("explicitDeny"), False),
        # A key that was not sent counts as absent in the answer; a real call may have it.
        (result("implicitDeny", ["aws:SourceVpc"]), None),
        (result("explicitDeny", ["aws:SourceVpc"]), None),
        (result("allowed", ["aws:SourceVpc"]), True),
        (result("implicitDeny", PermissionsBoundaryDecisionDetail={"AllowedByPermissionsBoundary": False}), False),
        (result("implicitDeny", OrganizationsDecisionDetail={"AllowedByOrganizations": False}), False),
        (result("perhaps"), None),
        (result(7), None),  # type: ignore[arg-type]
        # What an earlier version kept does not say whether keys were missing.
        ({"EvalActionName": CREATE, "EvalResourceName": "*", "EvalDecision": "implicitDeny"}, None),
        ({"EvalActionName": CREATE, "EvalResourceName": "*", "EvalDecision": "allowed"}, True),
    ],
)
def test_an_answer_for_everything(given: dict[str, Any], expected: bool | None) -> None:
    assert list(answers([given])) == [(CREATE, "*", expected)]


def test_the_decision_on_an_arn_stands_with_the_arn_and_not_at_the_top() -> None:
    """One result an action: at the top the strictest decision, and a template instead of an ARN."""
    given = result(
        "explicitDeny",
        ["aws:SourceVpc"],
        EvalResourceName="arn:${Partition}:sagemaker:${Region}:${Account}:app/${DomainId}",
        ResourceSpecificResults=[specific(CANVAS, "allowed"), specific(LAB, "explicitDeny"),
                                 specific(APP.format("x"), "implicitDeny", ["aws:SourceVpc"])],
    )  # fmt: skip
    assert list(answers([given])) == [
        (CREATE, CANVAS, True), (CREATE, LAB, False), (CREATE, APP.format("x"), None),
    ]  # fmt: skip
    only = kept(given, [CANVAS])
    assert list(answers([only])) == [(CREATE, CANVAS, True)]


@pytest.mark.parametrize("given", [None, 7, "x", {}, [], [None], [7], [{}], [{"EvalActionName": 7}]])
def test_what_is_no_answer_answers_nothing(given: object) -> None:
    assert list(answers(given)) == []


def test_what_is_known_of_a_call_is_sent() -> None:
    entries = context_entries("arn:aws:iam::123456789012:role/r", "123456789012", "eu-west-1")
    assert {e["ContextKeyName"]: e["ContextKeyValues"] for e in entries} == {
        "aws:RequestedRegion": ["eu-west-1"], "aws:PrincipalAccount": ["123456789012"],
        "aws:ResourceAccount": ["123456789012"], "aws:SecureTransport": ["true"], "aws:ViaAWSService": ["false"],
        "aws:PrincipalIsAWSService": ["false"],
    }  # fmt: skip


def _simulated(
    statement: dict[str, Any], sent: dict[str, Any] | None = None, boundary: Any = None, arns: Any = (CANVAS, LAB)
) -> dict[str, Any]:
    policy = parse({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **statement}]}, "p")
    bound = None if boundary is None else parse({"Statement": [boundary]}, "b")
    (found,) = evaluate(Permissions((policy,), bound), [CREATE], arns, Context(sent or {}, closed=True))
    return found


def _condition(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {"Action": CREATE, "Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    ("statement", "decision", "missing"),
    [
        ({"Action": CREATE}, "allowed", []),
        (_condition("Null", "sagemaker:OwnerUserProfileArn", "true"), "allowed", ["sagemaker:OwnerUserProfileArn"]),
        (_condition("Null", "sagemaker:OwnerUserProfileArn", "false"), "implicitDeny",
         ["sagemaker:OwnerUserProfileArn"]),
        (_condition("StringEquals", "aws:SourceVpc", "vpc-1"), "implicitDeny", ["aws:SourceVpc"]),
        (_condition("StringEqualsIfExists", "aws:SourceVpc", "vpc-1"), "allowed", ["aws:SourceVpc"]),
        (_condition("StringNotEquals", "aws:SourceVpc", "vpc-1"), "allowed", ["aws:SourceVpc"]),
        (_condition("ForAllValues:StringEquals", "aws:TagKeys", "a"), "allowed", ["aws:TagKeys"]),
        (_condition("ForAnyValue:StringEquals", "aws:TagKeys", "a"), "implicitDeny", ["aws:TagKeys"]),
        ({"Action": "s3:*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}, "implicitDeny", []),
    ],
)  # fmt: skip
def test_a_key_that_was_not_sent_is_absent_and_named(statement: Any, decision: str, missing: list[str]) -> None:
    found = _simulated(statement)
    assert (found["EvalDecision"], found["MissingContextValues"]) == (decision, missing)
    assert [r["EvalResourceName"] for r in found["ResourceSpecificResults"]] == [CANVAS, LAB]


def test_a_key_that_was_sent_is_used() -> None:
    found = _simulated(_condition("StringEquals", "aws:RequestedRegion", "eu-west-1"),
                       {"aws:RequestedRegion": ("eu-west-1",)})  # fmt: skip
    assert (found["EvalDecision"], found["MissingContextValues"]) == ("allowed", [])


def test_the_strictest_decision_stands_at_the_top() -> None:
    found = _simulated({"Action": CREATE, "Resource": "arn:aws:sagemaker:*:*:app/*/*/canvas/*"})
    assert found["EvalDecision"] == "implicitDeny"
    assert found["EvalResourceName"].startswith("arn:${Partition}:")
    assert [r["EvalResourceDecision"] for r in found["ResourceSpecificResults"]] == ["allowed", "implicitDeny"]
    assert list(answers([found])) == [(CREATE, CANVAS, True), (CREATE, LAB, False)]


def test_a_boundary_says_what_it_decided() -> None:
    inside = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    found = _simulated({"Action": CREATE}, boundary=inside)
    assert found["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": True}
    outside = _simulated({"Action": CREATE}, boundary={**inside, "Action": "s3:*"})
    assert outside["EvalDecision"] == "implicitDeny"
    assert outside["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    assert "ResourceSpecificResults" not in _simulated({"Action": CREATE}, arns=())
