"""A run that fails leaves a record in the store, whatever ends it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from auditor.errors import AuditorError, ExitCode
from auditor.run.messages import LoggedMessages

if TYPE_CHECKING:
    from auditor.store.attempts import Attempt
    from auditor.store.runs import RunStore


@dataclass(slots=True)
class Outcome:
    """What a run says of itself before it ends: ``lost`` is why it could not be kept, with the exit code it has."""

    lost: str = ""
    code: ExitCode = ExitCode.OK


@contextmanager
def recorded(store: RunStore | None, command: str, asked: str = "") -> Iterator[Outcome]:
    """Record in the store that a run begins, and how it failed if it does; runs that died before are recorded now.

    Inside of another one of the same store, nothing more is recorded. Raises ConfigError where the store cannot be
    written, before anything is collected.
    """
    outcome = Outcome()
    if store is None or store.attempt:
        yield outcome
        return
    from auditor.store import attempts

    attempts.record_dead(store.place, {run.attempt for run in store.runs()})
    attempt = attempts.begin(store.place, command, asked)
    store.attempt = attempt.attempt
    try:
        yield outcome
    except BaseException as error:
        _note(store, attempt, *_ending(error))
        raise
    else:
        if outcome.lost:
            _note(store, attempt, outcome.code, outcome.lost)
        else:
            _forget(store, attempt)
    finally:
        store.attempt = ""


def note_failure(text: str, profile: str | None, error: AuditorError) -> None:
    """Record a run that could not even begin, where ``text`` names a store. That it cannot be is only logged: the error
    counts."""
    from auditor.run.run_store import write_overviews
    from auditor.store import attempts
    from auditor.store.backends import open_backend
    from auditor.store.runs import RunStore

    try:
        store = RunStore(open_backend(text, profile))
        if not store.place.entries(limit=1):
            return  # no run has made it a store yet
        store.check()
        attempts.failed(store.place, attempts.begin(store.place, "plan"), *_ending(error))
        write_overviews(store)
    except AuditorError as unwritten:
        if unwritten.message != error.message:
            LoggedMessages().problem(f"the failed run could not be recorded: {unwritten.message}")


def _ending(error: BaseException) -> tuple[ExitCode, str]:
    if isinstance(error, AuditorError):
        return error.exit_code, error.message
    if isinstance(error, KeyboardInterrupt):
        return ExitCode.INTERRUPTED, "interrupted"
    return ExitCode.INTERNAL, f"{type(error).__name__}: {error}"


def _forget(store: RunStore, attempt: Attempt) -> None:
    from auditor.store import attempts

    try:
        attempts.succeeded(store.place, attempt)
    except AuditorError as error:
        # The next run removes it: the run's manifest names it.
        LoggedMessages().problem(f"the record of the run's beginning stays: {error.message}")


def _note(store: RunStore, attempt: Attempt, code: ExitCode, message: str) -> None:
    from auditor.run.run_store import write_overviews
    from auditor.store import attempts

    try:
        attempts.failed(store.place, attempt, int(code), message)
        # Whoever opens the store's page sees that the night failed.
        write_overviews(store)
    except AuditorError as unwritten:
        LoggedMessages().problem(f"the failed run could not be recorded: {unwritten.message}")
