"""--config end to end: options win over the file, and what it changed stands in the report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from auditor.cli.main import run
from auditor.report.json_format import schema


@pytest.fixture
def check(
    estate_file: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., tuple[int, dict[str, Any], str]]:
    """``check(text of auditor.yaml, *options)``: exit code, report.json and stderr."""
    snapshot = estate_file("acme")
    monkeypatch.chdir(tmp_path)

    def call(text: str, *options: str, name: str = "auditor.yaml") -> tuple[int, dict[str, Any], str]:
        (tmp_path / name).write_text(text, encoding="utf-8")
        capfd.readouterr()
        code = run(["check", str(snapshot), *options])
        path = next(tmp_path.rglob("report.json"), None)
        report = json.loads(path.read_text()) if path else {}
        return code, report, capfd.readouterr().err

    return call


def _rules(report: dict[str, Any]) -> list[str]:
    return [r["id"] for r in report["rules"]]


SAVED = "only: [STU301, STU402]\nskip: [STU402]\nfail_on: low\nallow_incomplete: true\nformats: [json]\noutput: out\n"


def test_the_file_of_the_working_folder_is_used_and_said(check: Callable[..., Any], tmp_path: Path) -> None:
    code, report, err = check(SAVED)
    assert code == 4
    assert _rules(report) == ["STU301"]
    assert report["fail_on"] == "low"
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["report.json"]
    assert err == "Configuration: auditor.yaml in the working folder\n"
    assert check(SAVED, "--quiet")[2] == ""


def test_a_named_file_is_said_as_well(check: Callable[..., Any]) -> None:
    code, report, err = check(SAVED, "--config", "other.yaml", name="other.yaml")
    assert (code, _rules(report), err) == (4, ["STU301"], "Configuration: other.yaml\n")


def test_the_file_of_the_variable(check: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_CONFIG", "other.yaml")
    code, report, err = check(SAVED, name="other.yaml")
    assert (code, _rules(report), err) == (4, ["STU301"], "Configuration: other.yaml\n")
    # What the command line says wins over the environment.
    assert check(SAVED, "--no-config", name="other.yaml")[2] == ""


def test_no_file(check: Callable[..., Any], tmp_path: Path) -> None:
    code, report, err = check(SAVED, "--no-config")
    assert (code, err) == (4, "")
    assert len(report["rules"]) > 50
    assert check("", "--no-config", "--config", "auditor.yaml")[0] == 2


def test_options_win(check: Callable[..., Any], tmp_path: Path) -> None:
    code, report, _ = check(
        SAVED, "--fail-on", "high", "--no-allow-incomplete", "--output", "here", "--format", "html,json"
    )
    assert (code, report["gate"].get("allow_incomplete", False)) == (0, False)
    assert report["fail_on"] == "high"
    assert {p.name for p in (tmp_path / "here").iterdir()} == {"report.html", "report.json"}
    assert not (tmp_path / "out").exists()
    # One --only says all about the selection; --skip replaces the file's, and leaves its "only".
    assert _rules(check(SAVED, "--only", "STU402", "--output", "here")[1]) == ["STU402"]
    assert _rules(check(SAVED, "--skip", "STU301", "--output", "here")[1]) == ["STU402"]


def test_severities_and_parameters_are_in_force_and_shown(check: Callable[..., Any], tmp_path: Path) -> None:
    text = """
    only: [STU101, STU701]
    severities: {shared-space: critical, STU101: medium, STU402: info}
    params: {STU101: {min_letters: 2}, STU701: {approved: [team-board]}, STU704: {}}
    """
    code, report, _ = check(text, "--param", "STU701.approved=[scratchpad]", "--fail-on", "critical")
    assert code == 4
    assert report["params"] == {"STU101.min_letters": 2, "STU701.approved": ["scratchpad"]}
    # Only what differs from the rules' own, of the rules that were evaluated.
    assert report["severities"] == {"STU701": "critical"}
    # Eight shared spaces (acme.expected.yaml), one of them approved on the command line.
    assert report["summary"]["by_severity"]["critical"] == 7
    assert {f["severity"] for f in report["findings"] if f["rule"]["id"] == "STU701"} == {"critical"}
    jsonschema.validate(report, schema())
    assert "Severities changed" in (tmp_path / "audit-report" / "report.html").read_text()


def test_own_rules_of_the_file_and_of_the_option_add_up(check: Callable[..., Any], tmp_path: Path) -> None:
    original = Path(__file__).resolve().parents[2] / "rules/experience/STU301-classic-is-default.yaml"
    for folder, rule_id in (("one", "ACME001"), ("two", "ACME002")):
        (tmp_path / folder).mkdir()
        text = original.read_text().replace("id: STU301", f"id: {rule_id}")
        (tmp_path / folder / "rule.yaml").write_text(text.replace("classic-is-default", rule_id.lower()))
    text = "rules: [one]\nonly: [ACME001]\nseverities: {ACME001: low}\n"
    assert _rules(check(text)[1]) == ["ACME001"]
    report = check(text, "--rules", "two", "--rules", "one", "--only", "ACME001,ACME002")[1]
    assert _rules(report) == ["ACME001", "ACME002"]


def test_nothing_runs_with_a_wrong_file(check: Callable[..., Any], tmp_path: Path) -> None:
    code, report, err = check("params: {STU101: {min_leters: 2}}", "-q")
    assert (code, report) == (2, {})
    assert err == (
        "Error: auditor.yaml:1:19: params.STU101: STU101 has no parameter 'min_leters'\n  Did you mean 'min_letters'?\n"
    )
    assert check("", "--config", "nowhere.yaml")[0] == 2


def test_the_commands_of_the_file(check: Callable[..., Any], tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check"]) == 2
    assert "there is no auditor.yaml" in capfd.readouterr().err
    (tmp_path / "auditor.yaml").write_text("fail_on: low\n")
    assert run(["config", "check"]) == 0
    assert capfd.readouterr().out == "auditor.yaml: can be used\n"
    (tmp_path / "b.yaml").write_text("skip: [nothing]\n")
    assert run(["config", "check", "b.yaml"]) == 2
    assert capfd.readouterr().err.startswith("Error: b.yaml:1:8: skip: there is no rule or area 'nothing'")
    assert run(["config", "schema"]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capfd.readouterr().out))


def test_audit_takes_profile_and_regions_from_the_file(
    simulated: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    simulated("clean")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "auditor.yaml").write_text("regions: [eu-west-1]\nformats: [json]\n")
    assert run(["audit", "-q"]) == 0
    (tmp_path / "auditor.yaml").write_text("profile: nobody\nregions: [eu-west-1]\n")
    assert run(["audit", "-q"]) == 2
    assert "AWS profile not found" in capfd.readouterr().err
    # The simulated account has no use for either.
    assert run(["demo", "--estate", "clean", "-q"]) == 0
