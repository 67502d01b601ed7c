"""Why evidence is missing, from many gaps: the reasons in their order, each once, without looking at every gap."""

from __future__ import annotations

from auditor.evaluate.gap_reasons import Gaps
from auditor.model.resource import ResourceRef
from auditor.model.snapshot import GLOBAL, Gap, GapReason

ACCOUNT, REGION = "111122223333", "eu-west-1"


def role(number: int, reason: GapReason, operation: str, account: str = ACCOUNT) -> Gap:
    return Gap(account, GLOBAL, "role", f"role-{number:04}", "*", operation, reason)


def profile(account: str = ACCOUNT) -> ResourceRef:
    return ResourceRef("user_profile", "d-1/ana", "ana", account, REGION, "", "d-1", "team")


def test_reasons_stand_once_in_the_order_of_the_gaps() -> None:
    gaps = Gaps(
        [
            role(1, "throttled", "GetRole"),
            role(2, "access_denied", "GetRole"),
            role(3, "throttled", "GetRole"),
            role(4, "access_denied", "ListRolePolicies"),
            role(5, "server_error", "GetRole"),
        ]
    )
    told = gaps.reasons(profile(), ["execution_role"], kinds={"role"})
    assert told == "throttled, GetRole; access denied, GetRole; access denied, ListRolePolicies"


def test_another_account_or_kind_says_nothing() -> None:
    gaps = Gaps([role(1, "throttled", "GetRole", account="444455556666")])
    assert gaps.reasons(profile(), ["execution_role"], kinds={"role"}) == ""
    assert gaps.reasons(profile("444455556666"), ["execution_role"], kinds={"trail"}) == ""
    assert gaps.reasons(profile("444455556666"), ["execution_role"], kinds={"role"}) == "throttled, GetRole"


class Watched(Gap):
    """A gap that counts how often it is looked at."""

    looks = 0

    def __getattribute__(self, name: str) -> object:
        Watched.looks += 1
        return super().__getattribute__(name)


def test_a_finding_does_not_look_at_every_gap() -> None:
    made = [Watched(ACCOUNT, GLOBAL, "role", f"role-{n}", "*", "GetRole", "access_denied") for n in range(1000)]
    gaps = Gaps(made)
    Watched.looks = 0
    for _ in range(10):
        assert gaps.reasons(profile(), ["execution_role"], kinds={"role"}) == "access denied, GetRole"
    assert Watched.looks == 0
