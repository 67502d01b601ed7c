"""Reports of the embedded estates."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.evaluate.audit import EvaluateOptions, evaluate
from auditor.evaluate.gate import apply_gate
from auditor.model.report import Gate, Report
from auditor.model.rule import Rule
from auditor.report.render import Format, render

from .estate import large


@pytest.fixture(scope="session")
def report_of(estate_file: Callable[[str], Path], built_in_rules: tuple[Rule, ...]) -> Callable[[str], Report]:
    """``report_of("acme")``: evaluated once a session."""
    made: dict[str, Report] = {}

    def report(name: str) -> Report:
        if name not in made:
            options = EvaluateOptions(with_inventory=True)
            made[name] = apply_gate(evaluate([estate_file(name)], built_in_rules, options), Gate())
        return made[name]

    return report


@pytest.fixture
def page_file(tmp_path: Path) -> Callable[[Report], Path]:
    def write(report: Report) -> Path:
        path = tmp_path / "report.html"
        path.write_text("".join(render(report, Format.HTML)), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def night() -> Report:
    """A report with a history, small enough to be quick."""
    return large(900)
