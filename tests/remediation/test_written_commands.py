"""Commands that a rule writes out, tags, and snippets of templates."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate.audit import evaluate
from auditor.model.finding import Finding, FindingRemediation
from auditor.model.report import Report
from auditor.model.snapshot import SCHEMA_VERSION, Header, Record, Scope, Snapshot
from auditor.store.snapshot_file import write_snapshot
from tests.evaluate.helpers import ACCOUNT, REGION, audit, changed, domain, profile, rules_of

from .hiding import hides


class TestTemplates:
    """A template is fixed where it is written: no command, but snippets, whatever could not be resolved."""

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
        assert fix.note == "Put in for COST_CENTER: the cost center that pays for it."
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
