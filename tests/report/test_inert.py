"""A name is only text: no line of any format or of the terminal commands the CI server that reads it."""

from __future__ import annotations

import csv
import io
import json
import logging
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pytest

from auditor.inert_text import in_json, in_xml, one_line, printable, printable_lines, visible
from auditor.model.report import Report
from auditor.report.render import Format, render
from auditor.run.messages import LoggedMessages

from . import samples
from .handmade import everything

COMMANDS = [
    "x\n::error file=a::pwn", "::error::x", "  ::set-output name=a::b", "\t::stop-commands::x", "##[error]x",
    "x##[group]y", "####[endgroup]", "##vso[task.setvariable variable=a]b", "##VSO[a]b",
    "##teamcity[message text='x']", "x\r::warning::y",
    "x\r\n::debug::y", "x\n\u2028::notice::y", "\x85::add-mask::y", "x\n \x0b::echo::on",
]  # fmt: skip


def commands(text: str) -> list[str]:
    """Lines that GitHub Actions, Azure Pipelines or TeamCity would take for a command."""
    return [
        line for line in re.split(r"[\r\n]", text)
        if line.lstrip().startswith("::") or re.search(r"##(\[|vso\[|teamcity\[)", line, re.IGNORECASE)
    ]  # fmt: skip


@pytest.mark.parametrize("text", COMMANDS)
def test_no_line_is_a_command(text: str) -> None:
    assert commands(text)
    for made in (printable(text), printable_lines(text), visible(text), one_line(text), in_json(json.dumps(text)),
                 printable_lines(f"Error: {text}\n  {text}"), in_xml(text)):  # fmt: skip
        assert commands(made) == [], made
    assert "\n" not in printable(text)
    assert json.loads(in_json(json.dumps(text, ensure_ascii=False))) == text


@pytest.mark.parametrize("text", [
    "arn:aws:iam::111122223333:role/x", "AWS::SageMaker::Domain", "a :: b"[:2], "# heading", "#1 ## 2", "[##]",
    "std::vector",
])  # fmt: skip
def test_honest_text_is_left_alone(text: str) -> None:
    for made in (
        printable(text),
        visible(text),
        one_line(text.strip()),
        in_json(text),
        in_xml(text),
    ):
        assert made.strip() == text.strip()


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Report]:
    """The report of every kind of thing, its texts beginning with a command."""

    def made(command: str) -> Report:
        monkeypatch.setattr(samples, "HOSTILE", command)
        return samples.hostile(everything())

    return made


@pytest.mark.parametrize("output", Format)
@pytest.mark.parametrize("command", COMMANDS)
def test_no_format_holds_a_command(named: Callable[[str], Report], output: Format, command: str) -> None:
    made = "".join(render(named(command), output))
    assert commands(made) == []


@pytest.mark.parametrize("command", ["##[error]x", "##vso[a]b", "x\n::error::y"])
def test_programs_read_the_name_as_it_is(named: Callable[[str], Report], command: str) -> None:
    report = named(command)
    names = {f.resource.name for f in report.findings}
    assert any(command in name for name in names)
    loaded = json.loads("".join(render(report, Format.JSON)))
    assert {f["resource"]["name"] for f in loaded["findings"]} == names
    suites = ElementTree.fromstring("".join(render(report, Format.JUNIT)))
    ids = {f"{f.resource.type} {f.resource.id}" for f in report.findings}
    assert ids <= {case.get("name") for case in suites.iter("testcase")}
    rows = csv.DictReader(io.StringIO("".join(render(report, Format.CSV)), newline=""))
    assert len(list(rows)) == len(report.findings)


def test_logs(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "auditor"):
        for text in COMMANDS:
            LoggedMessages().note(text)
            LoggedMessages().problem(text)
    assert [commands(record.getMessage()) for record in caplog.records] == [[]] * (2 * len(COMMANDS))
