"""Names from anywhere reach the terminal as text: no control character, no line that commands a CI server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.main import run
from tests.report.test_inert import COMMANDS, commands

from .stored_runs import night

Auditor = Callable[..., Any]
NAMES = ["x\n::error file=a::pwn", "::error::x", "##[error]x", "##vso[task.setvariable variable=a]b", "x\r::warning::y"]


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot whose domains are called like commands, beside a store with two such nights. Only to be read."""
    folder = tmp_path_factory.mktemp("hostile")
    for day in (1, 2):
        path = night(folder, day, dict.fromkeys(NAMES[: day + 3], "IAM"))
        kept = ("--store", str(folder / "nights"), "--output", str(folder / "out"))
        run(["check", str(path), "--only", "STU106", "--format", "json", *kept])
    return path


@pytest.mark.parametrize("output", ["table", "csv", "json"])
def test_commands_that_print_names(auditor: Auditor, hostile: Path, output: str) -> None:
    store = ("--store", hostile.parent / "nights")
    told = [
        auditor("check", hostile, "--only", "STU106"),
        auditor("query", "select name, id from domain", "--snapshot", hostile, "--format", output),
        auditor("history", *store, "--format", output),
        auditor("diff", *store, "--format", output if output != "csv" else "markdown"),
        auditor("store", "list", *store, "--format", output),
    ]
    for outcome in told:
        assert outcome.code in (0, 4), outcome.err
        assert outcome.out
        assert commands(outcome.out) == []
        assert commands(outcome.err) == []
        assert not [c for c in outcome.out if not c.isprintable() and c != "\n"]


@pytest.mark.parametrize(
    "output", ["html", "json", "sarif", "junit", "ocsf", "csv", "markdown", "asff", "codequality", "oscal"]
)
def test_reports_that_are_printed(auditor: Auditor, hostile: Path, output: str) -> None:
    outcome = auditor("check", hostile, "--only", "STU106", "--fail-on", "medium", "--format", output, "--output", "-")
    assert outcome.code == 4
    assert commands(outcome.out) == []
    if output == "json":
        assert {f["resource"]["name"] for f in json.loads(outcome.out)["findings"]} == set(NAMES)


@pytest.mark.parametrize("name", COMMANDS)
def test_errors_name_what_they_name(auditor: Auditor, tmp_path: Path, name: str) -> None:
    """Files, options and members of files, called like commands."""
    (tmp_path / "auditor.yaml").write_text(json.dumps({"fail_on": name}))
    for arguments in (
        ["scan", name], ["check", name], ["check", "x", "--config", "auditor.yaml"], ["rules", "show", name], [name],
        ["check", "x", "--only", name], ["audit", f"--{name}"], ["check", "x", "--store", f"gs://{name}"],
        ["check", "x", "--mode", name], ["waivers", "check", name], ["diff", name, name],
        ["check", "x", "--fail-on", name],
    ):  # fmt: skip
        outcome = auditor(*arguments)
        assert outcome.code == 2, arguments
        assert commands(outcome.err) == [], arguments
        assert not [c for c in outcome.err if not c.isprintable() and c != "\n"], arguments


def test_tracebacks(auditor: Auditor, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ValueError("no\n::error::x ##[error]")

    monkeypatch.setattr("auditor.run.selection.all_rules", broken)
    outcome = auditor("rules", "list", "--debug")
    assert outcome.code == 1
    assert "Traceback" in outcome.err
    assert commands(outcome.err) == []


def test_a_template_s_names(auditor: Auditor, tmp_path: Path) -> None:
    template = {"Resources": {"D": {"Type": "AWS::SageMaker::Domain", "Properties": {
        "DomainName": "x\n::error file=a::pwn", "AuthMode": "IAM", "VpcId": "v", "SubnetIds": ["s"],
        "DefaultUserSettings": {"ExecutionRole": "arn:aws:iam::111122223333:role/x"}}}}}  # fmt: skip
    (tmp_path / "t.json").write_text(json.dumps(template))
    outcome = auditor("scan", "t.json")
    assert outcome.code == 4
    assert commands(outcome.out + outcome.err) == []
    assert "pwn" in outcome.out
