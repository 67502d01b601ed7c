"""``*`` and ``?`` against an independent reading of them; policy variables as the IAM User Guide tells them."""

from __future__ import annotations

import re
import time

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.iam.context import Context, Known
from auditor.iam.patterns import UNKNOWN_PART, matches, pattern

TEXTS = st.text(alphabet="ab:/*?", max_size=8)


def reference(wild: str, text: str) -> bool:
    """The same by a regular expression."""
    translated = "".join({"*": ".*", "?": "."}.get(c, re.escape(c)) for c in wild)
    return re.fullmatch(translated, text, re.DOTALL) is not None


@given(TEXTS, TEXTS)
def test_wildcards_match_as_a_regular_expression_does(wild: str, text: str) -> None:
    assert matches(wild, text) is reference(wild, text)


@given(TEXTS, TEXTS)
def test_the_regular_expression_of_a_pattern_matches_what_it_does(wild: str, text: str) -> None:
    regular = pattern(wild, variables=True).regular
    assert regular is not None
    assert (re.fullmatch(regular, text) is not None) is matches(wild, text)


def test_a_database_reads_that_expression_alike() -> None:
    """The names that AWS allows, and what else may stand in an ARN."""
    texts = [
        "arn:aws:sagemaker:eu-west-1:111122223333:user-profile/d-1/a.b_c-d@e",
        "a\nb",
        "a+b",
        "a b",
        "ä",
        "a\\b",
        "([",
    ]
    with duckdb.connect() as con:
        for wild in ("*", "*/a.b*", "*/a?b_c-d@?", "a?b", "a+b", "a b", "?", "a\\*", "([", "*b"):
            rows = con.execute("select t, regexp_full_match(t, ?) from (select unnest(?) as t)",
                               [pattern(wild).regular, texts]).fetchall()  # fmt: skip
            assert dict(rows) == {text: matches(wild, text) for text in texts}


@pytest.mark.parametrize("text", ["user/${aws:username}", "user/${*}"])
def test_a_pattern_that_hangs_on_the_request_has_no_regular_expression(text: str) -> None:
    assert pattern(text, variables=True).regular is None


@given(TEXTS)
def test_a_star_in_place_of_a_part_never_matches_less(text: str) -> None:
    for start in range(len(text) + 1):
        for end in range(start, len(text) + 1):
            assert matches(text[:start] + "*" + text[end:], text)


@pytest.mark.parametrize(
    ("wild", "text", "expected"),
    [
        ("*", "iam:CreateUser", True),
        ("**", "iam:CreateUser", True),
        ("*:*", "iam:CreateUser", True),
        ("iam:*", "IAM:createuser", True),
        ("iam:Create?ser", "iam:CreateUser", True),
        ("iam:Create?ser", "iam:CreateSer", False),
        ("sts:Set*", "sts:SetSourceIdentity", True),
        ("sts:*SourceIdentity", "sts:SetSourceIdentity", True),
        ("sts:SetSourceIdentit?", "sts:SetSourceIdentity", True),
        ("s3:[Gg]et*", "s3:GetObject", False),
        ("", "", True),
        ("", "a", False),
    ],
)
def test_actions(wild: str, text: str, expected: bool) -> None:
    assert matches(wild, text, any_case=True) is expected


def test_case_matters_unless_told_otherwise() -> None:
    assert not matches("arn:aws:s3:::Data/*", "arn:aws:s3:::data/x")
    assert matches("arn:aws:s3:::data/*", "arn:aws:s3:::data/x/y")


def test_a_hostile_pattern_takes_no_time() -> None:
    begin = time.process_time()
    assert not matches("*a" * 200 + "b", "a" * 4_000)
    assert time.process_time() - begin < 2


NAME = "arn:aws:s3:::home-${aws:PrincipalTag/person}/*"


@pytest.mark.parametrize(
    ("text", "values", "target", "expected"),
    [
        (NAME, {"aws:principaltag/Person": ("ana",)}, "arn:aws:s3:::home-ana/x", True),
        (NAME, {"aws:PrincipalTag/person": ("ben",)}, "arn:aws:s3:::home-ana/x", False),
        # Unknown: may be ana; but whoever it is, another bucket is not meant.
        (NAME, {}, "arn:aws:s3:::home-ana/x", None),
        (NAME, {}, "arn:aws:s3:::other/x", False),
        (NAME, {"aws:PrincipalTag/person": Known.PRESENT}, "arn:aws:s3:::home-ana/x", None),
        # The request lacks it: nothing is meant.
        (NAME, {"aws:PrincipalTag/person": Known.ABSENT}, "arn:aws:s3:::home-/x", False),
        ("${aws:username, 'all'}", {"aws:username": Known.ABSENT}, "all", True),
        ("${aws:username, 'all'}", {"aws:username": ("ana",)}, "all", False),
        ("a${*}b", {}, "a*b", True),
        ("a${*}b", {}, "axb", False),
        ("a${?}b${$}", {}, "a?b$", True),
        # A value is text, whatever stands in it.
        ("${k}", {"k": ("*",)}, "x", False),
    ],
)
def test_policy_variables(text: str, values: dict[str, tuple[str, ...]], target: str, expected: bool | None) -> None:
    assert pattern(text, variables=True).matches(target, Context(values)) is expected


def test_variables_are_text_where_they_are_not_variables() -> None:
    assert matches("${aws:username}", "${aws:username}")
    assert not matches("${aws:username}", "ana")


@pytest.mark.parametrize(
    ("text", "target", "expected"),
    [
        (UNKNOWN_PART, "s3:GetObject", None),
        (f"arn:aws:s3:::{UNKNOWN_PART}/*", "arn:aws:s3:::b/x", None),
        # Whatever stands there, it is a bucket.
        (f"arn:aws:s3:::{UNKNOWN_PART}/*", "arn:aws:iam::1:role/x", False),
        (f"{UNKNOWN_PART}${{aws:username}}", "ana", None),
    ],
)
def test_a_part_that_nobody_knows(text: str, target: str, expected: bool | None) -> None:
    for variables in (True, False):
        assert pattern(text, variables=variables).matches(target, Context({"aws:username": ("ana",)})) is (
            expected if variables or "$" not in text else False
        )
