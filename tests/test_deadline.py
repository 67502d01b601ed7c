"""A call that may only take so long: in a thread that stands by, which a call that hangs keeps."""

from __future__ import annotations

import gc
import os
import threading
import time

import pytest

from auditor.deadline import DeadlineError, within


def _in_a_thread(work: object) -> None:
    thread = threading.Thread(target=work)  # type: ignore[arg-type]
    thread.start()
    thread.join()


def test_what_a_call_returns_or_raises_comes_back() -> None:
    assert within(5, lambda: 7, "Call") == 7
    assert within(5, lambda: None, "Call") is None
    with pytest.raises(KeyError, match="gone"):
        within(5, lambda: {}["gone"], "Call")
    assert within(5, lambda: 8, "Call") == 8


def test_calls_of_a_thread_share_another() -> None:
    first = within(5, threading.get_ident, "Call")
    assert first != threading.get_ident()
    assert within(5, threading.get_ident, "Call") == first


def test_a_call_that_hangs_is_left_behind_and_delays_none() -> None:
    going_on = threading.Event()
    begun = time.monotonic()
    with pytest.raises(DeadlineError, match=r"Call had no answer after 0\.05 seconds"):
        within(0.05, lambda: going_on.wait(10), "Call")
    assert within(5, lambda: "next", "Call") == "next"
    assert time.monotonic() - begun < 5
    going_on.set()


def test_a_call_within_a_call_has_a_thread_of_its_own() -> None:
    assert within(5, lambda: within(5, lambda: "inner", "Inner"), "Outer") == "inner"


def test_the_thread_ends_with_whom_it_stands_by_for() -> None:
    seen = list[threading.Thread]()
    _in_a_thread(lambda: seen.append(within(5, threading.current_thread, "Call")))
    gc.collect()
    seen[0].join(5)
    assert not seen[0].is_alive()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")
def test_a_forked_process_has_its_own() -> None:
    within(5, lambda: None, "Call")
    child = os.fork()
    if not child:
        code = 1
        try:
            code = 0 if within(5, lambda: 9, "Call") == 9 else 1
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
