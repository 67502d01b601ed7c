"""What a role can do, judged by capability and not by how its policies are spelled."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from auditor.iam.capabilities import ADMINISTRATOR, Environment, asks, examine
from auditor.iam.documents import parse
from auditor.iam.evaluation import Permissions, contribution
from auditor.iam.logic import some
from auditor.iam.managed import managed
from auditor.iam.patterns import UNKNOWN_PART
from auditor.iam.roles import breadth, role_of

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/studio"
REGIONS = ("eu-west-1",)
AWS = "arn:aws:iam::aws:policy/"


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(action: object = "*", resource: object = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: object = "*", resource: object = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def without(statement: Mapping[str, Any], member: str, **more: Any) -> dict[str, Any]:
    return {k: v for k, v in statement.items() if k != member} | more


def inline(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"RolePolicyList": [{"PolicyName": "team", "PolicyDocument": policy(*statements)}]}


def attached(*arns: str, **documents: Any) -> dict[str, Any]:
    return {
        "AttachedManagedPolicies": [{"PolicyName": a.rpartition("/")[2], "PolicyArn": a} for a in arns],
        "LocalPolicyDocuments": documents,
    }


def administrator(
    document: Mapping[str, Any], regions: Sequence[str] = REGIONS, arn: str = ROLE, gaps: Any = ()
) -> Any:
    role = role_of(document, arn, regions, gaps)
    return some(examine(c, role.permissions(), role.places).held for c in ADMINISTRATOR)


HERE = {"StringEquals": {"aws:RequestedRegion": ["eu-west-1"]}}
FROM_HOME = {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
PASS = "iam:PassRole"


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([], False),
        ([allow()], True),
        ([allow("**")], True),
        ([allow("*:*")], True),
        ([allow("*", "arn:aws:*:*:*:*")], True),
        ([allow(f"{letter}*") for letter in "abcdefghijklmnopqrstuvwxyz"], True),
        ([without(allow(), "Action", NotAction=["organizations:*"])], True),
        ([without(allow(), "Action", NotAction=["aws-portal:*"])], True),
        ([without(allow(), "Resource", NotResource=["arn:aws:s3:::audit-logs/*"])], True),
        ([allow("iam:*")], True),
        ([allow("iam:Attach*")], True),
        ([allow("iam:PutRolePolicy", ROLE)], True),
        ([allow("iam:PutRolePolicy", f"arn:aws:iam::{ACCOUNT}:role/other")], False),
        ([allow("iam:CreatePolicyVersion")], True),
        ([allow("iam:UpdateAssumeRolePolicy")], True),
        ([allow("iam:CreateAccessKey")], True),
        ([allow(["iam:Get*", "iam:List*"])], False),
        # An administrator in one Region: IAM itself is called in us-east-1, Studio where it is audited.
        ([allow(Condition=HERE)], True),
        ([allow(Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})], True),
        ([allow("sagemaker:*", Condition={"StringEquals": {"aws:RequestedRegion": "us-east-1"}})], False),
        # Whoever acts as the role chooses the Region, be it audited or not.
        ([allow(Condition={"StringEquals": {"aws:RequestedRegion": ["us-west-2", "sa-east-1"]}})], True),
        ([allow(Condition={"StringLike": {"aws:RequestedRegion": "ap-*"}})], True),
        ([allow(), deny(Condition={"StringNotEquals": {"aws:RequestedRegion": ["us-west-2"]}})], True),
        ([allow(Condition={"StringEquals": {"aws:RequestedRegion": "us-west-2"}}), deny()], False),
        ([allow("sagemaker:*", Condition={"StringEquals": {"aws:RequestedRegion": "us-west-2"}})], False),
        # What nobody can know never passes.
        ([allow(Condition=FROM_HOME)], None),
        ([allow(Condition={"Bool": {"aws:MultiFactorAuthPresent": "true"}})], None),
        ([allow("s3:*", Condition=FROM_HOME)], False),
        # Deny and NotAction take away.
        ([allow(), without(deny(), "Action", NotAction="s3:GetObject")], False),
        ([allow(), without(deny(), "Action", NotAction=["sagemaker:*", "s3:*"])], False),
        ([allow(), deny(Condition=FROM_HOME)], None),
        # Passing roles: any role to any service, or any role to what can be run as it.
        ([allow(PASS)], True),
        ([allow(PASS, f"arn:aws:iam::{ACCOUNT}:role/team-*")], False),
        ([allow(PASS, Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}})], False),
        ([allow(PASS, Condition={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}),
          allow("sagemaker:UpdateUserProfile")], True),
        ([allow([PASS, "sagemaker:UpdateDomain"])], True),
        ([allow("sagemaker:*"), allow("s3:*")], False),
        # A delegated administrator whose roles are bounded.
        ([allow("iam:*", Condition={"StringEquals": {"iam:PermissionsBoundary": f"{AWS}ReadOnlyAccess"}})], False),
        ([allow("iam:Attach*", Condition={"ArnEquals": {"iam:PolicyARN": f"{AWS}AmazonS3FullAccess"}})], False),
        # What is not understood is never a pass.
        ([allow(7)], None),
        ([allow("*", {"a": 1})], None),
        ([allow("s3:*", 7)], False),
    ],
)  # fmt: skip
def test_an_administrator_is_who_can_act_as_one(statements: list[dict[str, Any]], expected: bool | None) -> None:
    assert administrator(inline(*statements)) is expected


BOUND = f"arn:aws:iam::{ACCOUNT}:policy/bound"


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        (policy(allow("s3:GetObject")), False),
        (policy(allow()), True),
        (policy(allow(), deny(["iam:*", "organizations:*"])), True),
        (policy(allow(["s3:*", "sagemaker:*"])), False),
        (None, None),
        ("garbage", None),
    ],
)
def test_a_boundary_counts(boundary: Any, expected: bool | None) -> None:
    document = {
        **attached(f"{AWS}AdministratorAccess", **{BOUND: boundary}),
        "PermissionsBoundary": {"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BOUND},
    }
    assert administrator(document) is expected


@pytest.mark.parametrize(
    ("boundary", "expected"),
    [
        ({"PermissionsBoundaryArn": f"{AWS}AmazonS3ReadOnlyAccess"}, False),
        ({"PermissionsBoundaryArn": f"{AWS}PowerUserAccess"}, True),
        ({"PermissionsBoundaryArn": f"{AWS}NewerThanThisVersion"}, None),
        ({}, None),
        (7, None),
    ],
)
def test_a_boundary_of_aws_counts(boundary: Any, expected: bool | None) -> None:
    assert administrator({**attached(f"{AWS}AdministratorAccess"), "PermissionsBoundary": boundary}) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AdministratorAccess", True),
        ("IAMFullAccess", True),
        ("PowerUserAccess", True),
        ("AdministratorAccess-Amplify", True),
        ("AmazonSageMakerFullAccess", False),
        ("AmazonS3FullAccess", False),
        ("ReadOnlyAccess", False),
        ("NewerThanThisVersion", None),
    ],
)
def test_aws_s_own_policies_are_known_by_what_they_allow(name: str, expected: bool | None) -> None:
    assert administrator(attached(AWS + name)) is expected
    # Whatever the partition, and beside a policy that takes it away.
    assert administrator(attached(f"arn:aws-cn:iam::aws:policy/{name}"), arn=ROLE.replace("aws", "aws-cn")) is expected
    taken = {**attached(AWS + name), **inline(deny())}
    assert administrator(taken) is False


@pytest.mark.parametrize("gap", ["RolePolicyList", "AttachedManagedPolicies", "*"])
def test_what_was_not_seen_stays_open(gap: str) -> None:
    assert administrator({}, gaps=[gap]) is None
    assert administrator({**inline(deny())}, gaps=[gap]) is False
    # What one policy allows for certain is not hidden by another that was not seen.
    assert administrator({**inline(allow())}, gaps=[gap]) is (True if gap != "*" else None)


@pytest.mark.parametrize(
    "document",
    [
        {"RolePolicyList": 7}, {"RolePolicyList": [7]}, {"RolePolicyList": [{}]},
        {"RolePolicyList": [{"PolicyName": "x", "PolicyDocument": "%7B%22Version%22"}]},
        {"AttachedManagedPolicies": "x"}, {"AttachedManagedPolicies": [None]},
        {"AttachedManagedPolicies": [{"PolicyArn": {"x": 1}}]},
        {"AttachedManagedPolicies": [{"PolicyArn": BOUND}]},
        {"AttachedManagedPolicies": [{"PolicyArn": BOUND}], "LocalPolicyDocuments": 7},
    ],
)  # fmt: skip
def test_a_role_that_is_not_understood_stays_open(document: dict[str, Any]) -> None:
    assert administrator(document) is None
    role = role_of(document, ROLE, REGIONS)
    found = [examine(c, role.permissions(), role.places) for c in ADMINISTRATOR]
    assert all(f.reasons for f in found if f.held is None)
    assert breadth(role).broad is None


def test_a_finding_names_the_policy_and_the_action() -> None:
    document = {**inline(allow("iam:AttachRolePolicy")), **attached(f"{AWS}AmazonS3FullAccess")}
    role = role_of(document, ROLE, REGIONS)
    (found,) = [f for c in ADMINISTRATOR if (f := examine(c, role.permissions(), role.places)).held]
    assert (found.capability, found.action, found.by) == ("attach-policies", "iam:AttachRolePolicy", ("team",))


TEMPLATE = "arn:aws:iam::template:role/studio"


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (allow("*", UNKNOWN_PART), None),
        (allow(UNKNOWN_PART, "*"), None),
        (allow("*", f"arn:aws:s3:::{UNKNOWN_PART}/*"), False),
        (allow("iam:PutRolePolicy", "arn:aws:iam::template:role/*"), True),
        # IAM's calls act in their own account only, so an account that stands there is meant to be it.
        (allow("iam:PutRolePolicy", "arn:aws:iam::999999999999:role/*"), True),
        (allow(Condition={"StringEquals": {"aws:RequestedRegion": "eu-south-2"}}), True),
        (allow("iam:PutRolePolicy", "arn:aws-us-gov:iam::*:role/*"), True),
    ],
)
def test_a_role_of_a_template_knows_neither_account_nor_region(statement: Any, expected: bool | None) -> None:
    assert administrator(inline(statement), (), TEMPLATE) is expected


@pytest.mark.parametrize(
    ("statements", "broad", "what"),
    [
        ([], False, ()),
        ([allow(["s3:*", "sagemaker:*", "secretsmanager:GetSecretValue"])], True, ("s3:*", "sagemaker:*")),
        ([allow("s3:*", "arn:aws:s3:::team-data/*")], False, ()),
        ([allow("s3:*", "arn:aws:s3:::*")], True, ("s3:GetObject and s3:PutObject",)),
        ([allow(["s3:GetObject", "s3:PutObject"])], True, ("s3:GetObject and s3:PutObject",)),
        ([allow("s3:GetObject"), allow("s3:PutObject", "arn:aws:s3:::team/*")], False, ()),
        ([allow("s3:*"), deny("s3:*")], False, ()),
        ([allow("sagemaker:Create*")], False, ()),
        ([allow()], True, ("*",)),
        ([without(allow(), "Action", NotAction="iam:*")], True, ("*",)),
        ([allow("s3:*", Condition={"StringEquals": {"aws:ResourceAccount": ACCOUNT}})], True, ("s3:*",)),
        ([allow("s3:*", Condition=FROM_HOME)], None, ()),
        ([allow("s3:*", Condition=FROM_HOME), allow("glue:*")], True, ("glue:*",)),
        ([allow(["s3:*", 7])], True, ("s3:*",)),
        ([allow(7)], None, ()),
    ],
)
def test_breadth_of_own_policies(statements: list[Any], broad: bool | None, what: tuple[str, ...]) -> None:
    found = breadth(role_of({**inline(*statements), **attached(f"{AWS}AmazonEC2FullAccess")}, ROLE, REGIONS))
    assert (found.broad, found.what) == (broad, what)
    assert found.by == (("team",) if broad else ())


def test_the_table_of_aws_s_policies_answers_as_their_documents_do() -> None:
    """A sample of moto's copy of AWS's policies, and all that mention IAM or Studio's roles."""
    documents = json.loads(aws_managed_policies_data)
    names = [n for i, n in enumerate(sorted(documents)) if i % 25 == 0 or "Administrator" in n or "SageMaker" in n]
    places = Environment(ROLE, (ACCOUNT,), ("us-east-1",))
    for name in names:
        whole, known = parse(documents[name]["Document"], name), managed(name)
        for ask in asks():
            for request in places.requests(ask):
                assert contribution(known, request) == contribution(whole, request), (name, ask)


def test_of_two_policies_the_unseen_one_hides_nothing() -> None:
    assert administrator(attached(f"{AWS}AdministratorAccess", f"{AWS}NewerThanThisVersion")) is True
    assert administrator(attached(f"{AWS}AmazonS3FullAccess", BOUND)) is None


def test_permissions_of_nothing_are_nothing() -> None:
    for capability in ADMINISTRATOR:
        assert examine(capability, Permissions(()), Environment(ROLE, (ACCOUNT,), REGIONS)).held is False
