"""Condition operators, by hand from the IAM User Guide's pages on condition operators and on set operators."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.iam.context import Context, Known
from auditor.iam.documents import parse

ABSENT, PRESENT = Known.ABSENT, Known.PRESENT


def holds(operator: str, wanted: Any, value: Any, key: str = "k") -> bool | None:
    """Whether a condition holds of a key's value; ``None`` as value: nothing is known of the key."""
    document = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {operator: {key: wanted}}},
    }
    (statement,) = parse(document).statements
    (condition,) = statement.conditions
    return condition.holds(Context({} if value is None else {key: value}))


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringEquals", "a", ("a",), True),
        ("StringEquals", "a", ("A",), False),
        ("StringEquals", ["a", "b"], ("b",), True),
        ("StringEquals", "a*", ("ab",), False),
        ("stringequals", "a", ("a",), True),
        ("StringNotEquals", "a", ("b",), True),
        ("StringNotEquals", ["a", "b"], ("b",), False),
        ("StringEqualsIgnoreCase", "a", ("A",), True),
        ("StringNotEqualsIgnoreCase", "a", ("A",), False),
        ("StringLike", "eu-*", ("eu-west-1",), True),
        ("StringLike", "eu-*", ("us-east-1",), False),
        ("StringNotLike", ["eu-*", "us-?"], ("us-e",), False),
        ("StringNotLike", ["eu-*", "us-?"], ("us-ea",), True),
        ("Bool", "true", ("true",), True),
        ("Bool", True, ("true",), True),
        ("Bool", "false", ("true",), False),
        ("NumericEquals", 5, ("5.0",), True),
        ("NumericNotEquals", "5", ("6",), True),
        ("NumericLessThan", "5", ("5",), False),
        ("NumericLessThanEquals", "5", ("5",), True),
        ("NumericGreaterThan", "5", ("10",), True),
        ("NumericGreaterThanEquals", "5", ("4",), False),
        ("NumericLessThan", "five", ("4",), None),
        # "An integer or decimal value" is neither of these.
        *(("NumericNotEquals", odd, ("5",), None) for odd in ("NaN", "Infinity", "1_000", "1e3", " 6", "\uff16", "")),
        *(("NumericLessThan", "6", (odd,), None) for odd in ("NaN", "-Infinity", "0x1")),
        # Days and moments of the W3C's profile of ISO 8601, and seconds since 1970.
        *(
            ("DateGreaterThan", odd, ("2026-06-01T00:00:00Z",), None)
            for odd in ("2026-W01-1", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00", "2026", "2026-13-01", "9" * 30)
        ),
        ("DateGreaterThan", "2026-01-01", ("2026-06-01T00:00:00Z",), True),
        ("DateLessThan", "2026-06-01T00:30:00+01:00", ("2026-06-01T00:00:00.5Z",), False),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", ("2026-06-01T00:00:00Z",), True),
        ("DateLessThan", "2026-01-01T00:00:00Z", ("2026-06-01T00:00:00Z",), False),
        ("DateEquals", "1767225600", ("2026-01-01T00:00:00Z",), True),
        ("DateLessThan", "yesterday", ("2026-06-01T00:00:00Z",), None),
        ("IpAddress", "203.0.113.0/24", ("203.0.113.7",), True),
        ("IpAddress", ["203.0.113.0/24", "2001:db8::/32"], ("2001:db8::1",), True),
        ("NotIpAddress", "203.0.113.0/24", ("203.0.113.7",), False),
        ("IpAddress", "everywhere", ("203.0.113.7",), None),
        ("BinaryEquals", "QUJD", ("QUJD",), True),
        ("BinaryEquals", "QUJD", ("QUJE",), False),
        ("BinaryEquals", "no base64!", ("QUJD",), None),
        ("ArnLike", "arn:aws:iam::*:role/team-*", ("arn:aws:iam::1:role/team-a",), True),
        ("ArnEquals", "arn:aws:iam::*:role/team-*", ("arn:aws:iam::1:role/team-a",), True),
        # A wildcard stays within its part of the ARN.
        ("ArnLike", "arn:aws:*:role/team-a", ("arn:aws:iam::1:role/team-a",), False),
        ("ArnLike", "*", ("arn:aws:iam::1:role/team-a",), True),
        ("ArnNotLike", "arn:aws:iam::1:role/*", ("arn:aws:iam::2:role/team-a",), True),
        ("ArnNotEquals", "arn:aws:iam::1:role/*", ("arn:aws:iam::1:role/team-a",), False),
        ("StringEquals", "${aws:username}", ("x",), None),
    ],
)
def test_operators_on_one_value(operator: str, wanted: Any, value: tuple[str, ...], expected: bool | None) -> None:
    assert holds(operator, wanted, value) is expected


POSITIVE = ["StringEquals", "StringLike", "ArnLike", "ArnEquals", "StringEqualsIgnoreCase", "Bool", "NumericLessThan",
            "IpAddress", "DateLessThan", "BinaryEquals"]  # fmt: skip
NEGATED = ["StringNotEquals", "StringNotLike", "StringNotEqualsIgnoreCase", "ArnNotLike", "ArnNotEquals",
           "NumericNotEquals", "DateNotEquals", "NotIpAddress"]  # fmt: skip


@pytest.mark.parametrize("operator", POSITIVE)
def test_a_key_that_is_absent_does_not_meet_a_positive_operator(operator: str) -> None:
    assert holds(operator, "1", ABSENT) is False
    assert holds(f"{operator}IfExists", "1", ABSENT) is True
    assert holds(operator, "1", None) is None


@pytest.mark.parametrize("operator", NEGATED)
def test_a_key_that_is_absent_meets_a_negated_operator(operator: str) -> None:
    assert holds(operator, "1", ABSENT) is True
    assert holds(f"{operator}IfExists", "1", ABSENT) is True
    assert holds(operator, "1", None) is None


@pytest.mark.parametrize("operator", [*POSITIVE, *NEGATED])
def test_set_operators_of_a_key_that_is_absent(operator: str) -> None:
    """ForAllValues is true of no values, ForAnyValue false: whatever the operator, and with IfExists as well."""
    for name in (operator, f"{operator}IfExists"):
        assert holds(f"ForAllValues:{name}", "1", ABSENT) is True
        assert holds(f"ForAllValues:{name}", "1", ()) is True
        assert holds(f"ForAnyValue:{name}", "1", ABSENT) is False
        assert holds(f"ForAnyValue:{name}", "1", ()) is False


@pytest.mark.parametrize(
    ("operator", "values", "expected"),
    [
        ("ForAllValues:StringEquals", ("a",), True),
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "c"), False),
        ("ForAnyValue:StringEquals", ("a", "c"), True),
        ("ForAnyValue:StringEquals", ("c", "d"), False),
        ("ForAllValues:StringNotEquals", ("c", "d"), True),
        ("ForAllValues:StringNotEquals", ("a", "c"), False),
        ("ForAnyValue:StringNotEquals", ("a", "c"), True),
        ("ForAnyValue:StringNotEquals", ("a", "b"), False),
        # Without a set operator AWS does not say what several values mean, unless all say the same.
        ("StringEquals", ("a", "c"), None),
        ("StringEquals", ("a", "b"), True),
        ("StringNotEquals", ("c", "d"), True),
    ],
)
def test_several_values(operator: str, values: tuple[str, ...], expected: bool | None) -> None:
    assert holds(operator, ["a", "b"], values) is expected


@pytest.mark.parametrize(
    ("wanted", "value", "expected"),
    [
        ("true", ABSENT, True), ("false", ABSENT, False), (True, ABSENT, True),
        ("true", ("x",), False), ("false", ("x",), True), ("true", (), True),
        ("true", PRESENT, False), ("false", PRESENT, True),
        ("true", None, None), (["true", "false"], ABSENT, True), ("perhaps", ABSENT, None),
    ],
)  # fmt: skip
def test_null_asks_whether_the_key_is_there(wanted: Any, value: Any, expected: bool | None) -> None:
    assert holds("Null", wanted, value) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("StringLike", "*", PRESENT, True),
        ("StringNotLike", "*", PRESENT, False),
        ("StringLikeIfExists", "*", None, True),
        ("ForAllValues:StringLike", "*", None, True),
        ("StringLike", "*", None, None),
        ("StringEquals", "*", PRESENT, None),
        ("StringLike", "a*", PRESENT, None),
        ("StringNotLikeIfExists", "*", None, None),
    ],
)
def test_what_can_be_told_without_the_value(operator: str, wanted: str, value: Any, expected: bool | None) -> None:
    assert holds(operator, wanted, value) is expected


@pytest.mark.parametrize(
    "operator",
    ["StringResembles", "ForSomeValues:StringEquals", "NullIfExists", "ForAllValues:Null", "", "IfExists", 7],
)
def test_an_operator_that_iam_does_not_have_is_not_understood(operator: Any) -> None:
    assert holds(operator, "true", ABSENT) is None


@pytest.mark.parametrize("wanted", [None, {}, [None], [["a"]], [{"a": 1}], []])
def test_a_value_that_iam_does_not_take_is_not_understood(wanted: Any) -> None:
    assert holds("StringEquals", wanted, ("a",)) is None


OPERATORS = [
    quantifier + name + suffix
    for quantifier, name, suffix in itertools.product(
        ("", "ForAllValues:", "ForAnyValue:"), [*POSITIVE, *NEGATED], ("", "IfExists")
    )
] + ["Null"]
SINGLE = st.sampled_from(["1", "2", "true", "*", "a*", "arn:aws:s3:::a", "10.0.0.0/8"])


@given(
    st.sampled_from(OPERATORS),
    st.lists(SINGLE, min_size=1, max_size=3),
    st.one_of(st.just(ABSENT), st.lists(SINGLE, max_size=3).map(tuple)),
)
def test_knowing_less_never_says_the_opposite(operator: str, wanted: list[str], value: Any) -> None:
    """What is decided without knowing the key is what its value decides, whichever it is."""
    known = holds(operator, wanted, value)
    assert holds(operator, wanted, None) in (None, known)
    if value not in (ABSENT, ()):
        assert holds(operator, wanted, PRESENT) in (None, known)
