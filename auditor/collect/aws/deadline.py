"""A limit to how long a call may take, over all of its attempts and however slowly an answer drips in.

Timeouts of a socket begin anew with each byte. So a call that has a limit runs in a thread of its own, which is left
behind where the limit is over: it ends with the process at the latest, and nobody waits for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


class DeadlineError(Exception):
    """A call took longer than it may."""


def within(seconds: float, call: Callable[[], T], what: str) -> T:
    """What the call returns, or raises. Raises DeadlineError where it takes longer."""
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:  # noqa: BLE001 — handed over to the thread that waits
            errors.append(error)

    thread = threading.Thread(target=run, name="call", daemon=True)
    thread.start()
    thread.join(seconds)
    if errors:
        raise errors[0]
    if not results:
        raise DeadlineError(f"{what} had no answer after {seconds:g} seconds")
    return results[0]
