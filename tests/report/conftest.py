"""Reports of the embedded estates."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from auditor.evaluate.gate import apply_gate
from auditor.model.report import Gate, Report
from auditor.report.render import Format, render

from .browser import close
from .estate import large


@pytest.fixture(autouse=True, scope="module")
def _one_browser() -> Iterator[None]:
    """The browser of a module's tests: to keep it longer would leave its event loop to tests that run one of theirs."""
    yield
    close()


@pytest.fixture(scope="session")
def report_of(estate_report: Callable[[str], Report]) -> Callable[[str], Report]:
    """``report_of("acme")``, with the gate applied."""
    return cache(lambda name: apply_gate(estate_report(name), Gate()))


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
