"""Where a command could do harm there is none: what was not seen may be lost, and names are data."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.evaluate.audit import evaluate
from auditor.model.snapshot import SCHEMA_VERSION, Header, Record, Scope, Snapshot, Unseen
from auditor.store.snapshot_file import write_snapshot
from tests.evaluate.helpers import ACCOUNT, REGION, audit, domain, profile, rules_of

from .hiding import ALL, PORTAL, fix_of, hides, of, sent


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
