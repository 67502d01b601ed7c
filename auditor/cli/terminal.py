"""The terminal: what a run says goes to stderr; colours; a reader of stdout that leaves early."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from auditor.inert_text import printable_lines, without_commands

if TYPE_CHECKING:
    from rich.console import RenderableType

#: What is shown on stderr, for --log-file. Without one nobody listens.
_SHOWN = logging.getLogger("auditor.shown")
_SHOWN.addHandler(logging.NullHandler())
#: Rich styles by severity.
STYLES: Mapping[str, str] = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


def say(text: str, *, err: bool = False) -> None:
    """Print text that may hold names from anywhere: it steers no terminal, commands no CI server, tells no secret."""
    # The forms of secrets take a while to compile, which --help and --version need not wait for.
    from auditor.masking import mask_text

    click.echo(printable_lines(mask_text(text)), err=err)


def show(printed: RenderableType, width: int | None = None, *, crop: bool = True) -> None:
    """Print what rich renders, in colour where stdout is a terminal; wrapped or not, no line is a command."""
    from rich.console import Console

    console = Console(width=width, highlight=False)
    if console.width < 1:
        # COLUMNS=0, as terminals say that know no size: rich would print nothing at all.
        console.width = 80
    with console.capture() as captured:
        console.print(printed, crop=crop)
    text = without_commands(captured.get())
    if not console.is_terminal:
        # Nobody needs the blanks that fill a row.
        text = "\n".join(line.rstrip(" ") for line in text.split("\n"))
    click.echo(text, nl=False, color=True)


def emit(pieces: Iterable[str]) -> None:
    """Print what programs read, or what is written to files in UTF-8 as well: as UTF-8, whatever the locale says."""
    out = sys.stdout.buffer
    sys.stdout.flush()
    for piece in pieces:
        out.write(piece.encode("utf-8"))
    out.flush()


@dataclass(frozen=True, slots=True)
class StderrMessages:
    """Messages of a run on stderr; with ``--quiet`` only problems."""

    quiet: bool = False

    def note(self, text: str) -> None:
        _SHOWN.info("%s", text)
        if not self.quiet:
            say(text, err=True)

    def problem(self, text: str) -> None:
        _SHOWN.warning("%s", text)
        say(text, err=True)


def silence_stdout() -> None:
    """The reader of stdout (``head``, a pager) has gone; Python would complain about it once more on exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def patient_stdout() -> Iterator[None]:
    """A reader of stdout that leaves early must not change the exit code."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        silence_stdout()
