"""Why evidence is missing, from many gaps: the reasons in their order, each once, without looking at every gap."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.collect.iac.scan import ScanOptions, scan
from auditor.evaluate.audit import evaluate
from auditor.evaluate.gap_reasons import Gaps
from auditor.model.resource import ResourceRef
from auditor.model.snapshot import GLOBAL, SCHEMA_VERSION, Gap, GapReason, Header, Record, Scope, Snapshot
from auditor.resources import rules_dir
from auditor.rules.load import load_rules
from auditor.store.snapshot_file import write_snapshot

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


OTHER = "us-east-1"
LISTED = {"DomainId": "d-2", "DomainName": "two", "AuthMode": "IAM"}


@pytest.mark.parametrize(
    ("gap", "reason"),
    [
        (("user_profile", "*", "*", "ListUserProfiles", "access_denied"), "access denied, ListUserProfiles"),
        (("user_profile", "d-2/ben", "*", "DescribeUserProfile", "throttled"), "throttled, DescribeUserProfile"),
        (("user_profile", "d-2/ben", "UserSettings.ExecutionRole", "DescribeUserProfile", "unexpected_response"),
         "unexpected response, DescribeUserProfile"),
        (("domain", "d-2", "DefaultUserSettings.ExecutionRole", "DescribeDomain", "unexpected_response"),
         "unexpected response, DescribeDomain"),
    ],
    ids=["a list", "a profile", "a profile's role", "a domain's default"],
)  # fmt: skip
@pytest.mark.parametrize("region", [REGION, OTHER])
def test_who_shares_a_role_hangs_on_profiles_in_any_region(
    gap: tuple[str, str, str, str, GapReason], reason: str, region: str, tmp_path: Path
) -> None:
    """STU205 on a domain and STU201 on its profile, where a profile of another domain may have the same role."""
    kind, number, setting, operation, why = gap
    records = [
        Record(ACCOUNT, place, "account_region", place, {}, gaps=(kind,) if number == "*" and place == region else ())
        for place in (REGION, OTHER)
    ]
    records += [
        Record(ACCOUNT, REGION, "domain", "d-1", {"DomainId": "d-1", "DomainName": "lab", "AuthMode": "IAM"}),
        Record(ACCOUNT, REGION, "user_profile", "d-1/ana",
               {"DomainId": "d-1", "UserProfileName": "ana", "UserSettings": {"ExecutionRole": ARN}}),
        Record(ACCOUNT, region, "domain", "d-2", LISTED, gaps=(setting,) if kind == "domain" else ()),
    ]  # fmt: skip
    if number != "*":
        of_ben = {"DomainId": "d-2", "UserProfileName": "ben", "UserSettings": {}}
        unseen = (setting,) if kind == "user_profile" else ()
        records.append(Record(ACCOUNT, region, "user_profile", "d-2/ben", of_ben, gaps=unseen))
    scopes = (Scope(ACCOUNT, REGION), Scope(ACCOUNT, OTHER))
    header = Header(SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0", "1.44.5", "", scopes)
    path = tmp_path / "snapshot.jsonl"
    write_snapshot(
        path, Snapshot(header, tuple(records), (Gap(ACCOUNT, region, kind, number, setting, operation, why),))
    )
    rules = load_rules(sorted(p for name in ("STU201", "STU205") for p in rules_dir().rglob(f"{name}-*.yaml")))
    told = {(f.rule_id, f.resource.name): f.message for f in evaluate([path], rules).findings if f.status == "unknown"}
    assert told["STU205", "lab"] == f"Domain lab: has shared role is unknown ({reason})"
    assert told["STU201", "ana"].startswith("User profile ana: execution role profiles, ")
    assert told["STU201", "ana"].endswith(f" are unknown ({reason})")


TEMPLATE = """\
Parameters: {Domain: {Type: String}, Role: {Type: String}}
Conditions: {Own: !Equals [!Ref Role, x]}
Resources:
  Ana:
    Type: AWS::SageMaker::UserProfile
    Properties: {DomainId: !Ref Domain, UserProfileName: ana, UserSettings: {DefaultLandingUri: !ImportValue Landing}}
  Ben:
    Type: AWS::SageMaker::UserProfile
    Properties: {DomainId: !Ref Domain, UserProfileName: ben, UserSettings: {
      ExecutionRole: !If [Own, !Ref Role, !Ref AWS::NoValue]}}
"""


def test_what_a_profile_of_another_domain_sets_is_unknown_for_its_own_reasons_only(tmp_path: Path) -> None:
    """No words for the domain, which lies elsewhere, for what CloudFormation cannot express, or for settings that the
    rule only blames."""
    (tmp_path / "t.yaml").write_text(TEMPLATE, encoding="utf-8")
    write_snapshot(tmp_path / "t.jsonl", scan([tmp_path / "t.yaml"], ScanOptions()))
    rules = [rule for rule in load_rules([rules_dir()]) if rule.id in ("STU110", "STU202")]
    findings = evaluate([tmp_path / "t.jsonl"], rules).findings
    assert {(f.rule_id, f.resource.name): (f.status.value, f.message.partition(" (")[0]) for f in findings} == {
        ("STU110", "ana"): ("unknown", "User profile ana: own settings are unknown"),
        ("STU202", "ana"): ("fail", "User profile ana inherits its execution role from the domain"),
        ("STU202", "ben"): ("unknown", "User profile ben: own execution role is unknown"),
    }
    reasons = {f.message.partition(" (")[2] for f in findings if f.status.value == "unknown"}
    assert len(reasons) == 2
    assert all("express it" not in reason and "${Domain}" not in reason for reason in reasons)
