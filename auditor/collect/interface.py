"""What every source is to the rest of the program."""

from __future__ import annotations

from typing import Protocol

from auditor.model.snapshot import Snapshot


class Progress(Protocol):
    """Told how far collection is. Called from many threads, so an implementation must be safe for that."""

    def advance(self, stage: str, done: int, total: int) -> None:
        """``done`` of the ``total`` calls known so far are finished; ``stage`` says where, e.g. a region."""


class Source(Protocol):
    """Something that can be seen, and of which a snapshot says what was."""

    def collect(self, progress: Progress | None = None) -> Snapshot:
        """Everything that could be seen, and a gap for all that could not. Raises ConfigError, CollectError."""
