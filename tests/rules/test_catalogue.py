"""The built-in rules against the catalogue: ids, names and severities are a contract; prose is part of the product."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest
import yaml

from auditor.evaluate.findings import FindingMaker
from auditor.model.rule import Rule
from auditor.remediation.preview import preview
from auditor.resolve.tables import table
from auditor.rules.scaffold import BLANK
from auditor.studio.practices import PRACTICES
from auditor.studio.settings import USER_SETTINGS

#: id, name, severity, table, practices
CATALOGUE = """
STU101 generic-profile-name              medium   user_profile   P01
STU102 profile-opened-by-several-people  high     user_profile   P02
STU103 profile-opened-by-automation      medium   user_profile   P02
STU104 person-with-several-profiles      medium   user_profile   P03
STU105 identity-center-user-not-a-person high     user_profile   P01 P03
STU106 identity-center-sign-in           medium   domain         P03 P23
STU107 identity-center-user-gone         high     user_profile   P03
STU108 profile-without-owner             low      user_profile   P02 P06
STU109 profile-not-assigned              high     user_profile   P03
STU110 profile-deviates-from-domain      low      user_profile   P03
STU111 profile-not-used                  low      user_profile   P03
STU112 owner-tag-is-not-the-opener       high     user_profile   P02
STU201 execution-role-shared             medium   user_profile   P05
STU202 execution-role-inherited          info     user_profile   P05
STU203 execution-role-is-administrator   critical execution_role P05 P08
STU204 execution-role-too-broad          high     execution_role P05 P08
STU205 user-identity-in-role-sessions    medium   domain         P04
STU206 source-identity-not-trusted       high     execution_role P04
STU207 session-named-after-user          low      user_profile   P04
STU208 hidden-but-permitted              low      user_profile   P19
STU209 role-can-escalate                 critical execution_role P08
STU210 role-opens-other-profiles         critical execution_role P02
STU211 role-reaches-all-data             high     execution_role P05
STU212 role-trust-open                   medium   execution_role P08
STU213 role-without-boundary             medium   execution_role P08
STU214 side-role-is-administrator        high     execution_role P05
STU215 instance-types-not-limited        medium   execution_role P07 P28
STU216 jobs-outside-vpc-permitted        medium   execution_role P24 P31
STU217 emr-not-attributable              medium   execution_role P06
STU218 identity-not-propagated           low      user_profile   P04
STU219 execution-role-missing            medium   execution_role P05
STU301 classic-is-default                medium   user_profile   P09
STU302 domain-default-is-classic         high     domain         P09
STU303 studio-portal-disabled            medium   user_profile   P09
STU304 classic-app                       medium   app            P10
STU305 classic-space                     medium   space          P10
STU306 classic-notebook-sharing-unsafe   medium   user_profile   P12
STU307 classic-settings-left-behind      low      user_profile   P09 P12
STU401 unneeded-app-visible              medium   user_profile   P14
STU402 classic-visible                   medium   user_profile   P15
STU403 rstudio-visible-without-licence   low      user_profile   P16
STU404 partner-app-visible-unsubscribed  medium   user_profile   P17
STU405 unneeded-tool-visible             low      user_profile   P18
STU406 needed-tool-hidden                low      user_profile   P18
STU407 hidden-lists-without-effect       low      user_profile   P13
STU408 mlflow-cannot-be-hidden           low      user_profile   P17 P19
STU501 efs-auto-mount-on-studio          low      user_profile   P21
STU502 domain-default-auto-mounts-efs    low      domain         P21
STU503 efs-kept-without-need             low      domain         P20 P21
STU504 auto-mount-value-invalid          medium   domain         P21
STU505 ebs-limit-too-high                low      user_profile   P07
STU506 space-volume-too-large            low      space          P07
STU507 shared-space-volume-limit-too-high low     domain         P07
STU508 custom-file-system-unapproved     medium   user_profile   P20 P05
STU509 space-custom-file-system-unapproved medium space          P20 P05
STU510 shared-space-custom-file-system-unapproved medium domain  P20 P05
STU601 domain-in-default-vpc             high     domain         P22 P23
STU602 quick-setup-domain                high     domain         P22
STU603 domain-on-public-internet         high     domain         P24
STU604 domain-subnet-public              low      domain         P24
STU605 domain-without-customer-key       medium   domain         P31
STU606 docker-in-studio                  medium   domain         P24
STU607 domain-untagged                   low      domain         P06 P25
STU608 security-group-open               high     domain         P24
STU609 one-availability-zone             low      domain         P23
STU610 ipv6-way-out                      medium   domain         P24
STU611 endpoints-missing-or-open         medium   domain         P24
STU612 no-flow-logs                      medium   domain         P24 P30
STU613 rstudio-exposed                   medium   domain         P16
STU614 key-not-the-customers             medium   domain         P31
STU615 docker-not-rootless               low      domain         P24
STU616 resource-failed                   low      domain         P25
STU617 rstudio-administrator-unlisted    medium   user_profile   P16
STU701 shared-space                      low      space          P26
STU702 space-owner-gone                  medium   space          P26
STU703 space-of-generic-profile          low      space          P01 P26
STU704 idle-shutdown-off                 medium   user_profile   P27
STU705 idle-timeout-too-long             low      user_profile   P27
STU706 idle-timeout-not-enforced         low      user_profile   P27
STU707 app-running-long                  low      app            P27
STU708 oversized-instance                medium   app            P28
STU709 remote-access-to-space            medium   space          P24
STU710 tags-not-propagated               low      domain         P06
STU711 shared-space-idle-shutdown-off    medium   domain         P27
STU712 space-idle-timeout-too-long       low      space          P27
STU713 space-instance-oversized          low      space          P28
STU714 shared-space-role-is-personal     high     domain         P05 P26
STU715 shared-space-idle-timeout-too-long medium  domain         P27
STU716 default-instance-oversized        medium   user_profile   P28
STU717 person-over-quota                 low      user_profile   P07
STU718 canvas-left-running               medium   app            P27
STU719 idle-shutdown-without-effect      medium   user_profile   P27
STU720 image-not-approved                high     user_profile   P24
STU721 lifecycle-script-unsafe           high     lifecycle_config P24 P08
STU722 repository-url-unsafe             low      user_profile   P29
STU723 shared-space-default-oversized    medium   domain         P28
STU724 space-repository-url-unsafe       low      space          P29
STU725 shared-space-repository-url-unsafe low      domain         P29
STU726 space-image-not-approved          high     space          P24
STU727 app-image-not-approved            high     app            P24
STU801 no-code-repository                low      user_profile   P29
STU802 no-trail                          high     account_region P04
STU803 studio-logs-not-kept              low      account_region P30
STU804 job-logs-and-alarms               low      account_region P30
STU805 trail-weak                        medium   account_region P04
STU806 cost-tags-inactive                low      account_region P06
STU807 quota-above-need                  low      account_region P07
STU901 canvas-unsafe                     medium   user_profile   P14 P31
STU902 mlflow-unsafe                     medium   mlflow_server  P17 P31
STU903 partner-app-unsafe                medium   partner_app    P17
"""
ROWS = [line.split() for line in CATALOGUE.strip().splitlines()]
AREAS = [
    "people", "roles", "experience", "visibility", "storage", "domains", "operations", "account", "applications",
]  # fmt: skip


@pytest.fixture(scope="module")
def rules(built_in_rules: tuple[Rule, ...]) -> dict[str, Rule]:
    return {rule.id: rule for rule in built_in_rules}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
class TestEveryRule:
    """What the catalogue says, and what a person needs to act on a finding."""

    def test_it_is_the_one_of_the_catalogue(self, row: list[str], rules: dict[str, Rule]) -> None:
        id_, name, severity, of, *practices = row
        rule = rules[id_]
        assert (rule.name, rule.severity, rule.table, list(rule.practices)) == (name, severity, of, practices)

    def test_its_file_is_where_it_is_looked_for(self, row: list[str], rules: dict[str, Rule]) -> None:
        rule = rules[row[0]]
        assert Path(rule.file).name == f"{rule.id}-{rule.name}.yaml"
        assert Path(rule.file).parent.name == rule.area == AREAS[int(rule.id[3]) - 1]

    def test_its_prose_is_there(self, row: list[str], rules: dict[str, Rule]) -> None:
        rule = rules[row[0]]
        for prose in (rule.title, rule.why, rule.remediation.steps, rule.message, rule.since):
            assert prose.strip() == prose != ""
        assert len(rule.why) > 60
        assert BLANK not in Path(rule.file).read_text(encoding="utf-8")
        assert not rule.title.endswith(".")
        assert rule.references
        assert all(url.startswith("https://docs.aws.amazon.com/") for url in rule.references)
        assert all(param.doc for param in rule.params)

    def test_its_prose_has_no_doubled_braces(self, row: list[str], rules: dict[str, Rule]) -> None:
        """Nothing is filled in there, so that two of them would be shown."""
        rule = rules[row[0]]
        for text in (rule.title, rule.why, rule.remediation.steps, *(p.doc for p in rule.params)):
            assert not re.search(r"\{\{|\}\}", text), text

    def test_its_placeholders_are_columns_or_values(self, row: list[str], rules: dict[str, Rule]) -> None:
        rule = rules[row[0]]
        documented = table(rule.table)
        assert documented is not None
        columns = {column.name for column in documented.columns}
        assert _fields(rule.message) <= columns | set(rule.values)
        for text in rule.remediation.aws.values():
            assert _fields(text) <= columns | set(rule.remediation.values)

    def test_its_commands_name_what_they_change(self, row: list[str], rules: dict[str, Rule]) -> None:
        """A region in each but IAM's, so that it cannot hit another; what it changes by its own id."""
        rule = rules[row[0]]
        commands = preview(rule).commands.values()
        assert bool(commands) == rule.remediation.by_command
        for command in commands:
            assert command.startswith("aws ")
            assert "--region {region}" in command or command.startswith("aws iam ")
            named = ("--domain-id {domain_id}", "--resource-arn {arn}", "--log-group-name /aws/sagemaker/studio",
                     "--role-name {name}", "--role-name {own_role}")  # fmt: skip
            assert any(name in command for name in named)

    def test_it_never_hides_what_must_not_be_hidden(self, row: list[str], rules: dict[str, Rule]) -> None:
        """Hiding the first two breaks CloudFormation deployments, hiding the others hides nothing."""
        shown = preview(rules[row[0]])
        texts = (shown.commands, shown.cloudformation, shown.terraform)
        for text in (*(text for by_place in texts for text in by_place.values()), str(shown.changes)):
            assert not re.search("KernelGateway|RSessionGateway|TensorBoard|DetailedProfiler", text)

    def test_an_exemption_is_as_wide_as_its_reason(self, row: list[str], rules: dict[str, Rule]) -> None:
        """SageMaker Unified Studio makes profiles by machine: what asks about people, what they see, or whose role a
        profile uses skips its domains. Everything else is as true of them as of any other."""
        rule = rules[row[0]]
        about_people = row[0].startswith(("STU1", "STU4")) or row[0] == "STU703"
        exempt = about_people or (row[0].startswith("STU2") and rule.table == "user_profile")
        assert ("not unified_studio" in rule.when) == exempt


def test_practices_are_known(rules: dict[str, Rule]) -> None:
    """And those that no rule enforces are the ones that no setting shows."""
    enforced = {practice for rule in rules.values() for practice in rule.practices}
    assert set(PRACTICES) - enforced == {"P11"}
    assert enforced <= set(PRACTICES)


def test_no_rule_is_missing_or_unknown(rules: dict[str, Rule]) -> None:
    assert {row[0] for row in ROWS} == set(rules)
    assert len({rule.name for rule in rules.values()}) == len(rules)


def test_findings_stay_known_by_what_they_were_known_by(rules: dict[str, Rule]) -> None:
    """Fingerprints hold over versions: of baselines, of "failing since" and of alerts for what is new."""
    known = yaml.safe_load((Path(__file__).parent / "known_by.yaml").read_text(encoding="utf-8"))
    assert {rule.id: FindingMaker.path(rule, table(rule.table)) for rule in rules.values()} == known


@pytest.mark.parametrize("id_", ["STU301", "STU302", "STU303", "STU407"])
def test_landing_page_and_portal_are_set_at_once(id_: str, rules: dict[str, Rule]) -> None:
    """AWS refuses the new Studio's landing page while the portal is disabled, so one without the other may fail."""
    changes = {change.path.partition(".")[2]: change.value for change in rules[id_].remediation.changes}
    assert changes == {"DefaultLandingUri": "studio::", "StudioWebPortal": "ENABLED"}


def test_no_setting_of_a_profile_is_forgotten_among_those_that_may_deviate(rules: dict[str, Rule]) -> None:
    """The verdict is by the members that a profile sets, whichever they are; the blame is by setting."""
    blamed = re.findall(r"(\w+)_origin = 'profile' and not list_contains\(\$allowed, '(\w+)'\)", rules["STU110"].cause)
    assert dict(blamed) == {s.column: s.path.partition(".")[0] for s in USER_SETTINGS}


def test_both_sizes_of_volumes_are_set_at_once(rules: dict[str, Rule]) -> None:
    """AWS demands both members (API_DefaultEbsStorageSettings)."""
    members = {change.path.rpartition(".")[2] for change in rules["STU505"].remediation.changes}
    assert members == {"DefaultEbsVolumeSizeInGb", "MaximumEbsVolumeSizeInGb"}


def _fields(text: str) -> set[str]:
    return {part[1] for part in string.Formatter().parse(text) if part[1]}
