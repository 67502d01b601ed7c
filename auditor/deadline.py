"""A limit to how long a call may take, over all of its attempts and however slowly an answer drips in.

Timeouts of a socket begin anew with each byte. So a call that has a limit runs in a thread that stands by for whoever
calls, and is left behind where the limit is over: it ends with the process at the latest, and nobody waits for it.
Starting a thread for each call would cost a tenth of what botocore takes for the call.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Outcome = SimpleQueue[tuple[Any, BaseException | None]]
_Asked = SimpleQueue[tuple[Callable[[], Any], _Outcome] | None]


class DeadlineError(Exception):
    """A call took longer than it may."""


class _StandBy:
    """A thread that makes the calls of one other thread, and ends with it."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.asked: _Asked = SimpleQueue()
        threading.Thread(target=_serve, args=(self.asked,), name="call", daemon=True).start()

    def __del__(self) -> None:
        self.asked.put(None)


class _Own(threading.local):
    """The thread that stands by for this one."""

    stand_by: _StandBy | None = None


_own = _Own()


def _serve(asked: _Asked) -> None:
    while (task := asked.get()) is not None:
        call, outcome = task
        try:
            outcome.put((call(), None))
        except BaseException as error:  # noqa: BLE001 — handed over to the thread that waits
            outcome.put((None, error))
        # Nothing of a call is kept until the next.
        del task, call, outcome


def within(seconds: float, call: Callable[[], T], what: str) -> T:
    """What the call returns, or raises. Raises DeadlineError where it takes longer."""
    # While a call is under way, and where it was left behind, its thread is nobody's: the next call has another one.
    stand_by, _own.stand_by = _own.stand_by, None
    if stand_by is None or stand_by.process != os.getpid():
        stand_by = _StandBy()
    outcome: _Outcome = SimpleQueue()
    stand_by.asked.put((call, outcome))
    try:
        result, error = outcome.get(timeout=seconds)
    except Empty:
        raise DeadlineError(f"{what} had no answer after {seconds:g} seconds") from None
    _own.stand_by = stand_by
    if error is not None:
        try:
            raise error
        finally:
            del error
    made: T = result
    return made
