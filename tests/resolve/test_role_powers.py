"""What execution roles can do beyond their own work, from policies in to columns of execution_role out."""

from __future__ import annotations

from typing import Any

import pytest

from auditor.model.snapshot import Record

from .builder import ACCOUNT, Together, domain, place, profile
from .role_records import OTHER, ROLE, defaults, policy, role, statement

together = Together()
OPEN = "sagemaker:CreatePresignedDomainUrl"
PROFILES = f"arn:aws:sagemaker:*:{ACCOUNT}:user-profile/"


def has(*statements: dict[str, Any], arn: str = ROLE) -> Record:
    return role(arn, RolePolicyList=[{"PolicyName": "team", "PolicyDocument": policy(*statements)}])


SSO = {"AuthMode": "SSO"}
ANA, BEN = profile("ana", {"ExecutionRole": ROLE}), profile("ben", {"ExecutionRole": OTHER})
SHARED = profile("cleo", {"ExecutionRole": ROLE})


def opening(resource: str, *records: Record) -> Any:
    return together(place(), domain(), *records, has(statement(OPEN, resource)), has(arn=OTHER))


EVERYBODY = opening("*", ANA, BEN)
FULL_ACCESS = {
    "PolicyName": "AmazonSageMakerFullAccess",
    "PolicyArn": "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess",
}
MANAGED = together(place(), domain(document=defaults(ROLE)), ANA, role(AttachedManagedPolicies=[FULL_ACCESS]))
OF_OTHER_DOMAINS = opening(f"{PROFILES}d-2/*", ANA, BEN)
HERSELF = opening(f"{PROFILES}d-1/ana", ANA, BEN)
HERSELF_SHARED = opening(f"{PROFILES}d-1/ana", ANA, BEN, SHARED)
HIM = opening(f"{PROFILES}d-1/BEN", ANA, BEN)
BY_PATTERN = opening(f"{PROFILES}d-1/b*", ANA, BEN)
BY_ANOTHER_PATTERN = opening(f"{PROFILES}d-1/x*", ANA, BEN)
SINGLE_SIGN_ON = together(place(), domain(document=SSO), ANA, has(statement(OPEN)))
MODE_UNSEEN = together(place(), domain(document={"AuthMode": None}, gaps=["AuthMode"]), ANA, has(statement(OPEN)))
NO_ROLE_SEEN = together(place(), domain(), ANA)


@pytest.mark.parametrize(
    ("tables", "opens", "opened"),
    [
        (EVERYBODY, True, ["every user profile of name of d-1"]),
        (MANAGED, True, ["every user profile of name of d-1"]),
        (OF_OTHER_DOMAINS, False, []),
        (HERSELF, False, []),
        # Whoever else has the role opens hers.
        (HERSELF_SHARED, True, ["ana"]),
        (HIM, True, ["ben"]),
        (BY_PATTERN, True, ["ben"]),
        (BY_ANOTHER_PATTERN, False, []),
    ],
)
def test_who_may_open_whose_profile(tables: Any, opens: bool, opened: list[str]) -> None:
    row = tables.by_id("execution_role")[ROLE]
    assert (row["opens_other_profiles"], row["opened_profiles"]) == (opens, opened)
    assert row["iam_domains"] == ["name of d-1"]


def test_only_domains_of_auth_mode_iam_are_opened_by_a_url() -> None:
    row = SINGLE_SIGN_ON.by_id("execution_role")[ROLE]
    assert (row["iam_domains"], row["opens_other_profiles"]) == ([], False)
    row = MODE_UNSEEN.by_id("execution_role")[ROLE]
    assert (row["iam_domains"], row["opens_other_profiles"]) == (None, None)


def test_a_role_that_was_not_seen_is_unknown() -> None:
    assert NO_ROLE_SEEN.by_id("execution_role")[ROLE]["opens_other_profiles"] is None
