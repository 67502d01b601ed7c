"""Running the command line, in this process or as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from auditor.cli.main import run


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def auditor(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Outcome]:
    """``auditor("audit", "--region", …)`` in this process, from an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("AUDITOR_DEBUG", raising=False)

    def call(*arguments: object) -> Outcome:
        capfd.readouterr()
        code = run([str(a) for a in arguments])
        captured = capfd.readouterr()
        os.environ.pop("AUDITOR_DEBUG", None)
        return Outcome(int(code), captured.out, captured.err)

    return call


def process(arguments: Sequence[object], **options: object) -> subprocess.Popen[str]:
    """The installed command as a process of its own."""
    command = [str(Path(sys.executable).with_name("auditor")), *map(str, arguments)]
    return subprocess.Popen(  # type: ignore[call-overload, no-any-return]
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
