"""auditor whatif: what changes would do to an audit, before they are made."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.model.report import Report
from auditor.model.rule import Verdict

Auditor = Callable[..., Any]
EstateFile = Callable[[str], Path]
EstateReport = Callable[[str], Report]


def _tried(auditor: Auditor, snapshot: Path, *arguments: str) -> Any:
    before = snapshot.read_bytes()
    done = auditor("whatif", "--snapshot", snapshot, "--format", "json", *arguments)
    assert (done.code, done.err) == (0, "")
    assert snapshot.read_bytes() == before
    return json.loads(done.out)


def test_the_command_of_a_rule(auditor: Auditor, estate_file: EstateFile, estate_report: EstateReport) -> None:
    report = estate_report("acme")
    failures = {f.fingerprint for f in report.findings if f.rule_id == "STU710" and f.status is Verdict.FAIL}
    found = _tried(auditor, estate_file("acme"), "--fix", "STU710", "--only", "STU710,STU108")
    assert {f["fingerprint"] for f in found["resolved"]} == failures
    assert (found["new"], found["unknown"], found["not_tried"], found["clashes"]) == ([], [], [], [])
    causes = [c for c in report.root_causes if c.rule_id == "STU710"]
    assert sorted(c["origin"] for c in found["changes"]) == sorted(f"STU710 {c.id}" for c in causes)
    assert {(s["setting"], s["after"]) for s in found["settings"]} == {("tag_propagation", "ENABLED")}
    assert found["failures"]["before"] - found["failures"]["after"] == len(failures)


def test_a_cause_by_its_id_and_the_first_ones(
    auditor: Auditor, estate_file: EstateFile, estate_report: EstateReport
) -> None:
    cause = next(c for c in estate_report("acme").root_causes if c.rule_id == "STU710")
    one = _tried(auditor, estate_file("acme"), "--fix", cause.id, "--only", "STU710")
    assert [c["origin"] for c in one["changes"]] == [f"STU710 {cause.id}"]
    assert len(one["resolved"]) == cause.affects
    first = _tried(auditor, estate_file("acme"), "--fix", "top:1", "--only", "STU710")
    assert len(first["changes"]) == 1


def test_a_change_of_ones_own(auditor: Auditor, estate_file: EstateFile) -> None:
    """A domain's default reaches the profiles that take it over, and their running apps."""
    found = _tried(
        auditor, estate_file("acme"), "--only", "STU501",
        "--set", "legacy-analytics:DefaultUserSettings.AutoMountHomeEFS=Disabled",
    )  # fmt: skip
    assert [c["resource"].split("/", 2)[2] for c in found["changes"]] == ["domain/d-legacy000001"]
    moved = {(s["before"], s["after"]) for s in found["settings"] if s["setting"] == "auto_mount_home_efs"}
    assert moved == {("Enabled", "Disabled")}
    assert {f["rule"] for f in found["resolved"]} == {"STU501"}
    assert found["running_apps"]
    assert all("/d-legacy000001/" in key for key in found["running_apps"])


def test_other_parameters(auditor: Auditor, estate_file: EstateFile) -> None:
    found = _tried(auditor, estate_file("acme"), "--param", "STU505.max_gib=1", "--only", "STU505")
    assert (found["changes"], found["settings"], found["resolved"]) == ([], [], [])
    assert found["new"]
    assert {f["rule"] for f in found["new"]} == {"STU505"}


def test_what_has_no_command_is_named(auditor: Auditor, estate_file: EstateFile) -> None:
    done = auditor("whatif", "--snapshot", estate_file("acme"), "--fix", "STU202", "--only", "STU202")
    assert done.code == 0
    (line,) = (line for line in done.out.splitlines() if "STU202" in line)
    assert line.startswith("  ! STU202 user profile ")
    assert line.endswith(": its command needs a value for ROLE_ARN")
    assert "0 resolved, 0 new." in done.out
    assert done.out.endswith("Nothing was changed: this is what an audit of the same snapshot would say.\n")


def test_as_markdown(auditor: Auditor, estate_file: EstateFile) -> None:
    done = auditor(
        "whatif", "--snapshot", estate_file("acme"), "--fix", "STU710", "--only", "STU710", "--format", "markdown"
    )
    assert done.out.startswith("### What if: ")
    assert "\n#### Failures that are resolved\n" in done.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Error: nothing to try\n  Give --set RESOURCE:PATH=VALUE, --fix CAUSE, RULE or top:N, --rules"),
        (["--fix", "STU9999"], "Error: --fix STU9999: no rule, area or cause of this snapshot"),
        (["--fix", "top:0"], "Error: --fix top:0: no rule, area or cause of this snapshot"),
        (["--fix", "ffffffffffffffff"], "Error: --fix ffffffffffffffff: no rule, area or cause of this snapshot"),
        (["--set", 'research:DefaultUserSettings.JupyterLabAppSettings.CustomImages=[{"ImageName": 5}]'],
         "ImageName takes a text"),
        (["--set", 'research:DefaultUserSettings.JupyterLabAppSettings.CustomImages=[{"Nope": "a"}]'],
         "there is no Nope in a structure of ImageName, ImageVersionNumber, AppImageConfigName"),
        (["--set", 'research:DefaultUserSettings.CustomFileSystemConfigs=[{"EFSFileSystemConfig": "fs-1"}]'],
         '"fs-1" is not a structure of FileSystemId, FileSystemPath'),
        (["--set", "research:DefaultUserSettings.ExecutionRole=ana"], "ExecutionRole takes the ARN of a role"),
        (["--set", "research:DefaultUserSettings.CustomPosixUserConfig.Uid=true"],
         "Uid takes a whole number from 10,000 to 4,000,000"),
        (["--set", "research:AppNetworkAccessType=Vpc"], "AppNetworkAccessType takes PublicInternetOnly or VpcOnly"),
        (["--set", "nobody:UserSettings.DefaultLandingUri=x"], "Error: the snapshot holds no user profile called"),
    ],
)  # fmt: skip
def test_2_where_nothing_is_meant(auditor: Auditor, estate_file: EstateFile, arguments: list[str], said: str) -> None:
    done = auditor("whatif", "--snapshot", estate_file("acme"), "--only", "STU710", *arguments)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


@pytest.mark.parametrize("output", ["text", "markdown", "html", "json"])
@pytest.mark.parametrize(
    "given",
    [
        'DefaultUserSettings.JupyterLabAppSettings.CodeRepositories=[{"RepositoryUrl": "https://kim:s3cr3tpass@git/x"}]',
        "DefaultUserSettings.DefaultLandingUri=https://kim:s3cr3tpass@studio/x",
        "Tags.password=s3cr3tpass",
    ],
)
def test_a_secret_that_somebody_gives_is_not_repeated(
    auditor: Auditor, estate_file: EstateFile, given: str, output: str
) -> None:
    asked = ["whatif", "--snapshot", estate_file("acme"), "--only", "STU801,STU607", "--set", f"research:{given}"]
    done = auditor(*asked, "--format", output)
    assert done.code == 0
    assert "s3cr3tpass" not in done.out + done.err
    assert "[masked:" in done.out.replace("\\", "")
