"""Reading policies: what IAM's grammar has is understood, everything else stays open, and nothing is skipped."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.iam.documents import parse
from auditor.iam.evaluation import Permissions, Request, trusts
from auditor.iam.principals import service

ALLOW = {"Effect": "Allow", "Action": "*", "Resource": "*"}
READ = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
REQUEST = Request("iam:CreateUser", "arn:aws:iam::1:user/x")


def policy(*statements: Any, version: str = "2012-10-17") -> dict[str, Any]:
    return {"Version": version, "Statement": list(statements)}


def outcome(document: object, request: Request = REQUEST) -> str:
    return Permissions((parse(document, "p"),)).decide(request).outcome


@pytest.mark.parametrize(
    "document",
    [
        policy(ALLOW),
        {"Statement": ALLOW},
        json.dumps(policy(ALLOW)),
        quote(json.dumps(policy(ALLOW))),
        {"Version": "2008-10-17", "Id": "x", "Statement": [{**ALLOW, "Sid": "s"}]},
        policy({**ALLOW, "Action": ["*"], "Resource": ["*"]}),
    ],
)
def test_every_form_that_iam_takes(document: object) -> None:
    assert parse(document).understood
    assert outcome(document) == "allowed"


OPEN: list[object] = [
    None, 7, True, [], [1], "", "garbage", "%7B%22Version%22", "[]", {"Statement": "x"}, {"Statement": True},
    {"Version": "2030-01-01", "Statement": [READ]}, {"Version": ["2012-10-17"], "Statement": [READ]},
    {"Statement": [READ], "Statements": []}, {},
    policy(None), policy("x"), policy(["x"]), policy({}),
    policy({**ALLOW, "Effect": ["Allow"]}), policy({**ALLOW, "Effect": "allow"}),
    policy({**ALLOW, "Action": 7}), policy({**ALLOW, "Action": None}), policy({**ALLOW, "Action": []}),
    policy({**ALLOW, "Action": "CreateUser"}), policy({**ALLOW, "Action": ["s3:GetObject", {"a": 1}]}),
    policy({**ALLOW, "NotAction": "s3:*"}), policy({"Effect": "Allow", "Resource": "*"}),
    policy({**ALLOW, "Resource": {"a": 1}}), policy({**ALLOW, "Resource": "everything"}),
    policy({"Effect": "Allow", "Action": "*"}), policy({**ALLOW, "NotResource": "*"}),
    policy({**ALLOW, "Condition": "never"}), policy({**ALLOW, "Condition": {"StringEquals": "x"}}),
    policy({**ALLOW, "Condition": {"StringIs": {"aws:username": "x"}}}),
    policy({**ALLOW, "Condition": {"StringEquals": {"aws:username": None}}}),
    policy({**ALLOW, "Principal": "*"}), policy({**ALLOW, "action": "*"}),
]  # fmt: skip


@pytest.mark.parametrize("document", OPEN, ids=repr)
def test_what_is_not_understood_stays_open_and_says_why(document: object) -> None:
    parsed = parse(document, "p")
    assert not parsed.understood
    decision = Permissions((parsed,)).decide(REQUEST)
    assert decision.outcome == "unknown"
    assert decision.reasons
    assert all(reason.startswith("p: ") for reason in decision.reasons)


def test_only_what_is_not_understood_stays_open() -> None:
    assert outcome(policy({**ALLOW, "Resource": 7, "Action": "s3:*"})) == "denied"
    assert outcome(policy({**READ, "Condition": "never"})) == "denied"
    assert outcome(policy({**ALLOW, "Effect": "Deny", "Action": 7})) == "denied"
    # Certain beside open: a Deny that is not understood may still take it away.
    assert outcome(policy(ALLOW, {**ALLOW, "Resource": 7})) == "allowed"
    assert outcome(policy(ALLOW, {**ALLOW, "Effect": "Deny", "Action": 7})) == "unknown"
    assert outcome(policy(ALLOW, None)) == "unknown"


def test_policy_variables_are_text_in_the_older_version() -> None:
    statement = {**ALLOW, "Resource": "arn:aws:iam::1:user/${aws:username}"}
    assert outcome(policy(statement)) == "unknown"
    assert outcome(policy(statement, version="2008-10-17")) == "denied"
    assert outcome({"Statement": [statement]}) == "denied"


def test_trust_policies_have_principals_and_no_resource() -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "sagemaker.amazonaws.com"}, "Action": "sts:AssumeRole"}
    request = Request("sts:AssumeRole", principal=service("sagemaker.amazonaws.com"))
    assert trusts(parse(policy(statement), kind="trust"), request).outcome == "allowed"
    for principal in (None, {}, [], {"Service": 7}, {"Somebody": "x"}, 7):
        document = policy({**statement, "Principal": principal})
        assert trusts(parse(document, kind="trust"), request).outcome == "unknown", principal
    missing = policy({"Effect": "Allow", "Action": "sts:AssumeRole"})
    assert trusts(parse(missing, kind="trust"), request).outcome == "unknown"
    assert trusts(parse(None, kind="trust"), request).outcome == "unknown"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("*"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(JSON, st.sampled_from(["identity", "trust", "resource"]))
def test_nothing_that_is_json_stops_the_reader(document: object, kind: Any) -> None:
    parsed = parse(document, "p", kind)
    assert parsed.understood == all(not s.problems for s in parsed.statements)


@given(st.sampled_from(sorted(ALLOW)), JSON)
def test_a_statement_with_one_member_of_any_kind_is_never_skipped(member: str, value: object) -> None:
    """Where a part is not understood, what was allowed may still be: it is never denied for certain."""
    parsed = parse(policy({**ALLOW, member: value}))
    if not parsed.understood:
        assert Permissions((parsed,)).decide(REQUEST).outcome != "denied"
