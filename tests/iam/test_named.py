"""Names that policies write, and one text that fits two patterns."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.iam.named import meeting, named_resources, understood
from auditor.iam.patterns import matches
from auditor.iam.roles import role_of

ROLE = "arn:aws:iam::111122223333:role/studio"
JOBS = "arn:aws:sagemaker:eu-west-1:111122223333:training-job/"
KIND = f"{JOBS}?*"
ACTION = "sagemaker:CreateTrainingJob"


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("*", f"{JOBS}x"),
        ("arn:aws:sagemaker:*:*:training-job/team-*", f"{JOBS}team-"),
        ("arn:aws:sagemaker:*:*:*/team-?", f"{JOBS}team-x"),
        ("arn:aws:sagemaker:us-east-1:*:training-job/*", None),
        ("arn:aws:s3:::bucket/*", None),
        (f"{JOBS}one", f"{JOBS}one"),
        (JOBS, None),
    ],
)
def test_a_text_that_fits_both(text: str, met: str | None) -> None:
    assert meeting(text, KIND) == met


_PATTERNS = st.text("ab*?", max_size=7)


@given(_PATTERNS, _PATTERNS, st.text("abx", max_size=6))
def test_what_meets_matches_both_and_nothing_is_overlooked(first: str, second: str, text: str) -> None:
    met = meeting(first, second)
    if met is None:
        assert not (fnmatchcase(text, first) and fnmatchcase(text, second))
    else:
        assert matches(first, met)
        assert matches(second, met)


def _named(*statements: dict[str, object], **document: object) -> tuple[str, ...]:
    inline = [{"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}]
    return named_resources(role_of({"RolePolicyList": inline, **document}, ROLE), {ACTION: (KIND,)})[ACTION]


def test_only_statements_about_the_action_name_anything() -> None:
    allow = {"Effect": "Allow", "Resource": "arn:aws:sagemaker:*:*:training-job/team-*"}
    assert _named({**allow, "Action": "sagemaker:Create*"}) == (f"{JOBS}team-",)
    assert _named({**allow, "NotAction": "sagemaker:Delete*"}) == (f"{JOBS}team-",)
    assert _named({**allow, "Action": "sagemaker:Delete*"}) == ()
    assert _named({**allow, "Action": "*", "Resource": "arn:aws:sagemaker:*:*:processing-job/team-*"}) == ()
    tagged = "arn:aws:sagemaker:*:*:training-job/${aws:PrincipalTag/team}-*"
    assert _named({"Effect": "Deny", "Action": "*", "NotResource": tagged}) == (f"{JOBS}-",)


def test_a_boundary_names_resources_too_and_awss_own_policies_do_not() -> None:
    arn = "arn:aws:iam::111122223333:policy/boundary"
    team = {"Effect": "Allow", "Action": "*", "Resource": f"{JOBS}team-*"}
    bound = {
        "PermissionsBoundary": {"PermissionsBoundaryArn": arn},
        "LocalPolicyDocuments": {arn: {"Version": "2012-10-17", "Statement": [team]}},
    }
    assert _named({"Effect": "Allow", "Action": "*", "Resource": "*"}, **bound) == (f"{JOBS}team-", f"{JOBS}x")
    canvas = {"PolicyArn": "arn:aws:iam::aws:policy/AmazonSageMakerCanvasFullAccess"}
    role = role_of({"AttachedManagedPolicies": [canvas]}, ROLE)
    assert (named_resources(role, {ACTION: (KIND,)}), understood(role)) == ({ACTION: ()}, True)
    unseen = role_of({"PermissionsBoundary": bound["PermissionsBoundary"]}, ROLE)
    assert not understood(unseen)
