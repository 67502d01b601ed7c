"""The process's standard streams and signals: what they do to a run is said as what it is, and is no defect of ours.

Only ``main`` prepares them; who calls the package from a program of their own keeps streams and signals as they are.
"""

from __future__ import annotations

import io
import os
import signal
import sys
from types import FrameType
from typing import TextIO

from auditor.errors import AuditorError, ExitCode

#: Signals that end a run cleanly, and the exit code that says so: 128 and the signal's number, as shells have it.
_ENDINGS = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}


class OutputError(AuditorError):
    """What was to be printed could not be: the disk behind stdout is full, or stdout is closed."""

    exit_code = ExitCode.USAGE


class _Stdout(io.FileIO):
    """Raises OutputError where stdout takes nothing. That a reader has left stays a BrokenPipeError."""

    def write(self, data: object) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)  # type: ignore[arg-type]
        except BrokenPipeError:
            raise
        except OSError as error:
            raise OutputError(
                f"cannot write to stdout: {error.strerror or error}",
                hint="What was to be printed there is lost. Reports that were written to a folder are complete.",
            ) from error


class _Stderr(io.FileIO):
    """Loses what stderr does not take: there is no other place where that could be said."""

    def write(self, data: object) -> int | None:  # type: ignore[override]
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError:
            return len(memoryview(data))  # type: ignore[arg-type]


def prepare_streams() -> None:
    """Standard streams that are there, show every character, and say what is wrong with them.

    A closed one is opened on the null device, or the next file that is opened would take its number: stdout and stdin
    so that using them fails as it does on a closed one, stderr so that it is lost. A character that the encoding lacks
    is written as an escape: names and texts never end a run.
    """
    for number, flags in ((0, os.O_WRONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is taken, and those below it are open by now.
            os.open(os.devnull, flags)
    sys.stdout = _stream(_Stdout(1, "w", closefd=False), sys.stdout)
    sys.stderr = _stream(_Stderr(2, "w", closefd=False), sys.stderr)


def _stream(raw: io.FileIO, like: TextIO | None) -> TextIO:
    """Text on ``raw``, in the encoding of the stream that it replaces; None was closed."""
    if like is not None:
        like.flush()
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=like.encoding if like is not None else "utf-8",
        errors="backslashreplace", line_buffering=raw.isatty() or raw.fileno() == 2,
    )  # fmt: skip


class Signals:
    """Which signal ended the run, if one did."""

    def __init__(self) -> None:
        self.ended_by: ExitCode | None = None

    def prepare(self) -> None:
        """SIGTERM ends a run as Ctrl-C does: what is half written goes away. A signal that is ignored stays so."""
        for number in _ENDINGS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._end)

    def ignore(self) -> None:
        """A run that is ending is not ended again: a second Ctrl-C would only leave a traceback behind."""
        for number in _ENDINGS:
            if signal.getsignal(number) == self._end:
                signal.signal(number, signal.SIG_IGN)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        # DuckDB turns what is raised here while it works into an error of its own; the note of it stays.
        self.ended_by = _ENDINGS[signal.Signals(number)]
        raise KeyboardInterrupt


SIGNALS = Signals()
