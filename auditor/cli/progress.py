"""Progress on stderr: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from auditor.cli.log_options import LOGGER, SHOWN, is_verbose
from auditor.cli.terminal import say
from auditor.collect.interface import Progress

#: Seconds between two lines, where nobody watches and where somebody asked for them.
_SELDOM, _OFTEN = 30.0, 2.0


class ProgressLines:
    """A line after ``every`` seconds, and again after so many: a short run says nothing. In the log as well.

    ``shown``: on stderr; with --verbose the log is there already.
    """

    def __init__(self, every: float, *, shown: bool) -> None:
        self._every = every
        self._shown = shown
        self._due = time.monotonic() + every

    def advance(self, stage: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + self._every
        line = f"{stage}: {done:,} of {total:,}"
        if self._shown:
            say(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}", err=True)
        (SHOWN if self._shown else LOGGER).info("%s", line)


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """What is told how far collecting has come."""
    if is_verbose():
        yield ProgressLines(_OFTEN, shown=False)
        return
    if quiet or not sys.stderr.isatty():
        yield ProgressLines(_SELDOM, shown=not quiet)
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("collecting", total=None)

        class _Shown:
            def advance(self, stage: str, done: int, total: int) -> None:
                bar.update(task, description=stage, completed=done, total=total)

        yield _Shown()
