"""A plugin of pytest for ``make quick``: no test is started after a moment, and those that were not are said.

``QUICK_UNTIL`` is that moment, in seconds since the epoch: the workers of pytest-xdist have it from the same place.
"""

from __future__ import annotations

import os
import time
from collections import Counter

import pytest

_OVER = "the time of make quick was over"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Before any fixture is made."""
    if time.time() > float(os.environ["QUICK_UNTIL"]):
        pytest.skip(_OVER)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which files were not run, or not to their end."""
    skipped = terminalreporter.stats.get("skipped", [])
    left = Counter(report.nodeid.partition("::")[0] for report in skipped if _OVER in str(report.longrepr))
    if left:
        terminalreporter.section("left out: the time was over")
        for name, number in left.items():
            terminalreporter.write_line(f"{name}: {number} tests")
        terminalreporter.write_line("What ran says nothing about them. All of them: make test")
