"""docs/troubleshooting.md is made of the code's own messages: what the auditor says is found there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from auditor.cli.main import run
from auditor.errors import ExitCode
from tools.error_page import CLASSES, VALUE, classes, messages, trees

#: A command that fails → a part of what it says.
WRONG = {
    "store list --store nowhere": "is not a store",
    "verify nowhere.jsonl": "cannot be read",
    "verify --store . --expect 12": "is not a root",
    "check empty.jsonl": "the file is empty",
    "check headless.jsonl": "not a snapshot of this tool",
    "scan nowhere": "no such file or folder",
    "scan . --budget much": "expected seconds",
    "rules show nothing": "there is no rule",
    "rules list --only nothing": "unknown rule or area",
    "check empty.jsonl --param STU101": "expected RULE.NAME=VALUE",
    "check empty.jsonl --new-only": "has nothing to compare with",
    "check empty.jsonl --mode 9": "is not a mode for files",
    "notify --store .": "is not a store",
    "query --snapshot headless.jsonl select": "not a snapshot of this tool",
    "simulate --estate nothing": "there is no estate",
    "init ci github --path /etc": "is not a folder of the repository",
}


def test_every_class_of_the_tree_is_explained() -> None:
    known = classes(trees())
    assert set(CLASSES) == set(known)
    assert {m.error for m in messages()} <= set(known)
    page = (Path(__file__).parents[1] / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    for name, code in known.items():
        assert f"| {name} | {'none' if name == 'DeliveryError' else int(code)} |" in page


def test_every_message_says_something_and_what_to_do() -> None:
    listed = messages()
    assert len(listed) > 200
    assert [m for m in listed if not m.advice.strip()] == []
    assert len({(m.section, m.text) for m in listed}) == len(listed)


@pytest.mark.parametrize("command", WRONG)
def test_what_is_said_is_on_the_page(
    command: str, capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "headless.jsonl").write_text("{}\n")
    capfd.readouterr()
    assert run(command.split()) == ExitCode.USAGE
    said = capfd.readouterr().err.partition("Error: ")[2].splitlines()[0]
    assert WRONG[command] in said
    assert any(_pattern(m.text).fullmatch(said) for m in messages() if WRONG[command] in m.text), said


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.split(VALUE))))


def test_the_runbook_has_every_exit_code() -> None:
    """What happened and what to do: docs/nightly.md for an audit."""
    page = (Path(__file__).parents[1] / "docs" / "nightly.md").read_text(encoding="utf-8")
    table = page.partition("## The exit codes of `auditor audit`")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\d, ]+) \| (.+) \| (.+) \|$", table, re.MULTILINE)
    assert [int(code) for codes, _, _ in rows for code in codes.split(",")] == sorted(ExitCode)
    assert all(happened.strip() and then.strip() for _, happened, then in rows)
