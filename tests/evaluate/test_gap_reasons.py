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
    told = gaps.reasons(profile(), ["execution_role"], kinds={"role": ()})
    assert told == "throttled, GetRole; access denied, GetRole; access denied, ListRolePolicies"


def test_another_account_or_kind_says_nothing() -> None:
    gaps = Gaps([role(1, "throttled", "GetRole", account="444455556666")])
    assert gaps.reasons(profile(), ["execution_role"], kinds={"role": ()}) == ""
    assert gaps.reasons(profile("444455556666"), ["execution_role"], kinds={"trail": ()}) == ""
    assert gaps.reasons(profile("444455556666"), ["execution_role"], kinds={"role": ()}) == "throttled, GetRole"


ARN = f"arn:aws:iam::{ACCOUNT}:role/studio"
STUDIO = ResourceRef("execution_role", ARN, "studio", ACCOUNT, GLOBAL)
ELSEWHERE = [
    Gap(ACCOUNT, REGION, "domain", "d-1", "SubnetIds", "DescribeDomain", "unexpected_response"),
    Gap(ACCOUNT, REGION, "domain", "d-2", "DomainSettings", "DescribeDomain", "throttled"),
    Gap(ACCOUNT, REGION, "domain", "d-3", "*", "DescribeDomain", "access_denied"),
    Gap(ACCOUNT, GLOBAL, "role", "role-0001", "AssumeRolePolicyDocument", "GetRole", "throttled"),
    Gap(ACCOUNT, GLOBAL, "role", ARN, "AttachedManagedPolicies", "ListAttachedRolePolicies", "throttled"),
    Gap(ACCOUNT, GLOBAL, "role", ARN, "AssumeRolePolicyDocument", "GetRole", "access_denied"),
]


def test_a_role_hangs_on_members_of_domains_in_any_region() -> None:
    gaps = Gaps(ELSEWHERE)
    assert gaps.reasons(STUDIO, [], kinds={"domain": ("AuthMode",)}) == "access denied, DescribeDomain"
    told = gaps.reasons(STUDIO, [], kinds={"domain": ("DomainSettings.ExecutionRoleIdentityConfig",)})
    assert told == "throttled, DescribeDomain; access denied, DescribeDomain"


def test_of_a_role_s_document_only_its_own_counts() -> None:
    gaps = Gaps(ELSEWHERE)
    assert gaps.reasons(STUDIO, [], kinds={"role": ("AssumeRolePolicyDocument",)}) == "access denied, GetRole"
    assert gaps.reasons(STUDIO, [], kinds={"role": ("*",)}) == ""


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
        assert gaps.reasons(profile(), ["execution_role"], kinds={"role": ()}) == "access denied, GetRole"
    assert Watched.looks == 0
