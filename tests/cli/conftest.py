"""Running the command line, in this process or as users do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from auditor.cli.main import run
from auditor.evaluate.audit import DEFAULTS, EvaluateOptions, evaluate
from auditor.model.report import Report
from auditor.model.rule import Rule


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture(scope="session", autouse=True)
def _the_same_is_evaluated_once() -> Iterator[None]:
    """The same files, rules and options give an equal report (tests/evaluate/test_audit.py): most tests of the command
    line are about what becomes of it. Where tables are written as well, they are made."""
    made: dict[str, Report] = {}

    def once(files: Sequence[Path], rules: Sequence[Rule], options: EvaluateOptions = DEFAULTS) -> Report:
        if options.export is not None:
            return evaluate(files, rules, options)
        held = [(file.name, sha256(file.read_bytes()).hexdigest()) for file in files]
        key = sha256(repr((held, rules, options)).encode()).hexdigest()
        if key not in made:
            made[key] = evaluate(files, rules, options)
        return made[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auditor.run.conclude.evaluate", once)
        patch.setattr("auditor.evaluate.audit.evaluate", once)
        yield


@pytest.fixture
def auditor(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[..., Outcome]:
    """``auditor("audit", "--region", …)`` in this process, from an empty working folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("AUDITOR_DEBUG", raising=False)
    # How far a collection has come is said by the clock: nothing of it here, however busy the machine is.
    monkeypatch.setattr("auditor.cli.progress._SELDOM", float("inf"))

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
