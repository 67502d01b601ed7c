"""Trust policies and the source identity that SageMaker sets when it assumes a role."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.trust import (
    Trusted,
    assumed_for_anyone,
    roles_may_set_source_identity,
    service_may_set_source_identity,
    trusted,
    with_source_identity,
)

ACCOUNT = "111122223333"
FAR = "arn:aws:iam::999999999999:role/far"
SERVICE = {"Service": "sagemaker.amazonaws.com"}
BOTH = ["sts:AssumeRole", "sts:SetSourceIdentity"]
EC2 = {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]}
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
NOT_OURS = {"StringNotEquals": {"aws:SourceAccount": ACCOUNT}}
ARN = {"ArnLike": {"aws:SourceArn": f"arn:aws:sagemaker:*:{ACCOUNT}:*"}}


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(action: object, principal: object = SERVICE, effect: str = "Allow", **also: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, **also}


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([trust("sts:AssumeRole")], False),
        ([trust(BOTH)], True),
        ([trust("sts:*")], True),
        ([trust("*")], True),
        ([trust(["sts:AssumeRole", "sts:Set*"])], True),
        ([trust(["sts:AssumeRole", "sts:*SourceIdentity"])], True),
        ([trust("sts:setsourceidentit?")], True),
        ([{"Effect": "Allow", "Principal": SERVICE, "NotAction": "sts:TagSession"}], True),
        ([trust("sts:AssumeRole"), trust("sts:SetSourceIdentity")], True),
        ([trust(BOTH, EC2)], True),
        ([trust("sts:SetSourceIdentity", {"AWS": "arn:aws:iam::1:root"})], False),
        ([trust(BOTH, "*")], True),
        ([trust(BOTH, {"Service": "sagemaker.amazonaws.com.cn"})], True),
        ([trust("sts:*"), trust("sts:SetSourceIdentity", effect="Deny")], False),
        ([trust("sts:*"), trust("sts:Set*", effect="Deny")], False),
        ([trust("sts:*"), trust("sts:*", {"AWS": FAR}, effect="Deny")], True),
        # SageMaker says from which account it comes.
        ([trust(BOTH, Condition=OURS)], True),
        ([trust("sts:AssumeRole"), trust(BOTH[1], Condition={"StringEquals": {"aws:SourceAccount": "9"}})], False),
        # Both hang on the same condition, and the role is in use.
        ([trust(BOTH, Condition={**OURS, **ARN})], True),
        ([trust("sts:AssumeRole"), trust("sts:SetSourceIdentity", Condition=ARN)], None),
        ([trust(BOTH), trust(BOTH[1], effect="Deny", Condition={"StringNotLike": {BOTH[1]: "*-*"}})], None),
        ([trust(BOTH, {"Service": UNKNOWN_PART})], None),
        ([trust(BOTH, UNKNOWN_PART)], None),
        ([trust(UNKNOWN_PART)], None),
        ([trust("sts:AssumeRole", {"Service": f"{UNKNOWN_PART}.example.com"})], False),
    ],
)  # fmt: skip
def test_whether_sagemaker_may_set_the_source_identity(
    statements: Sequence[Mapping[str, Any]], trusted: bool | None
) -> None:
    assert service_may_set_source_identity(policy(*statements), ACCOUNT) is trusted
    assert service_may_set_source_identity(json.dumps(policy(*statements)), ACCOUNT) is trusted


@pytest.mark.parametrize("document", [None, 7, "garbage", {}, {"Statement": True}, policy(trust(7)), policy({"a": 1})])
def test_a_trust_policy_that_is_not_understood_leaves_it_open(document: object) -> None:
    assert service_may_set_source_identity(document, ACCOUNT) is None
    assert roles_may_set_source_identity(document) is None
    assert with_source_identity(document) is None


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([trust(BOTH, {"AWS": FAR})], True),
        ([trust("sts:AssumeRole", {"AWS": FAR})], False),
        ([trust(BOTH, {"AWS": [FAR, "999999999999"]})], True),
        ([trust(BOTH, {"AWS": FAR}), trust("sts:AssumeRole", {"AWS": "arn:aws:iam::1:root"})], False),
        # Nobody but a service may assume it.
        ([trust(BOTH)], False),
    ],
)
def test_whether_roles_that_assume_it_may(statements: Sequence[Mapping[str, Any]], trusted: bool | None) -> None:
    assert roles_may_set_source_identity(policy(*statements)) is trusted


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([trust("sts:AssumeRole")], [trust(BOTH)]),
        ([trust(["sts:AssumeRole", "sts:TagSession"])], [trust(["sts:AssumeRole", "sts:TagSession", BOTH[1]])]),
        ([trust("sts:Assume*")], [trust(["sts:Assume*", BOTH[1]])]),
        # What is allowed already is not written twice.
        ([trust(BOTH)], [trust(BOTH)]),
        ([trust("sts:*", Condition=OURS)], [trust("sts:*", Condition=OURS)]),
        # A condition goes on holding, a statement of others' stays what it is.
        ([trust("sts:AssumeRole", Condition=OURS)], [trust(BOTH, Condition=OURS)]),
        (
            [trust("sts:AssumeRole", {"AWS": FAR}), trust("sts:AssumeRole", Sid="s")],
            [trust("sts:AssumeRole", {"AWS": FAR}), trust(BOTH, Sid="s")],
        ),
        # Whoever is trusted by the same statement gets nothing more.
        ([trust("sts:AssumeRole", EC2)], [trust("sts:AssumeRole", EC2), trust(BOTH[1])]),
        (
            [trust("sts:AssumeRole", {"AWS": FAR, **SERVICE}, Condition=OURS)],
            [trust("sts:AssumeRole", {"AWS": FAR, **SERVICE}, Condition=OURS), trust(BOTH[1], Condition=OURS)],
        ),
    ],
)
def test_a_trust_policy_with_the_source_identity(
    statements: Sequence[Mapping[str, Any]], expected: Sequence[Mapping[str, Any]]
) -> None:
    def order(statement: Mapping[str, Any]) -> dict[str, Any]:
        return dict(sorted(statement.items()))

    before = policy(*statements)
    kept = json.dumps(before)
    made = json.loads(with_source_identity({"Id": "x", **before}, ACCOUNT) or "null")
    assert made["Id"] == "x"
    assert [order(s) for s in made["Statement"]] == [order(s) for s in expected]
    assert service_may_set_source_identity(made, ACCOUNT) is True
    assert json.dumps(before) == kept


def test_a_trust_policy_of_a_role_that_roles_assume() -> None:
    made = json.loads(with_source_identity(policy(trust("sts:AssumeRole", {"AWS": FAR})), services=False) or "null")
    assert made == policy(trust(BOTH, {"AWS": FAR}))
    assert roles_may_set_source_identity(made) is True


@pytest.mark.parametrize(
    "given",
    [
        policy(),
        policy(trust("sts:AssumeRole", {"AWS": FAR})),
        policy(trust("sts:AssumeRoleWithSAML")),
        policy(trust("sts:AssumeRole"), trust("sts:SetSourceIdentity", effect="Deny")),
        policy(trust("sts:AssumeRole"), trust("sts:Set*", SERVICE, effect="Deny")),
    ],
)
def test_a_trust_policy_to_which_nothing_can_be_added(given: Mapping[str, Any]) -> None:
    """SageMaker is not trusted at all, or a Deny stands against it: adding an action fixes nothing."""
    assert with_source_identity(given, ACCOUNT) is None


WEB = {"Federated": "arn:aws:iam::111122223333:oidc-provider/git.example.com"}
STUDIO = "sagemaker.amazonaws.com"


@pytest.mark.parametrize(
    ("statements", "names", "whole"),
    [
        ([trust("sts:AssumeRole")], (STUDIO,), True),
        ([trust("sts:AssumeRole", EC2)], ("ec2.amazonaws.com", STUDIO), True),
        ([trust("sts:AssumeRole"), trust("sts:AssumeRole", {"AWS": FAR})], (STUDIO, FAR), True),
        # A condition limits when, not who.
        ([trust("sts:AssumeRole", {"AWS": FAR}, Condition={"StringEquals": {"sts:ExternalId": "x"}})], (FAR,), True),
        ([trust("sts:AssumeRoleWithWebIdentity", WEB)], (WEB["Federated"],), True),
        ([trust("sts:*", "*")], ("*",), True),
        ([trust("sts:*", {"AWS": "*"})], ("*",), True),
        ([{"Effect": "Allow", "NotPrincipal": {"AWS": FAR}, "Action": "sts:AssumeRole"}], ("*",), True),
        # Who may tag a session, or is denied, does not assume the role.
        ([trust("sts:AssumeRole"), trust("sts:TagSession", {"AWS": FAR})], (STUDIO,), True),
        ([trust("sts:AssumeRole"), trust("*", {"AWS": FAR}), trust("*", {"AWS": FAR}, effect="Deny")], (STUDIO,), True),
        ([trust("*", {"AWS": FAR}), trust("*", {"AWS": FAR}, effect="Deny", Condition=OURS)], (FAR,), True),
        # What cannot be told leaves it open, beside what is certain.
        ([trust("sts:AssumeRole"), trust("sts:AssumeRole", {"AWS": UNKNOWN_PART})], (STUDIO,), False),
        ([trust("sts:AssumeRole"), trust(UNKNOWN_PART, {"AWS": FAR})], (STUDIO,), False),
        ([trust("sts:AssumeRole"), trust("sts:AssumeRole", {"AWS": 7})], (STUDIO,), False),
    ],
)  # fmt: skip
def test_who_may_assume_a_role(statements: Sequence[Mapping[str, Any]], names: tuple[str, ...], whole: bool) -> None:
    assert trusted(policy(*statements)) == Trusted(names, whole)


@pytest.mark.parametrize(
    ("statements", "anyone"),
    [
        ([trust("sts:AssumeRole")], True),
        ([trust("sts:AssumeRole", {"AWS": FAR})], False),
        ([trust("sts:AssumeRole", Condition=OURS)], False),
        ([trust("sts:AssumeRole", Condition=ARN)], False),
        ([trust("sts:AssumeRole", Condition={"StringLike": {"aws:SourceArn": f"arn:*:{ACCOUNT}:*"}})], False),
        ([trust("sts:AssumeRole", Condition={"StringEquals": {"aws:SourceOrgID": "o-1234567890"}})], False),
        ([trust("sts:AssumeRole", Condition={"StringEqualsIfExists": {"aws:SourceAccount": ACCOUNT}})], False),
        # Conditions that let everybody pass.
        ([trust("sts:AssumeRole", Condition={"ArnLike": {"aws:SourceArn": "arn:aws:sagemaker:*:*:*"}})], True),
        ([trust("sts:AssumeRole", Condition={"StringLike": {"aws:SourceAccount": "*"}})], True),
        # Any account's, of one partition, Region or kind of resource.
        *[
            ([trust("sts:AssumeRole", Condition={"ArnLike": {"aws:SourceArn": pattern}})], True)
            for pattern in (
                "arn:aws-us-gov:sagemaker:*:*:*", "arn:aws-cn:sagemaker:cn-north-1:*:*",
                "arn:aws:sagemaker:eu-west-1:*:*", "arn:aws:sagemaker:*:*:notebook-instance/*",
                "arn:aws:sagemaker:eu-*:*:domain/d-*", "arn:*:sagemaker:*:????????????:*",
            )
        ],
        *[
            ([trust("sts:AssumeRole", Condition={"ArnLike": {"aws:SourceArn": pattern}})], False)
            for pattern in ("arn:aws:sagemaker:*:*:domain/d-0a1b", f"arn:aws-cn:sagemaker:*:{ACCOUNT}:*")
        ],
        ([trust("sts:AssumeRole", Condition={"StringNotEquals": {"aws:SourceAccount": "999999999999"}})], True),
        ([trust("sts:AssumeRole", Condition=OURS), trust("sts:AssumeRole")], True),
        ([trust("sts:AssumeRole"), trust("sts:*", effect="Deny", Condition=NOT_OURS)], False),
        ([trust("sts:AssumeRole", Condition={"StringEquals": {"aws:RequestTag/team": "x"}})], None),
        ([trust("sts:AssumeRole", Condition={"StringEquals": {"aws:SourceAccount": UNKNOWN_PART}})], None),
    ],
)  # fmt: skip
def test_whether_sagemaker_may_assume_the_role_for_anyone(
    statements: Sequence[Mapping[str, Any]], anyone: bool | None
) -> None:
    assert assumed_for_anyone(policy(*statements)) is anyone


@pytest.mark.parametrize("document", [None, 7, "garbage", {}, policy({"a": 1})])
def test_nobody_knows_whom_a_policy_trusts_that_is_not_understood(document: object) -> None:
    assert trusted(document) == Trusted((), whole=False)
    assert assumed_for_anyone(document) is None
