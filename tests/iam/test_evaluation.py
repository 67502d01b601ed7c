"""IAM's evaluation order, by hand from the IAM User Guide's page on how requests are allowed or denied."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.iam.context import Context, Known
from auditor.iam.documents import Policy, opaque, parse
from auditor.iam.evaluation import Permissions, Request, trusts
from auditor.iam.principals import Principal, service

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/any"


def policy(*statements: dict[str, Any], name: str = "p", kind: Any = "identity") -> Policy:
    return parse({"Version": "2012-10-17", "Statement": list(statements)}, name, kind)


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def without(statement: dict[str, Any], member: str, **more: Any) -> dict[str, Any]:
    return {k: v for k, v in statement.items() if k != member} | more


ATTACH = Request("iam:AttachRolePolicy", ROLE, Context({"aws:RequestedRegion": ("us-east-1",)}))
IN_REGION = {"StringEquals": {"aws:RequestedRegion": ["us-east-1"]}}
FROM_HOME = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
WITH_MFA = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}


@pytest.mark.parametrize(
    ("statements", "outcome"),
    [
        ([], "denied"),
        ([allow()], "allowed"),
        ([allow("**")], "allowed"),
        ([allow("iam:*")], "allowed"),
        ([allow("*", "arn:aws:*:*:*:*")], "allowed"),
        ([allow("*", "arn:aws:iam::*:role/*")], "allowed"),
        ([without(allow(), "Action", NotAction="organizations:*")], "allowed"),
        ([without(allow(), "Action", NotAction=["aws-portal:*", "iam:Attach*"])], "denied"),
        ([without(allow(), "Resource", NotResource="arn:aws:s3:::audit-logs/*")], "allowed"),
        ([without(allow(), "Resource", NotResource="arn:aws:iam::*:role/*")], "denied"),
        ([allow(f"{letter}*") for letter in "abcdefghijklmnopqrstuvwxyz"], "allowed"),
        ([allow(Condition=IN_REGION)], "allowed"),
        ([allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})], "denied"),
        ([allow(Condition=FROM_HOME)], "unknown"),
        ([allow(Condition=WITH_MFA)], "unknown"),
        ([allow(Condition={**IN_REGION, **FROM_HOME})], "unknown"),
        ([allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-west-1"}, **FROM_HOME})], "denied"),
        ([allow(Condition=FROM_HOME), allow("iam:AttachRolePolicy")], "allowed"),
        ([allow(), deny("iam:*")], "denied"),
        ([allow(), without(deny(), "Action", NotAction="s3:GetObject")], "denied"),
        ([allow(), without(deny(), "Action", NotAction=["sagemaker:*", "s3:*"])], "denied"),
        ([allow(), without(deny(), "Resource", NotResource="arn:aws:iam::*:role/*")], "allowed"),
        ([allow(), deny("iam:*", Condition=FROM_HOME)], "unknown"),
        ([allow(), deny("iam:*", "arn:aws:iam::*:role/other")], "allowed"),
        ([allow("s3:*"), deny("iam:*", Condition=FROM_HOME)], "denied"),
        ([allow("s3:*"), allow("sagemaker:*")], "denied"),
    ],
)
def test_identity_policies(statements: list[dict[str, Any]], outcome: str) -> None:
    assert Permissions((policy(*statements),)).decide(ATTACH).outcome == outcome
    # Over how many policies the statements lie changes nothing.
    assert Permissions(tuple(policy(s) for s in statements)).decide(ATTACH).outcome == outcome


ALL, NONE = policy(allow()), policy(allow("s3:GetObject"))


@pytest.mark.parametrize(
    ("boundary", "controls", "outcome", "layer"),
    [
        (None, (), "allowed", "identity policy"),
        (NONE, (), "denied", "permissions boundary"),
        (ALL, (), "allowed", "identity policy"),
        (policy(allow(Condition=FROM_HOME)), (), "unknown", "permissions boundary"),
        (opaque("b", "the policy document was not available"), (), "unknown", "permissions boundary"),
        (policy(allow(), deny("iam:*")), (), "denied", "explicit deny"),
        (None, ((ALL,), (ALL,)), "allowed", "identity policy"),
        # Every level of the organization has to allow.
        (None, ((ALL,), (NONE,)), "denied", "service control policy"),
        (None, ((NONE, ALL),), "allowed", "identity policy"),
        (None, ((ALL, policy(deny("iam:*"))),), "denied", "explicit deny"),
        (NONE, ((opaque("c", "not seen"),),), "denied", "permissions boundary"),
        (ALL, ((opaque("c", "not seen"),),), "unknown", "service control policy"),
    ],
)
def test_boundary_and_service_control_policies_only_take_away(
    boundary: Policy | None, controls: tuple[tuple[Policy, ...], ...], outcome: str, layer: str
) -> None:
    decision = Permissions((ALL,), boundary, controls).decide(ATTACH)
    assert (decision.outcome, decision.layer) == (outcome, layer)
    # None of them ever allows by itself.
    assert Permissions((NONE,), boundary, controls).decide(ATTACH).outcome == "denied"


def test_the_answer_names_the_statements_that_decided() -> None:
    identity = (policy(allow("s3:*"), allow("iam:*", Sid="All"), name="team"), policy(deny("iam:*"), name="guard"))
    allowed = Permissions(identity[:1]).decide(ATTACH)
    assert [str(d) for d in allowed.by] == ["team (All)"]
    denied = Permissions(identity).decide(ATTACH)
    assert [str(d) for d in denied.by] == ["guard (statement 1)"]
    conditional = Permissions((policy(allow(Condition={**IN_REGION, **FROM_HOME}), name="office"),)).decide(ATTACH)
    assert [str(d) for d in conditional.by] == ["office (statement 1)"]
    assert conditional.reasons == ("office: aws:SourceIp is not known",)


SAGEMAKER = service("sagemaker.amazonaws.com")
STUDIO = Principal("AWS", f"arn:aws:iam::{ACCOUNT}:role/studio")


def trust(action: Any = "sts:AssumeRole", principal: Any = None, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    principal = {"Service": "sagemaker.amazonaws.com"} if principal is None else principal
    return {"Effect": effect, "Action": action, "Principal": principal, **more}


@pytest.mark.parametrize(
    ("statements", "asking", "outcome"),
    [
        ([trust("sts:SetSourceIdentity")], SAGEMAKER, "allowed"),
        ([trust(["sts:AssumeRole", "sts:Set*"])], SAGEMAKER, "allowed"),
        ([trust("sts:*SourceIdentity")], SAGEMAKER, "allowed"),
        ([trust("sts:SetSourceIdentit?")], SAGEMAKER, "allowed"),
        ([without(trust(), "Action", NotAction="sts:TagSession")], SAGEMAKER, "allowed"),
        ([trust()], SAGEMAKER, "denied"),
        ([trust("sts:*", {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]})], SAGEMAKER, "allowed"),
        ([trust("sts:*", {"Service": "ec2.amazonaws.com"})], SAGEMAKER, "denied"),
        ([trust("sts:*", "*")], SAGEMAKER, "allowed"),
        ([trust("sts:*", {"AWS": "*"})], SAGEMAKER, "allowed"),
        ([trust("sts:*"), trust("sts:Set*", effect="Deny")], SAGEMAKER, "denied"),
        ([trust("sts:*"), trust("sts:Set*", {"AWS": STUDIO.name}, "Deny")], SAGEMAKER, "allowed"),
        ([trust("sts:*"), trust("sts:*", effect="Deny", Condition={"StringNotLike": {"sts:SourceIdentity": "*-*"}})],
         SAGEMAKER, "unknown"),
        ([trust("sts:*", Condition={"StringEquals": {"aws:SourceAccount": ACCOUNT}})], SAGEMAKER, "unknown"),
        ([trust("sts:*", STUDIO.name)], STUDIO, "unknown"),
        ([trust("sts:*", {"AWS": STUDIO.name})], STUDIO, "allowed"),
        ([trust("sts:*", {"AWS": ACCOUNT})], STUDIO, "allowed"),
        ([trust("sts:*", {"AWS": f"arn:aws:iam::{ACCOUNT}:root"})], STUDIO, "allowed"),
        ([trust("sts:*", {"AWS": "arn:aws:iam::999999999999:root"})], STUDIO, "denied"),
        ([trust("sts:*", {"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"})], STUDIO, "denied"),
        ([without(trust("sts:*"), "Principal", NotPrincipal={"AWS": STUDIO.name})], STUDIO, "denied"),
        ([without(trust("sts:*"), "Principal", NotPrincipal={"Service": "ec2.amazonaws.com"})], SAGEMAKER, "allowed"),
    ],
)  # fmt: skip
def test_trust_policies(statements: list[dict[str, Any]], asking: Principal, outcome: str) -> None:
    request = Request("sts:SetSourceIdentity", principal=asking)
    assert trusts(policy(*statements, kind="trust"), request).outcome == outcome


def test_aws_s_own_statement_on_apps_is_met_without_the_key() -> None:
    """AmazonSageMakerFullAccess allows an app of a profile by ``Null: {sagemaker:OwnerUserProfileArn: true}``."""
    statement = allow("sagemaker:CreateApp", Condition={"Null": {"sagemaker:OwnerUserProfileArn": "true"}})
    app = "arn:aws:sagemaker:eu-west-1:1:app/d/p/canvas/default"
    for context, outcome in (
        (Context(closed=True), "allowed"),
        (Context({"sagemaker:OwnerUserProfileArn": Known.ABSENT}), "allowed"),
        (Context({"sagemaker:OwnerUserProfileArn": ("arn:x",)}), "denied"),
        (Context(), "unknown"),
    ):
        assert Permissions((policy(statement),)).decide(Request("sagemaker:CreateApp", app, context)).outcome == outcome
