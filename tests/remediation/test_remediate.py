"""The command that a finding prints: for the right resource, with everything that must not be lost. Expected values
follow from AWS's documented semantics; that the commands work is proven in test_user_settings and
test_other_commands."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.evaluate.audit import evaluate
from auditor.model.rule import Rule
from auditor.model.snapshot import Gap, Record
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.rules.catalogue import all_rules
from tests.evaluate.helpers import ACCOUNT, REGION, audit, changed, profile, rules_of, snapshot_file

from .hiding import ALL, PORTAL, fix_of, hides, of, sent


class TestPlace:
    """Where the value was set, unless a change there would not reach the profile."""

    def test_inherited_settings_are_fixed_on_the_domain(self, tmp_path: Path) -> None:
        records = (
            of(StudioWebPortalSettings=ALL),
            profile("ana"),
            profile("ben"),
            profile("cleo", {"ExecutionRole": "r"}),
        )
        report = audit(tmp_path, rules_of(tmp_path, hides()), *records)
        fix = fix_of(report, "ana")
        words, settings = sent(fix.aws)
        assert words == [
            "aws", "sagemaker", "update-domain", "--region", REGION, "--domain-id", "d-1", "--default-user-settings",
        ]  # fmt: skip
        assert settings == {"StudioWebPortalSettings": {**ALL, "HiddenAppTypes": ["Canvas", "JupyterServer"]}}
        assert "which 2 other profiles take over" in fix.note
        assert "StudioWebPortalSettings whole" in fix.note
        (cause,) = report.root_causes
        assert (cause.resource.id, cause.affects) == ("d-1", 3)
        assert cause.remediation is not None
        assert cause.remediation.aws == fix.aws

    def test_or_on_the_profile_alone_which_then_has_its_own(self, tmp_path: Path) -> None:
        report = audit(
            tmp_path, rules_of(tmp_path, hides()), of(StudioWebPortalSettings=ALL), profile("ana"), profile("ben")
        )
        words, settings = sent(fix_of(report, "ben").aws_only_here)
        assert words[2:] == [
            "update-user-profile", "--region", REGION, "--domain-id", "d-1", "--user-profile-name", "ben",
            "--user-settings",
        ]  # fmt: skip
        assert settings == {"StudioWebPortalSettings": {**ALL, "HiddenAppTypes": ["Canvas", "JupyterServer"]}}
        (cause,) = report.root_causes
        assert cause.remediation is not None
        assert cause.remediation.aws_only_here == ""

    def test_nobody_else_takes_it_over(self, tmp_path: Path) -> None:
        report = audit(tmp_path, rules_of(tmp_path, hides()), of(), profile("ana"))
        assert "take" not in fix_of(report, "ana").note

    def test_the_domain_s_list_does_nothing_in_studio_classic(self, tmp_path: Path) -> None:
        """Classic reads none of the lists (API_StudioWebPortalSettings), and STU407 reports them there."""
        classic = {"DefaultLandingUri": "app:JupyterServer:", "StudioWebPortal": "DISABLED"}
        people = [profile("ana"), profile("ben", classic), profile("cleo", classic)]
        own = profile("dan", {**classic, "StudioWebPortalSettings": {"HiddenAppTypes": ["Canvas"]}})
        studio = {"DefaultLandingUri": "studio::", "StudioWebPortal": "ENABLED"}
        rules = rules_of(tmp_path, hides())
        fix = fix_of(audit(tmp_path, rules, of(**studio), *people, own), "ana")
        assert "It does nothing for 2 user profiles that land in Studio Classic" in fix.note
        fix = fix_of(audit(tmp_path, rules, of(**studio), *people[:2]), "ana")
        assert "It does nothing for 1 user profile that lands in Studio Classic" in fix.note
        assert "Classic" not in fix.aws_only_here
        assert "Classic" not in fix_of(audit(tmp_path, rules, of(**studio), people[0]), "ana").note

    def test_own_settings_are_fixed_on_the_profile(self, tmp_path: Path) -> None:
        own = {"StudioWebPortalSettings": {"HiddenAppTypes": [], "HiddenMlTools": ["Training"]}}
        report = audit(tmp_path, rules_of(tmp_path, hides()), of(StudioWebPortalSettings=ALL), profile("ana", own))
        words, settings = sent(fix_of(report, "ana").aws)
        assert words[2] == "update-user-profile"
        assert settings == {
            "StudioWebPortalSettings": {"HiddenAppTypes": ["JupyterServer"], "HiddenMlTools": ["Training"]}
        }
        assert fix_of(report, "ana").aws_only_here == ""

    def test_a_structure_of_its_own_keeps_the_domain_s_change_away(self, tmp_path: Path) -> None:
        """Neither sets the list, so it is AWS's default; a list on the domain would not reach the profile for sure."""
        own = {"StudioWebPortalSettings": {"HiddenMlTools": ["Training"]}}
        report = audit(tmp_path, rules_of(tmp_path, hides()), of(), profile("ana", own))
        words, settings = sent(fix_of(report, "ana").aws)
        assert words[2] == "update-user-profile"
        assert settings == {
            "StudioWebPortalSettings": {"HiddenMlTools": ["Training"], "HiddenAppTypes": ["JupyterServer"]}
        }
        (cause,) = report.root_causes
        assert (cause.resource.type, cause.layer) == ("user_profile", "service")
        assert cause.setting == f"{PORTAL}.HiddenAppTypes"

    def test_a_session_name_mode_alone_does_not(self, tmp_path: Path) -> None:
        """AWS writes it unasked: the lists are still the domain's."""
        own = {"StudioWebPortalSettings": {"ExecutionRoleSessionNameMode": "USER_IDENTITY"}}
        report = audit(tmp_path, rules_of(tmp_path, hides()), of(StudioWebPortalSettings=ALL), profile("ana", own))
        fix = fix_of(report, "ana")
        assert sent(fix.aws)[0][2] == "update-domain"
        _, settings = sent(fix.aws_only_here)
        assert settings["StudioWebPortalSettings"] == {
            **ALL, "HiddenAppTypes": ["Canvas", "JupyterServer"], "ExecutionRoleSessionNameMode": "USER_IDENTITY",
        }  # fmt: skip

    def test_the_reading_that_members_are_merged(self, tmp_path: Path) -> None:
        """Then the list in force is the domain's, and the profile's own has to hold what that hides."""
        own = {"StudioWebPortalSettings": {"HiddenMlTools": ["Training"]}}
        records = (of(StudioWebPortalSettings=ALL), profile("ana", own))
        report = audit(tmp_path, rules_of(tmp_path, hides()), *records, merge=NestedMerge.MEMBERS)
        _, settings = sent(fix_of(report, "ana").aws)
        assert settings["StudioWebPortalSettings"]["HiddenAppTypes"] == ["Canvas", "JupyterServer"]

    def test_a_rule_may_say_where(self, tmp_path: Path) -> None:
        text = hides(at="case when name = 'ana' then 'profile' else '' end")
        report = audit(
            tmp_path, rules_of(tmp_path, text), of(StudioWebPortalSettings=ALL), profile("ana"), profile("ben")
        )
        assert sent(fix_of(report, "ana").aws)[0][2] == "update-user-profile"
        assert "no longer follows the domain's" in fix_of(report, "ana").note
        assert sent(fix_of(report, "ben").aws)[0][2] == "update-domain"

    def test_what_is_changed_for_each_person_is_a_cause_for_each(self, tmp_path: Path) -> None:
        """The value comes from the domain, but no change of the domain is what the rule asks for."""
        text = hides(at="'profile'")
        records = (of(StudioWebPortalSettings=ALL), profile("ana"), profile("ben"), profile("cleo"))
        causes = audit(tmp_path, rules_of(tmp_path, text), *records).root_causes
        assert {(c.resource.name, c.setting, c.affects) for c in causes} == {
            (name, f"{PORTAL}.HiddenAppTypes", 1) for name in ("ana", "ben", "cleo")
        }
        assert all(c.remediation and "update-user-profile" in c.remediation.aws for c in causes)

    def test_nor_is_it_one_where_no_command_can_be_made(self, tmp_path: Path) -> None:
        text = hides(at="'profile'")
        unseen = f"{PORTAL}.HiddenMlTools"
        records = (of(), profile("a", gaps=[unseen]), profile("b", gaps=[unseen]))
        causes = audit(tmp_path, rules_of(tmp_path, text), *records).root_causes
        assert [(c.affects, c.remediation.aws if c.remediation else None) for c in causes] == [(1, ""), (1, "")]

    def test_one_default_that_takes_two_changes_is_two_causes(self, tmp_path: Path) -> None:
        """What is added for one profile is part of what is added for another: one change. What is not, is another."""
        text = hides({"add": "$lists"}, values={"lists": "case when name = 'c' then ['Canvas'] when name = 'b' then"
                     " ['JupyterServer', 'RStudioServerPro'] else ['JupyterServer'] end"})  # fmt: skip
        records = (of(), profile("a"), profile("b"), profile("c"), profile("d"))
        report = audit(tmp_path, rules_of(tmp_path, text), *records)
        assert sorted(c.affects for c in report.root_causes) == [1, 3]
        of_each = {f.resource.name: f.root_cause for f in report.findings}
        assert of_each["a"] == of_each["b"] == of_each["d"] != of_each["c"]
        wide = next(c for c in report.root_causes if c.id == of_each["a"])
        assert wide.remediation is not None
        assert "RStudioServerPro" in wide.remediation.aws


class TestValues:
    def test_expressions_parameters_and_columns(self, tmp_path: Path) -> None:
        text = changed(
            table="user_profile", require="ebs_maximum_gb <= $limit", message="{name}",
            params={"limit": {"type": "integer", "default": 50, "doc": "GiB"}},
            remediation={
                "steps": "s",
                "values": {"least": "case when ebs_default_gb > $limit then $limit else ebs_default_gb end"},
                "set": {
                    "UserSettings.SpaceStorageSettings.DefaultEbsStorageSettings.DefaultEbsVolumeSizeInGb": "$least",
                    "UserSettings.SpaceStorageSettings.DefaultEbsStorageSettings.MaximumEbsVolumeSizeInGb": "$limit",
                    "UserSettings.ExecutionRole": "$execution_role",
                },
            },
            cases=[{"given": {"ebs_maximum_gb": 51}, "then": "fail"}],
        )  # fmt: skip
        rules = rules_of(tmp_path, text)
        report = audit(tmp_path, rules, of(ExecutionRole="r"), profile("ana"), overrides={"TST001": {"limit": 3}})
        _, settings = sent(fix_of(report, "ana").aws)
        sizes = {"DefaultEbsVolumeSizeInGb": 3, "MaximumEbsVolumeSizeInGb": 3}
        assert settings == {
            "SpaceStorageSettings": {"DefaultEbsStorageSettings": sizes}, "ExecutionRole": "r",
        }  # fmt: skip

    def test_what_is_unknown_is_left_alone(self, tmp_path: Path) -> None:
        text = hides(
            {"add": "$wanted"},
            values={"wanted": "case when vpc then ['JupyterServer'] end".replace("vpc", "sso_user = 'x'")},
        )
        report = audit(tmp_path, rules_of(tmp_path, text), of(), profile("ana", gaps=["SingleSignOnUserValue"]))
        fix = fix_of(report, "ana")
        assert (fix.aws, fix.cloudformation, fix.terraform, fix.note) == ("", "", "", "")

    def test_an_expression_that_fails_costs_the_command_only(self, tmp_path: Path) -> None:
        text = hides({"add": "$wanted"}, values={"wanted": "['x' || (1 // (ebs_default_gb - 5))::VARCHAR]"})
        report = audit(tmp_path, rules_of(tmp_path, text), of(), profile("ana"))
        assert fix_of(report, "ana").aws == ""

    def test_nothing_to_add(self, tmp_path: Path) -> None:
        text = hides({"add": ["Canvas"], "but_not": ["Canvas"]})
        assert fix_of(audit(tmp_path, rules_of(tmp_path, text), of(), profile("ana")), "ana").aws == ""


def test_a_domain_that_is_not_in_the_snapshot(tmp_path: Path) -> None:
    """Nothing is known of what the profile takes over, so nothing can be copied; its own settings are known."""
    rules = rules_of(tmp_path, hides().replace("when: not unified_studio", "when: 'true'"))
    own = {"StudioWebPortalSettings": {"HiddenAppTypes": []}}
    report = audit(tmp_path, rules, profile("ana", own))
    assert sent(fix_of(report, "ana").aws)[0][2] == "update-user-profile"


def test_the_same_snapshot_gives_the_same_commands(tmp_path: Path) -> None:
    path = snapshot_file(tmp_path / "s.jsonl", of(StudioWebPortalSettings=ALL), *(profile(f"p{n}") for n in range(20)))
    rules = rules_of(tmp_path, hides())
    assert evaluate([path], rules) == evaluate([path], rules)


def test_a_snippet_that_is_written_out_has_the_rule_s_values(tmp_path: Path) -> None:
    """The tag that approves a shared space is a parameter. In Terraform ${ begins an expression, in YAML not."""
    (rule,) = [rule for rule in all_rules(()) if rule.id == "STU701"]
    space = Record(
        ACCOUNT, REGION, "space", "d-1/board",
        {"SpaceName": "board", "DomainId": "d-1", "SpaceSharingSettings": {"SharingType": "Shared"},
         "SpaceArn": f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:space/d-1/board"},
        tags={},
    )  # fmt: skip
    for tag, yaml, hcl in (
        ("studio-shared-approved", '"studio-shared-approved"', '"studio-shared-approved"'),
        ('by "${x}"', '"by \\"${x}\\""', '"by \\"$${x}\\""'),
    ):
        report = audit(
            tmp_path, [rule], of(), space, overrides={"STU701": {"approval_tag": tag, "approvers": ["grace"]}}
        )
        fix = fix_of(report, "board")
        assert f'- {{Key: {yaml}, Value: "grace"}}' in fix.cloudformation
        assert f'  {hcl} = "grace"' in fix.terraform
    # Where nobody is an approver, no tag approves a space.
    fix = fix_of(audit(tmp_path, [rule], of(), space), "board")
    assert (fix.aws, fix.cloudformation, fix.terraform) == ("", "", "")


@pytest.mark.parametrize("held", [{}, {"team": "research"}, None])
def test_a_tag_in_a_template_stands_beside_those_that_are_there(held: dict[str, str] | None, tmp_path: Path) -> None:
    """Tags are one list in CloudFormation and one map in Terraform: what is written stands instead of what was there.
    Where that is unknown there may be some."""
    change = {"steps": "s", "set": {"Tags.owner": "OWNER"}}
    rules = rules_of(tmp_path, changed(require="auth_mode = 'SSO'", setting="tags", remediation=change))
    gaps = [] if held is not None else [Gap(ACCOUNT, REGION, "domain", "d-1", "Tags", "GetResources", "access_denied")]
    fix = fix_of(
        audit(tmp_path, rules, replace(of(), tags=None if held is None else tuple(held.items())), gaps=gaps),
        "name-of-d-1",
    )
    for snippet in (fix.cloudformation, fix.terraform):
        assert ("# every other tag stays as it stands" in snippet) == (held != {})


@pytest.mark.parametrize("rule", all_rules(()), ids=lambda rule: rule.id)
def test_what_is_written_out_says_what_stays(rule: Rule) -> None:
    """Of a list or a policy that a resource has already, where the rule can't know what is in it. A trust policy
    without its condition lets SageMaker assume the role on behalf of any account."""
    for text in (*rule.remediation.cloudformation.values(), *rule.remediation.terraform.values()):
        if re.search(r"^(Tags|tags|Policies|AssumeRolePolicyDocument|assume_role_policy)\b", text, re.MULTILINE):
            assert re.search(r"^#.* (stays as it stands|stay as they stand)$", text, re.MULTILINE), text
