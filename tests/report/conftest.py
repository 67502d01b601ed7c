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


@pytest.fixture(scope="module")
def html_of() -> Callable[[Report], str]:
    """The HTML report, made once of each report of the module's tests."""
    made: dict[int, tuple[Report, str]] = {}

    def page(report: Report) -> str:
        # By identity: to compare reports would take longer than to render them. They are kept, so that none takes the
        # place of another.
        if id(report) not in made:
            made[id(report)] = (report, "".join(render(report, Format.HTML)))
        return made[id(report)][1]

    return page


@pytest.fixture
def page_file(tmp_path: Path, html_of: Callable[[Report], str]) -> Callable[[Report], Path]:
    def write(report: Report) -> Path:
        path = tmp_path / "report.html"
        path.write_text(html_of(report), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def night() -> Report:
    """A report with a history, small enough to be quick."""
    return large(900)
