"""auditor scan --against: snapshots that are incomplete or none, exit codes, and what is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.cli.main import run
from auditor.errors import ExitCode
from auditor.model.snapshot import Gap, Scope
from auditor.store.snapshot_file import write_snapshot

from .accounts import (
    ACCOUNT,
    CFN,
    REGION,
    ROLE,
    Beside,
    account,
    domain,
    names,
    profile,
)


class TestTheAccount:
    def test_what_was_denied_is_not_compared(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        bare = replace(profile("ana"), gaps=("*",), document={"DomainId": "d-research01", "UserProfileName": "ana"})
        gap = Gap(ACCOUNT, REGION, "user_profile", "d-research01/ana", "*", "DescribeUserProfile", "access_denied")
        found = beside.drift(account(domain(), bare, gaps=(gap,)))
        assert found["disagreements"] == []
        (open_,) = found["not_compared"]
        assert (open_["settings"], open_["side"]) == (["*"], "account")
        assert "DescribeUserProfile: access denied" in open_["reason"]
        assert found["incomplete"] == [f"{ACCOUNT}/{REGION}: 1 of the user profiles could not be read whole"]

    def test_a_list_that_is_not_complete(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        found = beside.drift(account(domain(), lists=("user_profile",)))
        assert found["not_deployed"] == []
        assert "incomplete" in found["unmatched"][0]["reason"]
        assert found["incomplete"] == [f"{ACCOUNT}/{REGION}: the list of user profiles is not complete"]

    def test_domains_of_unified_studio(self, beside: Beside) -> None:
        """A machine makes what lies in them: nobody expects a template for it."""
        beside.write("t.yaml", CFN)
        unified = domain("d-unified001", "project", DomainSettings={"UnifiedStudioSettings": {"ProjectId": "x"}})
        found = beside.drift(account(domain(), profile("ana"), unified, profile("m", in_="d-unified001")))
        assert found["live_only"] == []
        assert found["summary"]["out_of_scope"] == 2


class TestTheCommand:
    def refused(self, beside: Beside, *arguments: str, capsys: pytest.CaptureFixture[str]) -> str:
        code = run(["scan", "t.yaml", "--snapshot", "kept.jsonl", "--output", "out", *arguments])
        assert code == ExitCode.USAGE
        assert not Path("out").exists()
        assert not Path("kept.jsonl").exists()
        return capsys.readouterr().err

    def test_what_is_no_snapshot_of_an_account(self, beside: Beside, capsys: pytest.CaptureFixture[str]) -> None:
        beside.write("t.yaml", CFN)
        write_snapshot(Path("live.jsonl"), account(domain()))
        good = Path("live.jsonl").read_bytes()
        cases = {
            "t.yaml": "not a snapshot",
            "absent.jsonl": "cannot be read",
        }
        for name, bytes_, said in (
            ("damaged.jsonl", good.replace(b"research", b"researcX"), "damaged"),
            ("short.jsonl", good[: len(good) // 2], "truncated"),
            ("empty.jsonl", b"", "empty"),
            ("newer.jsonl", good.replace(b'"schema_version":"1"', b'"schema_version":"2"'), "newer version"),
        ):
            Path(name).write_bytes(bytes_)
            cases[name] = said
        write_snapshot(Path("template.jsonl"), account(domain(), source="terraform"))
        cases["template.jsonl"] = "a snapshot of templates"
        write_snapshot(Path("odd.jsonl"), account(replace(domain(), document=["no document"])))  # type: ignore[arg-type]
        cases["odd.jsonl"] = "not what a snapshot holds"
        for name, said in cases.items():
            error = self.refused(beside, "--against", name, capsys=capsys)
            assert said in error
            assert name in error
            assert "Traceback" not in error

    def test_two_snapshots_of_one_place(self, beside: Beside, capsys: pytest.CaptureFixture[str]) -> None:
        beside.write("t.yaml", CFN)
        write_snapshot(Path("a.jsonl"), account(domain()))
        write_snapshot(Path("b.jsonl"), account(domain()))
        error = self.refused(beside, "--against", "a.jsonl", "--against", "b.jsonl", capsys=capsys)
        assert "both hold" in error

    def test_several_snapshots(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        west = account(domain("d-other00001", "other", region="us-west-2"))
        only = replace(west, header=replace(west.header, scopes=(Scope(ACCOUNT, "us-west-2"),)))
        write_snapshot(Path("west.jsonl"), replace(only, records=tuple(r for r in only.records if r.region != REGION)))
        write_snapshot(Path("live.jsonl"), account(domain(), profile("ana")))
        found = beside.report("--against", "live.jsonl", "--against", "west.jsonl")["drift"]
        assert [info["file"] for info in found["against"]] == ["live.jsonl", "west.jsonl"]
        assert names(found["live_only"]) == [("domain", "other")]

    def test_drift_changes_no_exit_code(
        self, beside: Beside, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The gate hangs on rules. The summary says what differs."""
        monkeypatch.setenv("COLUMNS", "140")
        beside.write("t.yaml", CFN)
        live = domain(DefaultUserSettings={"ExecutionRole": ROLE + "default", "AutoMountHomeEFS": "Enabled"})
        write_snapshot(Path("live.jsonl"), account(live, profile("eve")))
        code = run(["scan", "t.yaml", "--only", "STU106", "--against", "live.jsonl", "--format", "html,markdown,json"])
        assert code == ExitCode.OK
        said = capsys.readouterr().out
        assert "Compared with the account: 1 setting disagrees, 1 live resource is in no template" in said
        assert "1 resource is not deployed" in said
        line = "t.yaml:14 domain research: DefaultUserSettings.AutoMountHomeEFS: template Disabled, account Enabled"
        assert line in said
        page = Path("audit-report/report.md").read_text()
        assert (
            "| `DefaultUserSettings.AutoMountHomeEFS` | `Disabled` | `Enabled` | `domain research` | `t.yaml:14` |"
            in page
        )
        assert 'id="drift"' in Path("audit-report/report.html").read_text()

    def test_every_part_of_the_report_keeps_to_the_schema(self, beside: Beside) -> None:
        text = CFN.replace("VpcOnly", "VpcOnly\n      KmsKeyId: !Ref Key")
        beside.write("t.yaml", text + "  Who:\n    Type: AWS::SageMaker::UserProfile\n    Properties: "
                   "{DomainId: !Ref Research, UserProfileName: !Ref Key}\n")  # fmt: skip
        other = domain("d-other00001", "other")
        write_snapshot(Path("live.jsonl"), account(domain(AuthMode="IAM"), other, profile("eve"), lists=("app",)))
        found = beside.report("--against", "live.jsonl", "--allow-incomplete")["drift"]
        assert [part for part, entries in found.items() if not entries] == []

    def test_without_the_option_there_is_none(self, beside: Beside) -> None:
        beside.write("t.yaml", CFN)
        assert beside.report("--format", "json,html")["drift"] is None
        assert 'id="drift"' not in Path("out/report.html").read_text()
