"""The first entry that fits says whose a resource is; what was not read is not taken for absent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.model.owner import UNKNOWN, UNOWNED, OwnedResource, OwnerRule, matches, owner_of

PROFILE = OwnedResource(
    "111122223333", "d-1", "Research", "ana-silva", {"team": "ml-vision", "owner": " vision "}, "ana@example.com",
    "Root/Workloads/Data",
)  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "fits"),
    [
        (OwnerRule("x", tags={"team": "ml-*"}), True),
        (OwnerRule("x", tags={"team": "ML-*"}), False),
        (OwnerRule("x", tags={"team": "ml-*", "stage": "*"}), False),
        (OwnerRule("x", ou="root/workloads/*"), True),
        (OwnerRule("x", ou="*/Sandbox"), False),
        (OwnerRule("x", account="111122223333"), True),
        (OwnerRule("x", account="99*"), False),
        (OwnerRule("x", domain="research"), True),
        (OwnerRule("x", domain="d-?"), True),
        (OwnerRule("x", domain="d-??"), False),
        (OwnerRule("x", name="ana-*", domain="research"), True),
        (OwnerRule("x", name="ana-*", domain="finance"), False),
        (OwnerRule("x", user="*@example.com"), True),
        (OwnerRule("x", user="*@example.org"), False),
    ],
)
def test_everything_that_is_given_must_fit(rule: OwnerRule, fits: bool) -> None:
    assert owner_of([rule], PROFILE) == ("x" if fits else UNOWNED)


def test_the_first_that_fits_counts() -> None:
    rules = [OwnerRule("vision", name="ben-*"), OwnerRule(from_tag="owner"), OwnerRule("rest", account="*")]
    assert owner_of(rules, PROFILE) == "vision"
    assert owner_of(rules, replace(PROFILE, tags={"owner": "  "})) == "rest"
    assert owner_of(rules[:2], replace(PROFILE, tags={})) == UNOWNED
    assert owner_of([OwnerRule("x", user="*")], replace(PROFILE, user="")) == UNOWNED


def test_tags_that_were_not_read_leave_the_owner_open() -> None:
    unread = replace(PROFILE, tags=None)
    rules = [OwnerRule("ana", name="ana-*"), OwnerRule(from_tag="owner"), OwnerRule("rest", account="*")]
    assert owner_of(rules, unread) == "ana"
    assert owner_of(rules[1:], unread) == UNKNOWN
    # An entry that cannot fit whatever the tags are leaves nothing open.
    assert owner_of([OwnerRule("x", tags={"a": "b"}, name="ben"), rules[2]], unread) == "rest"


def test_a_pattern_is_nothing_but_stars_and_question_marks() -> None:
    assert matches("a.c[1]", "A.C[1]")
    assert not matches("a.c", "abc")
    assert matches("*" * 40 + "x", "y" * 200 + "x")
    assert not matches("*a" * 12, "b" * 60)
