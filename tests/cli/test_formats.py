"""--format, --template and --send-to-security-hub from the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import boto3
import click
import pytest

from auditor.cli.commands import audit, check, demo
from auditor.cli.options import FormatList
from auditor.errors import ExitCode
from auditor.report.render import Format
from auditor.simulator import Simulator

from .conftest import Outcome

Auditor = Callable[..., Outcome]


@pytest.mark.parametrize("output", Format)
def test_every_format_is_offered(output: Format) -> None:
    assert FormatList().convert(output.value.upper(), None, None) == (output,)
    for command in (audit.command, check.command, demo.command):
        (option,) = [p for p in command.params if p.name == "formats"]
        assert isinstance(option, click.Option)
        assert output.value in (option.help or "")


def test_all_formats_at_once(auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    formats = ",".join(f.value for f in Format)
    outcome = auditor("check", estate_file("acme"), "--format", formats, "--output", tmp_path / "out")
    assert outcome.code == ExitCode.FINDINGS
    assert {p.name for p in (tmp_path / "out").iterdir()} == {f.file_name for f in Format}
    # The first ones with their paths, the others beside them: the summary is one screen.
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in outcome.out
    for output in Format:
        assert output.file_name in outcome.out


def test_a_format_that_there_is_not(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    outcome = auditor("check", estate_file("clean"), "--format", "json,pdf")
    assert outcome.code == ExitCode.USAGE
    known = "html, json, sarif, junit, ocsf, csv, markdown, asff, codequality"
    assert f"'pdf' is not a format. Known: {known}" in outcome.err


@pytest.mark.parametrize("output", [f for f in Format if f is not Format.HTML])
def test_one_format_is_printed(auditor: Auditor, estate_file: Callable[[str], Path], output: Format) -> None:
    outcome = auditor("check", estate_file("clean"), "--format", output.value, "--output", "-")
    assert outcome.code == ExitCode.OK
    assert outcome.out[:1] in '{[<"#'
    assert not Path("audit-report").exists()


def _template(text: str, name: str = "team.md.j2") -> Path:
    path = Path(name)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_template_is_written_beside_the_formats(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    path = _template("{{ report.findings | length }} findings\n")
    outcome = auditor("check", estate_file("clean"), "--template", path, "--output", "out")
    assert outcome.code == ExitCode.OK
    assert {p.name for p in Path("out").iterdir()} == {"report.html", "report.json", "team.md"}
    assert Path("out/team.md").read_text() == "0 findings\n"
    assert "out/team.md" in outcome.out


def test_a_template_is_printed(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    outcome = auditor("check", estate_file("clean"), "--template", _template("{{ report.source }}"), "--output", "-")
    assert (outcome.code, outcome.out) == (ExitCode.OK, "aws")
    outcome = auditor("check", estate_file("clean"), "--template", _template("x"), "--format", "json", "--output", "-")
    assert outcome.code == ExitCode.USAGE
    assert "prints one report" in outcome.err


@pytest.mark.parametrize(
    ("text", "name", "error"),
    [
        ("a\n{% for %}", "team.md.j2", "team.md.j2:2: "),
        ("a\n{{ nobody }}", "team.md.j2", "team.md.j2:2: there is no 'nobody'"),
        ("a", "team.md", "a template's name ends in"),
        ("a", "report.json.j2", "another report is written as report.json already"),
    ],
)
def test_a_broken_template_is_said_before_anything_is_collected(
    auditor: Auditor, simulated: Callable[..., Simulator], text: str, name: str, error: str
) -> None:
    simulator = simulated("clean")
    outcome = auditor("audit", "--region", "eu-west-1", "--template", _template(text, name), "--output", "out")
    assert outcome.code == ExitCode.USAGE
    assert error in outcome.err
    assert not Path("out").exists()
    assert sum(simulator.calls.values()) == 0


def test_a_template_that_fails_names_its_line(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    path = _template("a\n\n{{ report.rules[0].colour }}")
    outcome = auditor("check", estate_file("clean"), "--template", path, "--format", "json", "--output", "out")
    assert outcome.code == ExitCode.USAGE
    assert "team.md.j2:3: " in outcome.err
    assert "Traceback" not in outcome.err
    assert [p.name for p in Path("out").iterdir()] == ["report.json"]


@pytest.fixture
def hub(simulated: Callable[..., Simulator]) -> Simulator:
    return simulated("acme")


def _stored(region: str) -> list[dict[str, object]]:
    pages = boto3.client("securityhub", region_name=region).get_paginator("get_findings").paginate()
    return [f for page in pages for f in page["Findings"]]  # type: ignore[misc]


def test_nothing_is_sent_unasked(auditor: Auditor, hub: Simulator) -> None:
    auditor("audit", "--region", "eu-west-1", "--evidence", "none", "--only", "storage", "--quiet")
    assert not any("securityhub" in str(call).lower() for call in hub.calls)
    assert _stored("eu-west-1") == []


def test_findings_are_sent_and_the_gate_stays(auditor: Auditor, hub: Simulator) -> None:
    options = ("--region", "eu-west-1", "--evidence", "none", "--only", "storage,experience", "--format", "json,asff")
    outcome = auditor("audit", *options, "--output", "out", "--send-to-security-hub")
    assert outcome.code == ExitCode.FINDINGS
    written = json.loads(Path("out/report.asff.json").read_text())
    assert f"Security Hub: {len(written)} findings sent." in outcome.err
    assert {f["Id"] for f in _stored("eu-west-1")} == {f["Id"] for f in written} != set()
    # The same again, of fewer rules: nothing of the others is taken for resolved.
    options = ("--region", "eu-west-1", "--evidence", "none", "--only", "storage", "--fail-on", "none", "-q")
    auditor("audit", *options, "--allow-incomplete", "--send-to-security-hub")
    assert {f["RecordState"] for f in _stored("eu-west-1")} == {"ACTIVE"}


def test_what_cannot_be_sent_is_exit_code_2_unless_the_gate_failed(
    auditor: Auditor, estate_file: Callable[[str], Path]
) -> None:
    """No credentials at all here."""
    options = ("check", estate_file("acme"), "--format", "json", "--output", "out", "--send-to-security-hub")
    outcome = auditor(*options)
    assert outcome.code == ExitCode.FINDINGS
    assert "no AWS credentials found" in outcome.err
    outcome = auditor(*options, "--fail-on", "none", "--allow-incomplete")
    assert outcome.code == ExitCode.USAGE
    assert Path("out/report.json").exists()
