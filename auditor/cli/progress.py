"""Progress on stderr, where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from auditor.collect.interface import Progress


@contextmanager
def progress(quiet: bool) -> Iterator[Progress | None]:
    """A bar that disappears when done; None where nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
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
