"""Requests about a colleague's resource: what policies say of the caller's own keeps them away from it.

Expected values: IAM User Guide, "Policy variables and tags"; SageMaker developer guide, "Give your users access to
private spaces" (user-profile/${sagemaker:DomainId}/${sagemaker:UserProfileName}).
"""

from __future__ import annotations

from typing import Any

import pytest

from auditor.iam.context import Context, Known
from auditor.iam.documents import parse
from auditor.iam.evaluation import Permissions, Request

OPEN = "sagemaker:CreatePresignedDomainUrl"
PROFILES = "arn:aws:sagemaker:eu-west-1:123456789012:user-profile/"
COLLEAGUE = Context(
    {
        "sagemaker:ResourceTag/": Known.OTHERS,
        "aws:PrincipalTag/": Known.OWN,
        "aws:SourceIdentity": Known.OWN,
        "sagemaker:UserProfileName": Known.OWN,
        "sagemaker:DomainId": ("d-1",),
        "aws:username": Known.ABSENT,
    }
)
TAG = "sagemaker:ResourceTag/owner"


def allow(resource: object = "*", condition: Any = None, effect: str = "Allow", **more: Any) -> dict[str, Any]:
    stated = {"Effect": effect, "Action": OPEN, "Resource": resource} | more
    return stated | ({"Condition": condition} if condition else {})


def deny(condition: Any = None, **more: Any) -> dict[str, Any]:
    stated = allow(condition=condition, effect="Deny", **more)
    return {k: v for k, v in stated.items() if k != "Resource" or "NotResource" not in more}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([allow()], True),
        ([allow(f"{PROFILES}d-1/*")], True),
        ([allow(f"{PROFILES}${{sagemaker:DomainId}}/*")], True),
        ([allow(f"{PROFILES}d-2/*")], False),
        # The caller's own, as AWS's policies write it.
        ([allow(f"{PROFILES}${{sagemaker:DomainId}}/${{sagemaker:UserProfileName}}")], False),
        ([allow(f"{PROFILES}*/${{aws:SourceIdentity}}")], False),
        ([allow(f"{PROFILES}d-1/${{aws:PrincipalTag/profile}}")], False),
        ([allow(f"{PROFILES}d-1/${{aws:username}}")], False),
        ([allow(condition={"StringEquals": {TAG: "${aws:PrincipalTag/owner}"}})], False),
        ([allow(condition={"StringEqualsIgnoreCase": {TAG: "${aws:SourceIdentity}"}})], False),
        ([allow(condition={"StringEquals": {TAG: "${aws:username}"}})], False),
        ([allow(condition={"ArnLike": {"sagemaker:ResourceTag/sagemaker:user-profile-arn":
                                       f"{PROFILES}${{sagemaker:DomainId}}/${{sagemaker:UserProfileName}}"}})], False),
        ([allow(), deny({"StringNotEquals": {TAG: "${aws:PrincipalTag/owner}"}})], False),
        ([allow(), deny(NotResource=f"{PROFILES}${{sagemaker:DomainId}}/${{sagemaker:UserProfileName}}")], False),
        # A team's tag, or the beginning of a name, may be a colleague's as well.
        ([allow(condition={"StringEquals": {TAG: "research"}})], None),
        ([allow(condition={"StringEquals": {TAG: ["${aws:PrincipalTag/owner}", "research"]}})], None),
        ([allow(condition={"StringLike": {TAG: "*"}})], True),
        ([allow(condition={"StringLike": {TAG: "${aws:PrincipalTag/team}-*"}})], None),
        ([allow(f"{PROFILES}d-1/${{aws:PrincipalTag/team}}*")], None),
        ([allow(condition={"StringEquals": {"aws:PrincipalTag/team": "research"}})], None),
        ([allow(), deny({"StringNotEquals": {TAG: "research"}})], None),
        # Whoever has no source identity, or no such tag, lacks the key.
        ([allow(condition={"StringLike": {"aws:SourceIdentity": "*"}})], None),
        ([allow(condition={"StringLikeIfExists": {"aws:SourceIdentity": "*"}})], True),
        ([allow(), deny({"StringNotLike": {"aws:PrincipalTag/team": "*"}})], None),
        ([allow(condition={"Null": {TAG: "false"}})], True),
        ([allow(condition={"Null": {"aws:PrincipalTag/team": "false"}})], None),
    ],
)  # fmt: skip
def test_who_opens_a_colleagues_profile(statements: list[dict[str, Any]], expected: bool | None) -> None:
    policy = parse({"Version": "2012-10-17", "Statement": statements}, "team")
    decision = Permissions((policy,)).decide(Request(OPEN, f"{PROFILES}d-1/0f3b9d", COLLEAGUE))
    assert decision.allowed is expected
    assert bool(decision.reasons) is (expected is None)


def test_a_name_that_ends_in_a_slash_stands_for_all_that_begin_so() -> None:
    context = Context({"aws:PrincipalTag/": Known.ABSENT, "aws:PrincipalTag/Team": ("research",)})
    assert context.get("AWS:principaltag/TEAM") == ("research",)
    assert context.get("aws:PrincipalTag/owner") is Known.ABSENT
    assert context.get("aws:ResourceTag/owner") is Known.NOTHING
