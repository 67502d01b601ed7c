"""What a finding says: evidence with its origin, message, remediation, and a name that lasts."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from auditor.checkov.details import details
from auditor.evaluate.verdicts import ResourceVerdict
from auditor.model.finding import Evidence, Finding
from auditor.model.report import Report
from auditor.model.resource import Origin
from auditor.model.rule import Rule, Severity, Verdict
from auditor.model.snapshot import GLOBAL, Gap, Record
from auditor.resolve.inheritance_sql import NestedMerge

from .helpers import ACCOUNT, REGION, ROLE, audit, changed, domain, in_account, only, profile, rules_of

EFS = {"HomeEfsFileSystemId": "fs-1"}


def evidence(finding: Finding, setting: str) -> Evidence:
    (found,) = [e for e in finding.evidence if e.setting == setting]
    return found


#: Accounts beside ACCOUNT, each with its own way to be hard to judge: people who could not be listed, calls that were
#: refused, and the same name in two domains.
NO_PEOPLE, REFUSED, TWO_DOMAINS = "222233334444", "333344445555", "444455556666"


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory, built_in_rules: tuple[Rule, ...]) -> Report:
    """All rules on all accounts, evaluated once."""
    handed = {"AutoMountHomeEFS": "Enabled", "ExecutionRole": f"{ROLE}shared", "StudioWebPortal": "ENABLED"}
    sso = {"AuthMode": "SSO", "SingleSignOnApplicationArn": "arn:aws:sso::1:application/ssoins-1/apl-1"}
    return audit(
        tmp_path_factory.mktemp("findings"), built_in_rules,
        # Profiles whose settings come from every layer.
        domain("d-1", {**EFS, "DefaultUserSettings": handed, "VpcId": "vpc-1"}),
        profile("inherits"),
        profile("sets", {"AutoMountHomeEFS": "Enabled", "DefaultLandingUri": "app:JupyterServer:"}),
        profile("studio", {"AutoMountHomeEFS": "Enabled"}), profile("disabled", {"StudioWebPortal": "DISABLED"}),
        domain("d-2", {**EFS, "CreationTime": "2022-06-14T00:00:00Z"}), profile("old", of="d-2"),
        Record(ACCOUNT, REGION, "vpc", "vpc-1", {"VpcId": "vpc-1", "IsDefault": True}),
        Record(ACCOUNT, REGION, "app", "d-1/profile/studio/JupyterServer/default",
               {"DomainId": "d-1", "UserProfileName": "studio", "AppType": "JupyterServer", "AppName": "default",
                "Status": "InService"}),
        Record(ACCOUNT, REGION, "space", "d-1/board",
               {"DomainId": "d-1", "SpaceName": "board", "SpaceSettings": {"RemoteAccess": "ENABLED"}}, tags=()),
        *in_account(NO_PEOPLE, domain("d-1", sso), profile("ana", {"DefaultLandingUri": "app:Canvas:"},
                                                           SingleSignOnUserValue="ana")),
        *in_account(REFUSED, domain("d-1", {"VpcId": "vpc-1"}), profile("ana", gaps=["*"])),
        *in_account(TWO_DOMAINS, domain("d-1"), profile("ana", {"StudioWebPortal": "DISABLED"}), domain("d-2"),
                    profile("ana", of="d-2")),
        gaps=[
            Gap(NO_PEOPLE, GLOBAL, "identity_user", "*", "*", "ListUsers", "access_denied"),
            Gap(REFUSED, REGION, "user_profile", "d-1/ana", "*", "DescribeUserProfile", "throttled"),
            Gap(REFUSED, REGION, "vpc", "*", "*", "DescribeVpcs", "access_denied"),
        ],
    )  # fmt: skip


def of(account: str, report: Report) -> Report:
    """The report's findings on one account."""
    return replace(report, findings=tuple(f for f in report.findings if f.resource.account == account))


@pytest.fixture(scope="module")
def report(everything: Report) -> Report:
    """Profiles whose settings come from every layer."""
    return of(ACCOUNT, everything)


@pytest.mark.parametrize(
    ("rule", "resource", "setting", "value", "origin"),
    [
        # A plain setting, from each layer that may set it.
        ("STU501", "d-1/inherits", "auto_mount_home_efs", "Enabled",
         Origin("domain", "d-1", "DefaultUserSettings.AutoMountHomeEFS")),
        ("STU501", "d-1/studio", "auto_mount_home_efs", "Enabled",
         Origin("profile", "d-1/studio", "UserSettings.AutoMountHomeEFS")),
        ("STU502", "d-2", "default_auto_mount_home_efs", "Enabled",
         Origin("service", "", "DefaultUserSettings.AutoMountHomeEFS")),
        ("STU202", "d-1/inherits", "execution_role", f"{ROLE}shared",
         Origin("domain", "d-1", "DefaultUserSettings.ExecutionRole")),
        # Which the verdict need not read: what a profile sets itself is known without its domain.
        ("STU110", "d-1/studio", "auto_mount_home_efs", "Enabled",
         Origin("profile", "d-1/studio", "UserSettings.AutoMountHomeEFS")),
        # What the domain itself is.
        ("STU106", "d-1", "auth_mode", "IAM", Origin("domain", "d-1", "AuthMode")),
        ("STU710", "d-1", "tag_propagation", "DISABLED", Origin("service", "", "TagPropagation")),
        # What follows from other settings has the origin of the one that decided.
        ("STU301", "d-1/sets", "experience", "classic",
         Origin("profile", "d-1/sets", "UserSettings.DefaultLandingUri")),
        ("STU301", "d-2/old", "experience", "classic", Origin("service", "", "DefaultLandingUri")),
        ("STU301", "d-1/disabled", "experience", "classic",
         Origin("profile", "d-1/disabled", "UserSettings.StudioWebPortal")),
        ("STU501", "d-1/studio", "experience", "studio", Origin("service", "", "DefaultLandingUri")),
        ("STU601", "d-1", "vpc_is_default", True, Origin("domain", "d-1", "VpcId")),
        ("STU201", "d-1/inherits", "execution_role_profiles", 4,
         Origin("domain", "d-1", "DefaultUserSettings.ExecutionRole")),
        # Spaces and apps.
        ("STU709", "d-1/board", "remote_access", "ENABLED", Origin("space", "d-1/board", "SpaceSettings.RemoteAccess")),
        ("STU304", "d-1/profile/studio/JupyterServer/default", "app_type", "JupyterServer",
         Origin("app", "d-1/profile/studio/JupyterServer/default", "AppType")),
    ],
    ids=lambda v: v if isinstance(v, str) else None,
)  # fmt: skip
def test_evidence(rule: str, resource: str, setting: str, value: Any, origin: Origin, report: Report) -> None:
    """The value that the rule read, and who set it where."""
    found = evidence(only(report.findings, rule, resource), setting)
    assert (found.value, found.origin) == (value, origin)


def test_evidence_is_all_that_the_rule_reads(everything: Report, built_in_rules: tuple[Rule, ...]) -> None:
    rules = {rule.id: rule for rule in built_in_rules}
    for finding in everything.findings:
        assert {*rules[finding.rule_id].columns} <= {e.setting for e in finding.evidence}, finding.rule_id


def test_resources_are_named_in_full(report: Report) -> None:
    resource = only(report.findings, "STU301", "d-1/sets").resource
    assert (resource.type, resource.name, resource.account, resource.region) == (
        "user_profile",
        "sets",
        ACCOUNT,
        REGION,
    )
    assert (resource.domain_id, resource.domain_name) == ("d-1", "name-of-d-1")
    assert resource.arn == f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:user-profile/d-1/sets"
    assert resource.key == f"{ACCOUNT}/{REGION}/user_profile/d-1/sets"


@pytest.mark.parametrize(
    ("rule", "resource", "words"),
    [
        ("STU501", "d-1/inherits", ["update-domain", "--domain-id d-1", "AutoMountHomeEFS=Disabled"]),
        ("STU501", "d-1/studio", ["update-user-profile", "--user-profile-name studio", "AutoMountHomeEFS=Disabled"]),
        (
            "STU301",
            "d-2/old",
            ["update-domain", "--domain-id d-2", "DefaultLandingUri=studio::,StudioWebPortal=ENABLED"],
        ),
        ("STU709", "d-1/board", ["update-space", "--space-name board", "RemoteAccess=DISABLED"]),
    ],
)
def test_the_fix_is_proposed_where_the_value_was_set(
    rule: str, resource: str, words: list[str], report: Report
) -> None:
    """On the domain for what is inherited, or is AWS's default; on the profile for what it sets itself."""
    fix = only(report.findings, rule, resource).remediation
    assert fix is not None
    assert all(word in fix.aws for word in [*words, f"--region {REGION}"]), fix.aws
    assert not set(fix.aws) & set("{}")


HOSTILE = "a; rm -rf $HOME `id` 'q'"


@pytest.fixture(scope="module")
def worded(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Rules that differ in their texts, on domains that differ in what is known of them."""
    folder = tmp_path_factory.mktemp("worded")
    message = "{name}: {kms_key_id}, {subnet_ids}, {docker_trusted_accounts}, {vpc_is_default}, {has_efs}."
    rules = rules_of(
        folder,
        changed(remediation={"steps": "s", "aws": "aws x --name {name} --id {domain_id}"}),
        changed(id="TST002", name="vpc", remediation={"steps": "s", "aws": "aws x --vpc {vpc_id}"}),
        changed(id="TST003", name="values", message=message),
    )
    return audit(
        folder, rules,
        domain("d-1", {"DomainName": HOSTILE}), domain("d-2", {"VpcId": "vpc-2"}), domain("d-3", gaps=["VpcId"]),
        domain("d-4", {"DomainName": "x", "SubnetIds": ["a", "b"], "HomeEfsFileSystemId": "fs"}),
    )  # fmt: skip


def test_a_command_holds_names_as_names(worded: Report) -> None:
    """A name is quoted for the shell, in whatever a person may copy."""
    finding = only(worded.findings, "TST001", "d-1")
    assert finding.remediation is not None
    assert shlex.split(finding.remediation.aws) == ["aws", "x", "--name", HOSTILE, "--id", "d-1"]
    assert HOSTILE in finding.message


def test_no_command_where_a_name_is_unknown(worded: Report) -> None:
    """Better none than a wrong one."""
    unknown, known = (only(worded.findings, "TST002", id_).remediation for id_ in ("d-3", "d-2"))
    assert unknown is not None
    assert known is not None
    assert (unknown.aws, known.aws) == ("", "aws x --vpc vpc-2")


def test_messages_speak_of_values(worded: Report) -> None:
    assert only(worded.findings, "TST003", "d-4").message == "x: not set, a, b, none, unknown, yes."


@pytest.mark.parametrize("number", [1, 12])
def test_a_part_of_a_sentence_that_a_rule_leaves_out_is_not_there(tmp_path: Path, number: int) -> None:
    """Of a value, which the rule itself words; alone, and among many alike, which are worded together."""
    but = "case when has_efs then ' on EFS' else '' end"
    rules = rules_of(tmp_path, changed(message="{name} signs in with IAM{but}", values={"but": but}))
    report = audit(tmp_path, rules, *(domain(f"d-{n}", {"DomainName": "x"}) for n in range(number)))
    assert {f.message for f in report.findings} == {"x signs in with IAM"}


def test_what_hangs_on_other_evidence_says_why_it_is_unknown(everything: Report) -> None:
    """The call for people that was denied; else what was seen, of which nobody says what it means."""
    findings = of(NO_PEOPLE, everything).findings
    assert "access denied, ListUsers" in only(findings, "STU107", "d-1/ana").message
    assert "DefaultLandingUri is app:Canvas:" in only(findings, "STU301", "d-1/ana").message


def test_what_is_derived_stands_beside_what_was_set(everything: Report) -> None:
    """StudioWebPortal is DISABLED, and the experience is classic: never the one for the other."""
    finding = only(of(TWO_DOMAINS, everything).findings, "STU301", "d-1/ana")
    origin = Origin("profile", "d-1/ana", "UserSettings.StudioWebPortal")
    assert evidence(finding, "experience") == Evidence("experience", "classic", origin)
    assert evidence(finding, "studio_web_portal") == Evidence("studio_web_portal", "DISABLED", origin)
    verdict = ResourceVerdict("STU301", "user_profile", ACCOUNT, "d-1/ana", Verdict.FAIL, finding)
    placed = replace(origin, file="template.yaml", line=7)
    seen = tuple(replace(e, origin=placed) if e.origin == origin else e for e in finding.evidence)
    lines = details(replace(verdict, finding=replace(finding, evidence=seen)))
    assert lines[1] == "UserSettings.StudioWebPortal is DISABLED: profile d-1/ana, template.yaml:7"


def test_what_is_unknown_says_why(everything: Report) -> None:
    """The setting, what AWS said, and which call said it; no cause to mend and no remediation."""
    findings = of(REFUSED, everything).findings
    for rule, resource, words in (
        ("STU301", "d-1/ana", ["experience", "throttled", "DescribeUserProfile"]),
        ("STU601", "d-1", ["vpc is default", "access denied", "DescribeVpcs"]),
    ):
        finding = only(findings, rule, resource)
        assert finding.status is Verdict.UNKNOWN
        assert all(word in finding.message for word in words), finding.message
        assert (finding.root_cause, finding.remediation) == ("", None)


def test_open_inheritance_is_unknown_until_a_reading_is_chosen(
    tmp_path: Path, built_in_rules: tuple[Rule, ...]
) -> None:
    """The gap says so in the finding; the chosen reading decides, and leaves no gap."""
    records = [
        domain("d-1", {"DefaultUserSettings": {"StudioWebPortalSettings": {"HiddenAppTypes": ["JupyterServer"]}}}),
        profile("ana", {"StudioWebPortalSettings": {"HiddenMlTools": []}}),
    ]
    statuses = {}
    for merge in NestedMerge:
        report = audit(tmp_path, [r for r in built_in_rules if r.id == "STU402"], *records, merge=merge)
        found = report.findings
        statuses[merge] = [str(f.status) for f in found]
        if merge is NestedMerge.UNKNOWN:
            assert "ambiguous inheritance" in found[0].message
            assert evidence(found[0], "hidden_app_types").value is None
            assert evidence(found[0], "hidden_app_types").origin.layer == "unknown"
        assert bool(report.gaps) == (merge is NestedMerge.UNKNOWN)
    assert statuses == {NestedMerge.UNKNOWN: ["unknown"], NestedMerge.REPLACE: ["fail"], NestedMerge.MEMBERS: []}


class TestFingerprints:
    """Baselines and waivers of users lie on them."""

    def test_what_goes_in(self, report: Report) -> None:
        """Rule, resource and setting; this very form, or every baseline is lost."""
        for rule, resource, setting in (
            ("STU501", f"{ACCOUNT}/{REGION}/user_profile/d-1/studio", "AutoMountHomeEFS"),
            ("STU106", f"{ACCOUNT}/{REGION}/domain/d-1", "AuthMode"),
        ):
            expected = hashlib.sha256(f"{rule}\x1f{resource}\x1f{setting}".encode()).hexdigest()[:32]
            found = only(report.findings, rule, resource.split("/", 3)[3])
            assert found.fingerprint == expected

    def test_nothing_else_goes_in(self, tmp_path: Path) -> None:
        """Not message, severity, prose, parameters, values, layer, other rules, other resources, time."""
        texts = [
            changed(require="default_execution_role = $role", table="domain",
                    params={"role": {"type": "string", "default": "x", "doc": "d"}}),
            changed(require="$role = default_execution_role and kms_key_id = ''", setting="default_execution_role",
                    params={"role": {"type": "string", "default": "y", "doc": "d"}}, message="reworded",
                    severity="high", title="other", why="other", name="renamed"),
        ]  # fmt: skip
        found = set()
        for number, (text, role) in enumerate(zip(texts, [None, f"{ROLE}a"], strict=True)):
            handed: dict[str, Any] = {} if role is None else {"DefaultUserSettings": {"ExecutionRole": role}}
            handed["DomainName"] = f"renamed-{number}"
            others = [domain(f"d-{n}") for n in range(5, 5 + number)]
            report = audit(tmp_path, rules_of(tmp_path, text), domain("d-1", handed), *others)
            found.add(only(report.findings, "TST001", "d-1").fingerprint)
        assert len(found) == 1

    def test_each_has_its_own(self, everything: Report) -> None:
        """Across rules, resources, types, domains, accounts and regions."""
        prints = [f.fingerprint for f in everything.findings]
        assert len(set(prints)) == len(prints) > 20
        assert all(len(p) == 32 and set(p) <= set("0123456789abcdef") for p in prints)
        namesakes = {f.resource.id for f in of(TWO_DOMAINS, everything).findings}
        assert namesakes > {"d-1/ana", "d-2/ana"}

    def test_unknown_today_and_failed_tomorrow_are_one(
        self, tmp_path: Path, built_in_rules: tuple[Rule, ...], report: Report
    ) -> None:
        """So that a waiver or a baseline goes on to hold."""
        rules = [rule for rule in built_in_rules if rule.id == "STU710"]
        unseen = audit(tmp_path, rules, domain("d-1", gaps=["TagPropagation"]))
        before, after = (only(r.findings, "STU710", "d-1") for r in (unseen, report))
        assert (before.status, after.status) == (Verdict.UNKNOWN, Verdict.FAIL)
        assert before.fingerprint == after.fingerprint


def test_the_severity_of_a_finding_may_hang_on_its_resource(tmp_path: Path) -> None:
    """A cause is as bad as the worst that it causes; a condition that is unknown does not count; one severity for the
    rule (as auditor.yaml sets it) stands instead of all of them."""
    worse = changed(
        table="user_profile", when="true", require="execution_role = 'x'", message="{name}", severity="low",
        severity_when={"high": "sso_user = 'a'"}, cases=[{"given": {"execution_role": "x"}, "then": "pass"}],
    )  # fmt: skip
    rules = rules_of(tmp_path, worse)
    records = (
        domain("d-1", {"DefaultUserSettings": {"ExecutionRole": f"{ROLE}shared"}}),
        profile("one"), profile("two", SingleSignOnUserValue="a"), profile("zed", gaps=("SingleSignOnUserValue",)),
    )  # fmt: skip
    report = audit(tmp_path, rules, *records)
    assert {f.resource.name: f.severity for f in report.findings if f.status is Verdict.FAIL} == {
        "one": Severity.LOW, "two": Severity.HIGH, "zed": Severity.LOW,
    }  # fmt: skip
    assert [(c.severity, c.affects) for c in report.root_causes] == [(Severity.HIGH, 3)]
    assert {k: n for k, n in report.by_severity.items() if n} == {"high": 1, "low": 2}
    levelled = audit(tmp_path, rules, *records, severities={"TST001": Severity.MEDIUM})
    assert {f.severity for f in levelled.findings if f.status is Verdict.FAIL} == {Severity.MEDIUM}
    assert (levelled.severities, levelled.by_severity["medium"]) == ({"TST001": Severity.MEDIUM}, 3)
