"""Execution roles: what their documents say, who uses them, and what IAM's simulator answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL, Record
from auditor.resolve.policy_facts import (
    allowed_tools,
    allows_everything,
    trust_with_source_identity,
    trusts_set_source_identity,
)
from auditor.studio.tools import APP_ARN_PARTS, CREATE_APP, TOOL_ACTIONS, app_arn

from .builder import ACCOUNT, Tables, domain, place, profile, record

ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/studio"
OTHER = f"arn:aws:iam::{ACCOUNT}:role/other"
FAR = "arn:aws:iam::999999999999:role/far"
SERVICE = {"Service": "sagemaker.amazonaws.com"}


def policy(*statements: Mapping[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def statement(action: object = "*", resource: object = "*", effect: str = "Allow", **also: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **also}


def trust(action: object, principal: object = SERVICE, effect: str = "Allow", **also: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, **also}


@pytest.mark.parametrize(
    ("given", "everything"),
    [
        (statement(), True),
        (statement(["s3:GetObject", "*"], ["*"]), True),
        (statement("*:*"), True),
        (statement("s3:*"), False),
        (statement(resource="arn:aws:s3:::bucket/*"), False),
        (statement(effect="Deny"), False),
        # Whether a condition ever holds is not in the document.
        (statement(Condition={"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}), False),
        ({"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}, False),
    ],
)
def test_everything_is_every_action_on_every_resource(given: Mapping[str, Any], everything: bool) -> None:
    assert allows_everything([policy(given)]) is everything
    # IAM takes one statement instead of a list of them.
    assert allows_everything([{"Statement": given}]) is everything


def test_a_policy_that_was_not_seen_leaves_it_open() -> None:
    assert allows_everything([policy(statement("s3:*")), None]) is None
    assert allows_everything([None, policy(statement())]) is True
    assert allows_everything([]) is False


@pytest.mark.parametrize(
    ("statements", "trusted"),
    [
        ([trust("sts:AssumeRole")], False),
        ([trust(["sts:AssumeRole", "sts:SetSourceIdentity"])], True),
        ([trust("sts:AssumeRole"), trust("sts:setsourceidentity")], True),
        ([trust("sts:*")], True),
        ([trust(["sts:SetSourceIdentity"], {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]})], True),
        ([trust(["sts:SetSourceIdentity"], {"Service": "ec2.amazonaws.com"})], False),
        ([trust(["sts:SetSourceIdentity"], {"AWS": "arn:aws:iam::1:root"})], False),
        ([trust(["sts:SetSourceIdentity"], "*")], True),
        ([trust("sts:*"), trust("sts:SetSourceIdentity", effect="Deny")], False),
    ],
)
def test_trust_in_the_source_identity(statements: Sequence[Mapping[str, Any]], trusted: bool) -> None:
    assert trusts_set_source_identity(policy(*statements)) is trusted
    assert trusts_set_source_identity(None) is None


BOTH = ["sts:AssumeRole", "sts:SetSourceIdentity"]
EC2 = {"Service": ["ec2.amazonaws.com", "sagemaker.amazonaws.com"]}
OURS = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([trust("sts:AssumeRole")], [trust(BOTH)]),
        ([trust(["sts:AssumeRole", "sts:TagSession"])], [trust(["sts:AssumeRole", "sts:TagSession", BOTH[1]])]),
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
    before = policy(*statements)
    kept = json.dumps(before)
    made = json.loads(trust_with_source_identity({"Id": "x", **before}) or "null")
    assert made == {"Id": "x", **policy(*expected)}
    assert trusts_set_source_identity(made) is True
    assert json.dumps(before) == kept


@pytest.mark.parametrize(
    "given",
    [
        None,
        policy(),
        policy(trust("sts:AssumeRole", {"AWS": FAR})),
        policy(trust("sts:AssumeRoleWithSAML")),
        policy(trust("sts:AssumeRole"), trust("sts:SetSourceIdentity", effect="Deny")),
        policy(trust("sts:AssumeRole"), trust("sts:*", {"AWS": FAR}, effect="Deny")),
    ],
)
def test_a_trust_policy_to_which_nothing_can_be_added(given: Mapping[str, Any] | None) -> None:
    """SageMaker is not trusted at all, or a Deny stands against it: adding an action mends nothing."""
    assert trust_with_source_identity(given) is None


def _result(action: str, decision: str = "allowed", resource: str = "*") -> dict[str, str]:
    return {"EvalActionName": action, "EvalResourceName": resource, "EvalDecision": decision}


def test_allowed_tools_are_those_with_an_action_that_is_allowed() -> None:
    results = [
        _result("sagemaker:CreateFeatureGroup"),
        _result("sagemaker:CreateCluster", "implicitDeny"),
        _result("sagemaker:CreateTrainingJob", "explicitDeny"),
        _result(CREATE_APP, resource=app_arn("aws", ACCOUNT, "Canvas")),
        _result(CREATE_APP, "explicitDeny", app_arn("aws", ACCOUNT, "JupyterServer")),
    ]
    assert allowed_tools(results) == ["Canvas", "FeatureStore"]
    assert allowed_tools([]) == []
    assert allowed_tools([_result(a) for actions in TOOL_ACTIONS.values() for a in actions]) == sorted(TOOL_ACTIONS)
    apps = [_result(CREATE_APP, resource=app_arn("aws", ACCOUNT, t)) for t in APP_ARN_PARTS]
    assert allowed_tools(apps) == sorted(APP_ARN_PARTS)


def role(arn: str = ROLE, **document: Any) -> Record:
    base = {"Arn": arn, "AssumeRolePolicyDocument": policy(trust("sts:AssumeRole"))}
    return record("role", arn, {**base, **document}, region=GLOBAL)


def permission(arn: str, *actions: str) -> Record:
    return record("permission", arn, {"RoleArn": arn, "Results": [_result(a) for a in actions]}, region=GLOBAL)


def defaults(role_arn: str = "", spaces: str = "", identity: str = "") -> dict[str, Any]:
    document: dict[str, Any] = {}
    if role_arn:
        document["DefaultUserSettings"] = {"ExecutionRole": role_arn}
    if spaces:
        document["DefaultSpaceSettings"] = {"ExecutionRole": spaces}
    if identity:
        document["DomainSettings"] = {"ExecutionRoleIdentityConfig": identity}
    return document


def test_one_row_a_role_in_use_with_its_users() -> None:
    rows = Tables(
        place(),
        domain(document=defaults(ROLE, OTHER, "USER_PROFILE_NAME")),
        profile("ana"), profile("ben"), profile("cleo", {"ExecutionRole": FAR}),
        role(AttachedManagedPolicies=[
            {"PolicyName": "AmazonS3FullAccess", "PolicyArn": "arn:aws:iam::aws:policy/AmazonS3FullAccess"},
            {"PolicyName": "team", "PolicyArn": f"arn:aws:iam::{ACCOUNT}:policy/team"},
        ], LocalPolicyDocuments={f"arn:aws:iam::{ACCOUNT}:policy/team": policy(statement())}),
        permission(ROLE, "sagemaker:CreateProject"),
    ).by_id("execution_role")  # fmt: skip
    assert set(rows) == {ROLE, OTHER, FAR}
    studio = rows[ROLE]
    assert (studio["name"], studio["region"], studio["profiles"], studio["shared_spaces"]) == (
        "studio",
        GLOBAL,
        2,
        False,
    )
    assert (studio["managed_policies"], studio["customer_policies"]) == (["AmazonS3FullAccess"], ["team"])
    assert studio["managed_policy_arns"] == ["arn:aws:iam::aws:policy/AmazonS3FullAccess"]
    assert (studio["role_exists"], studio["allows_everything"], studio["source_identity"]) == (True, True, True)
    assert (studio["trusts_set_source_identity"], studio["allowed_tools"]) == (False, ["Projects"])
    # Its list was read and it is not in it; another account's role cannot be looked for.
    assert (rows[OTHER]["role_exists"], rows[OTHER]["shared_spaces"], rows[OTHER]["profiles"]) == (False, True, 0)
    assert rows[FAR]["role_exists"] is None


def test_roles_that_could_not_be_listed_are_unknown() -> None:
    (row,) = Tables(place(["role", "permission"]), domain(document=defaults(ROLE)), profile("ana")).rows(
        "execution_role"
    )
    columns = ("role_exists", "managed_policies", "allows_everything", "trusts_set_source_identity", "allowed_tools")
    assert {row[c] for c in columns} == {None}


def test_a_role_is_of_unified_studio_where_nobody_else_uses_it() -> None:
    unified = {"DomainSettings": {"UnifiedStudioSettings": {"ProjectId": "p"}}, **defaults(ROLE)}
    assert Tables(domain(document=unified)).rows("execution_role")[0]["unified_studio"] is True
    shared = Tables(domain(document=unified), domain("d-2", defaults(ROLE))).rows("execution_role")
    assert [row["unified_studio"] for row in shared] == [False]


def test_a_profile_knows_what_its_role_may_do() -> None:
    rows = Tables(
        domain(document=defaults(ROLE)), profile("ana"), profile("ben", {"ExecutionRole": OTHER}),
        permission(ROLE, "sagemaker:CreateEndpoint"),
    ).by_name("user_profile")  # fmt: skip
    assert rows["ana"]["role_allowed_tools"] == ["Endpoints", "PerformanceEvaluation"]
    assert rows["ben"]["role_allowed_tools"] is None


@pytest.mark.parametrize(
    ("profiles", "gaps", "number"),
    [
        ([("ana", OTHER)], (), 0),
        ([("ana", ROLE)], (), 1),
        # Inherited: the role is the domain's, nobody's own.
        ([("ana", None)], (), 0),
        ([("ana", OTHER)], ("user_profile",), None),
        ([("ana", ROLE)], ("user_profile",), 1),
    ],
)
def test_the_role_of_shared_spaces_and_profiles_own_roles(
    profiles: Sequence[tuple[str, str | None]], gaps: Sequence[str], number: int | None
) -> None:
    people = [profile(name, {"ExecutionRole": own} if own else None) for name, own in profiles]
    tables = Tables(place(gaps), domain(document=defaults(ROLE, ROLE)), *people, role())
    (row,) = tables.rows("domain")
    assert row["space_role_profiles"] == number
    assert (row["space_role_policies"], row["space_role_allows_everything"]) == ([], False)


def test_no_role_of_shared_spaces() -> None:
    (row,) = Tables(domain()).rows("domain")
    assert (row["space_role_profiles"], row["space_role_policies"], row["space_role_allows_everything"]) == (
        0,
        [],
        False,
    )
