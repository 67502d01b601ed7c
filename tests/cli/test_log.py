"""--verbose, --log-file, and progress where nobody watches."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.cli.progress import ProgressLines

Auditor = Callable[..., object]
_LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING) \S.*")


def test_a_log_holds_what_was_said(auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "auditor.yaml").write_text("fail_on: none\n", encoding="utf-8")
    check = ("check", estate_file("clean"), "--only", "STU6*", "--format", "json", "--log-file", "run.log", "-q")
    first = auditor(*check)
    assert (first.code, first.out, first.err) == (0, "", "")
    log = (tmp_path / "run.log").read_text(encoding="utf-8")
    assert all(_LINE.fullmatch(line) for line in log.splitlines())
    told = [line.split(" ", 2)[2] for line in log.splitlines()]
    assert told[0] == "auditor check"
    assert any("auditor.yaml" in line for line in told)
    assert told[-2:] == ["wrote audit-report/report.json", "exit code 0"]
    assert (tmp_path / "run.log").stat().st_mode & 0o777 == 0o600
    auditor(*check)
    assert (tmp_path / "run.log").read_text(encoding="utf-8").splitlines()[: len(told)] == log.splitlines()
    assert logging.getLogger("auditor").handlers == []


def test_verbose_says_on_stderr_what_is_done(auditor: Auditor, estate_file: Callable[[str], Path]) -> None:
    outcome = auditor("check", estate_file("clean"), "--only", "STU6*", "--format", "json", "-v")
    lines = outcome.err.splitlines()
    assert all(_LINE.fullmatch(line) for line in lines)
    assert lines[-1].endswith(f" INFO exit code {outcome.code}")


@pytest.mark.parametrize("kind", ["link", "pipe", "folder"])
def test_a_log_is_a_file(auditor: Auditor, estate_file: Callable[[str], Path], tmp_path: Path, kind: str) -> None:
    path = tmp_path / "run.log"
    if kind == "link":
        path.symlink_to(tmp_path / "elsewhere")
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.mkdir()
    outcome = auditor("check", estate_file("clean"), "--log-file", "run.log")
    assert (outcome.code, outcome.out) == (2, "")
    assert not (tmp_path / "elsewhere").exists()


def test_progress_is_a_line_now_and_then(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr("auditor.cli.progress.time.monotonic", lambda: now[0])
    lines = ProgressLines(30.0, shown=True)
    for second in range(100):
        now[0] = 100.0 + second
        lines.advance("collecting", second, 1000)
    said = capsys.readouterr().err.splitlines()
    assert [line.split("Z ")[1] for line in said] == [f"collecting: {n} of 1,000" for n in (30, 60, 90)]
