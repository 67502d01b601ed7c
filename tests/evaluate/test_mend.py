"""The command that a finding prints: for the right resource, with everything that must not be lost, and none where one
could do harm. Expected values follow from AWS's documented semantics; that the commands work is proven in
tests/remediation."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate.audit import evaluate
from auditor.model.finding import Finding, FindingRemediation
from auditor.model.report import Report
from auditor.model.snapshot import SCHEMA_VERSION, Header, Record, Scope, Snapshot, Unseen
from auditor.resolve.inheritance_sql import NestedMerge
from auditor.store.snapshot_file import write_snapshot

from .helpers import ACCOUNT, REGION, audit, changed, domain, profile, rules_of, snapshot_file

PORTAL = "UserSettings.StudioWebPortalSettings"


def hides(what: dict[str, Any] | None = None, **remediation: Any) -> str:
    """A rule that wants JupyterServer hidden."""
    fix = {"steps": "s", "set": {f"{PORTAL}.HiddenAppTypes": what or {"add": ["JupyterServer"]}}, **remediation}
    return changed(
        table="user_profile", require="list_contains(hidden_app_types, 'JupyterServer')", message="{name}",
        remediation=fix, cases=[{"given": {"hidden_app_types": []}, "then": "fail"}],
    )  # fmt: skip


def of(**settings: Any) -> Record:
    """A domain with default user settings."""
    return domain("d-1", {"DefaultUserSettings": settings})


def fix_of(report: Report, name: str) -> FindingRemediation:
    (finding,) = [f for f in report.findings if f.resource.name == name]
    assert finding.remediation is not None
    return finding.remediation


def sent(command: str) -> tuple[list[str], dict[str, Any]]:
    """The words of a command, and the settings that it sends."""
    *words, settings = shlex.split(command)
    return words, json.loads(settings)


ALL = {
    "HiddenAppTypes": ["Canvas"],
    "HiddenMlTools": ["Models"],
    "HiddenInstanceTypes": ["ml.g5.48xlarge"],
    "HiddenSageMakerImageVersionAliases": [{"SageMakerImageName": "own", "VersionAliases": ["1"]}],
    "ExecutionRoleSessionNameMode": "STATIC",
}


class TestPlace:
    """Where the value was set, unless a change there would not reach the profile."""

    def test_inherited_settings_are_mended_on_the_domain(self, tmp_path: Path) -> None:
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

    def test_own_settings_are_mended_on_the_profile(self, tmp_path: Path) -> None:
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


class TestNothingIsLostUnseen:
    """A member that was not seen is not sent, and may be lost: then there is no command, and the finding says why."""

    @pytest.mark.parametrize(
        "gaps",
        [["DefaultUserSettings"], ["DefaultUserSettings.StudioWebPortalSettings.ExecutionRoleSessionNameMode"]],
    )
    def test_of_the_domain(self, tmp_path: Path, gaps: list[str]) -> None:
        document = {"DefaultUserSettings": {"StudioWebPortalSettings": ALL, "ExecutionRole": "r"}}
        records = (domain("d-1", document, gaps), profile("ana", {"ExecutionRole": "r"}))
        fix = fix_of(audit(tmp_path, rules_of(tmp_path, hides()), *records), "ana")
        assert (fix.aws, fix.aws_only_here) == ("", "")
        assert "not every member of StudioWebPortalSettings could be seen" in fix.note

    def test_of_the_profile(self, tmp_path: Path) -> None:
        own = profile("ana", {"StudioWebPortalSettings": {"HiddenAppTypes": []}}, [f"{PORTAL}.HiddenInstanceTypes"])
        fix = fix_of(audit(tmp_path, rules_of(tmp_path, hides()), of(), own), "ana")
        assert fix.aws == ""
        assert "could be seen" in fix.note

    def test_by_an_old_sdk(self, tmp_path: Path) -> None:
        """What the SDK of the snapshot did not know stands in its header."""
        path = f"{PORTAL}.HiddenSageMakerImageVersionAliases".replace("UserSettings", "DefaultUserSettings", 1)
        header = Header(
            SCHEMA_VERSION, "aws", "2026-11-23T02:00:00Z", "0.1.0", "1.35.99", "", (Scope(ACCOUNT, REGION),),
            (Unseen("domain", path),),
        )  # fmt: skip
        records = (
            Record(ACCOUNT, REGION, "account_region", REGION, {}),
            of(StudioWebPortalSettings=ALL),
            profile("ana"),
        )
        write_snapshot(tmp_path / "old.jsonl", Snapshot(header, records))
        report = evaluate([tmp_path / "old.jsonl"], rules_of(tmp_path, hides()))
        assert fix_of(report, "ana").aws == ""

    def test_gaps_elsewhere_do_not_matter(self, tmp_path: Path) -> None:
        records = (
            domain("d-1", {"DefaultUserSettings": {}}, ["DefaultUserSettings.CanvasAppSettings", "Tags"]),
            profile("ana"),
        )
        assert fix_of(audit(tmp_path, rules_of(tmp_path, hides()), *records), "ana").aws != ""


class TestTemplates:
    """A template is mended where it is written: no command, but snippets, whatever could not be resolved."""

    @pytest.fixture
    def report(self, tmp_path: Path) -> Report:
        header = Header(
            SCHEMA_VERSION, "cloudformation", "2026-11-23T02:00:00Z", "0.1.0", "", "", (Scope(ACCOUNT, REGION),)
        )
        records = (
            Record(ACCOUNT, REGION, "account_region", REGION, {}),
            domain("d-1", {"DefaultUserSettings": {"StudioWebPortalSettings": {"HiddenMlTools": ["Models"]}}},
                   ["DefaultUserSettings.StudioWebPortalSettings.HiddenInstanceTypes"]),
            profile("ana"),
        )  # fmt: skip
        write_snapshot(tmp_path / "template.jsonl", Snapshot(header, records))
        return evaluate([tmp_path / "template.jsonl"], rules_of(tmp_path, hides(), _written()))

    def test_settings(self, report: Report) -> None:
        (finding,) = [f for f in report.findings if f.rule_id == "TST001"]
        fix = finding.remediation
        assert fix is not None
        assert (fix.aws, fix.aws_only_here) == ("", "")
        assert fix.cloudformation.splitlines()[1:] == [
            "DefaultUserSettings:", "  StudioWebPortalSettings:", "    HiddenMlTools:", "    - Models",
            "    HiddenAppTypes:", "    - JupyterServer",
        ]  # fmt: skip
        assert 'hidden_app_types = ["JupyterServer"]' in fix.terraform
        assert "command" not in fix.note

    def test_commands_written_out(self, report: Report) -> None:
        (finding,) = [f for f in report.findings if f.rule_id == "TST002"]
        assert finding.remediation is not None
        assert (finding.remediation.aws, finding.remediation.cloudformation) == ("", "A: 1")


def _written() -> str:
    return changed(
        id="TST002",
        name="written",
        remediation={"steps": "s", "aws": "aws x --id {domain_id}", "cloudformation": "A: 1\n"},
    )


HOSTILE = [
    "--endpoint-url=http://evil", "-x", "file:///etc/passwd", "fileb://x", "http://evil/x", "https://evil/x", "a\nb",
    "a\x1b[31mb", "a\u202eb",
]  # fmt: skip


class TestHostileNames:
    """Names of a snapshot are data. For a shell they are quoted; what the AWS CLI would take for something else than a
    name makes no command."""

    @pytest.mark.parametrize("name", HOSTILE)
    def test_no_command(self, tmp_path: Path, name: str) -> None:
        records = (of(), profile(name, {"StudioWebPortalSettings": {"HiddenAppTypes": []}}))
        (finding,) = audit(tmp_path, rules_of(tmp_path, hides()), *records).findings
        assert finding.remediation is not None
        assert finding.remediation.aws == ""
        assert finding.remediation.note.startswith("No command: ")
        assert finding.remediation.note.isprintable()

    @pytest.mark.parametrize("name", ["a; rm -rf $HOME `id` 'q'", "$(id)", "a b", "\\", '"', "電子", "{name}", "%s"])
    def test_a_quoted_command(self, tmp_path: Path, name: str) -> None:
        records = (of(), profile(name, {"StudioWebPortalSettings": {"HiddenAppTypes": ["$(id)", name]}}))
        (finding,) = audit(tmp_path, rules_of(tmp_path, hides()), *records).findings
        assert finding.remediation is not None
        words, settings = sent(finding.remediation.aws)
        assert words[words.index("--user-profile-name") + 1] == name
        assert settings["StudioWebPortalSettings"]["HiddenAppTypes"] == ["$(id)", name, "JupyterServer"]

    def test_a_comment_in_a_snippet_ends_with_its_line(self, tmp_path: Path) -> None:
        own = {"StudioWebPortalSettings": {"HiddenAppTypes": []}}
        report = audit(tmp_path, rules_of(tmp_path, hides()), of(), profile("a }", own))
        fix = fix_of(report, "a }")
        assert fix.terraform.splitlines()[0] == "# aws_sagemaker_user_profile: d-1/a } (a })"


class TestTags:
    def _rule(self, tags: dict[str, Any]) -> str:
        return changed(require="map_contains(tags, 'x')", remediation={"steps": "s", "set": tags, "values": {}})

    def _of(self, tmp_path: Path, tags: dict[str, Any], present: tuple[tuple[str, str], ...] | None = ()) -> Finding:
        record = domain("d-1")
        record = Record(record.account, record.region, record.kind, record.id, record.document, tags=present)
        (finding,) = audit(tmp_path, rules_of(tmp_path, self._rule(tags)), record).findings
        return finding

    def test_only_what_is_missing_is_added(self, tmp_path: Path) -> None:
        fix = self._of(tmp_path, {"Tags": {"add": ["owner", "cost-center"]}}, (("owner", "ana"),)).remediation
        assert fix is not None
        assert shlex.split(fix.aws)[-2:] == ["--tags", "Key=cost-center,Value=COST_CENTER"]
        assert fix.note == "Put in for COST_CENTER: the cost centre that pays for it."
        assert "Key: cost-center" in fix.cloudformation
        assert '"cost-center" = "COST_CENTER"' in fix.terraform

    def test_nothing_is_missing(self, tmp_path: Path) -> None:
        fix = self._of(tmp_path, {"Tags.owner": "OWNER"}, (("owner", ""),)).remediation
        assert fix is not None
        assert (fix.aws, fix.cloudformation) == ("", "")


class TestWrittenOut:
    def _fix(self, tmp_path: Path, aws: str, document: dict[str, Any] | None = None, **more: Any) -> FindingRemediation:
        text = changed(remediation={"steps": "s", "aws": aws, **more})
        (finding,) = audit(tmp_path, rules_of(tmp_path, text), domain("d-1", document or {})).findings
        assert finding.remediation is not None
        return finding.remediation

    def test_values_lists_and_placeholders(self, tmp_path: Path) -> None:
        fix = self._fix(
            tmp_path, "aws x {domain_id} {subnet_ids} {wanted}", {"SubnetIds": ["a b", "c"]},
            values={"wanted": "['ROLE_ARN', auth_mode]"},
        )  # fmt: skip
        assert fix.aws == "aws x d-1 'a b' c ROLE_ARN IAM"
        assert fix.note == "Put in for ROLE_ARN: the ARN of the execution role made for this purpose."

    def test_an_option_stands_only_before_a_value(self, tmp_path: Path) -> None:
        aws = "aws x{vpc_id: --vpc}{kms_key_id: --key}"
        assert self._fix(tmp_path, aws, {"VpcId": "vpc-1"}).aws == "aws x --vpc vpc-1"

    @pytest.mark.parametrize(
        ("document", "note"),
        [
            ({}, "No command: a name that it needs is not set."),
            ({"VpcId": "--x"}, "No command: '--x' cannot stand in one."),
        ],
    )
    def test_what_cannot_stand_there(self, tmp_path: Path, document: dict[str, Any], note: str) -> None:
        fix = self._fix(tmp_path, "aws x --vpc {vpc_id}", document)
        assert (fix.aws, fix.note) == ("", note)


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
