"""Runs that began: one that failed, or died, stays in the store as a record of that.

``attempts/STARTED-RANDOM.json`` is written before anything is collected, removed when the run is in the store, and
says what went wrong otherwise. A run that was killed says nothing more: the next one notices that nobody holds its
file, and records that.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import msgspec

from auditor.errors import DamagedError
from auditor.inert_text import one_line
from auditor.masking import mask_text
from auditor.store import moments
from auditor.store.place import Backend
from auditor.version import __version__

ATTEMPTS = "attempts"
#: A place that can't tell whether a run is alive (S3) takes one that began so long ago for dead.
LONGEST = timedelta(hours=12)
#: A run may not hold its file yet.
_YOUNG = timedelta(minutes=1)
_TEXT = 500
DIED = "the run ended without a trace: it was killed, or its machine went away"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A run that began. ``asked``: what it was to audit, in words.

    ``ended`` is empty while nobody knows of an end. ``exit_code`` None: nobody knows it, as of a run that was killed.
    """

    attempt: str
    started: str
    command: str
    asked: str = ""
    tool_version: str = __version__
    ended: str = ""
    exit_code: int | None = None
    error: str = ""

    @property
    def key(self) -> str:
        """Where the record lies."""
        return f"{ATTEMPTS}/{self.attempt}.json"


def begin(place: Backend, command: str, asked: str = "") -> Attempt:
    """Record that a run begins. Raises ConfigError where the place cannot be written."""
    now = moments.utc_now()
    made = Attempt(f"{now:%Y%m%dT%H%M%SZ}-{os.urandom(4).hex()}", _text(now), command, _short(asked))
    _write(place, made)
    place.hold(made.key)
    return made


def succeeded(place: Backend, attempt: Attempt) -> None:
    """The run is in the store: its manifest says all. Raises ConfigError where the place cannot be written."""
    place.delete([attempt.key])


def failed(place: Backend, attempt: Attempt, exit_code: int | None, error: str) -> Attempt:
    """Record what went wrong, without secrets. Raises ConfigError where the place cannot be written."""
    made = replace(attempt, ended=_text(moments.utc_now()), exit_code=exit_code, error=_short(error))
    _write(place, made)
    return made


def record_dead(place: Backend, known: Collection[str] = ()) -> tuple[Attempt, ...]:
    """Record the runs that died; which they are. ``known``: attempts whose run is in the store, whose record goes.

    Raises ConfigError where the place cannot be read or written.
    """
    dead = []
    for attempt in _read(place):
        if attempt.attempt in known:
            place.delete([attempt.key])
        elif not attempt.ended and _is_dead(place, attempt):
            dead.append(failed(place, attempt, None, DIED))
    return tuple(dead)


def failed_runs(place: Backend, limit: int = 50) -> tuple[Attempt, ...]:
    """The newest of the runs that failed, oldest first: also those that died and that no later run has recorded yet.

    Nothing is written. Raises ConfigError where the place cannot be read.
    """
    found = []
    for attempt in _read(place, limit):
        if attempt.ended:
            found.append(attempt)
        elif _is_dead(place, attempt):
            found.append(replace(attempt, error=DIED))
    return tuple(found)


def _read(place: Backend, limit: int = 0) -> list[Attempt]:
    entries = [e for e in place.entries(f"{ATTEMPTS}/") if e.key.endswith(".json")]
    found = []
    for entry in entries[-limit:]:
        try:
            made = msgspec.json.decode(place.read(entry.key), type=Attempt)
        except DamagedError:  # removed meanwhile: its run is in the store
            continue
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if made.key == entry.key and moments.is_moment(made.started):
            found.append(made)
    return found


def _is_dead(place: Backend, attempt: Attempt) -> bool:
    age = moments.utc_now() - datetime.fromisoformat(attempt.started)
    held = place.is_held(attempt.key)
    return age > LONGEST if held is None else not held and age > _YOUNG


def _write(place: Backend, attempt: Attempt) -> None:
    place.put_bytes(attempt.key, msgspec.json.encode(attempt, order="deterministic") + b"\n")


def _short(text: str) -> str:
    return one_line(mask_text(text))[:_TEXT]


def _text(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
