"""Doing something again whenever files change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path

#: Seconds between two looks at the files.
_WAIT = 0.5


def again_on_change(
    files: Callable[[], Iterable[Path]], do: Callable[[], None], pause: Callable[[float], None] = time.sleep
) -> None:
    """Call ``do`` now, and whenever one of the files is written, comes or goes. It ends with what ``do`` or ``pause``
    raises: KeyboardInterrupt where somebody presses Ctrl-C."""
    seen: dict[Path, int] | None = None
    while True:
        now = _written(files())
        if now != seen:
            seen = now
            do()
        pause(_WAIT)


def _written(files: Iterable[Path]) -> dict[Path, int]:
    """When each file was written. One that goes meanwhile is one that is not there."""
    found: dict[Path, int] = {}
    for path in files:
        try:
            found[path] = path.stat().st_mtime_ns
        except OSError:
            continue
    return found
