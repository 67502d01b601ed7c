"""The terminal: what a run says goes to stderr; colours; a reader of stdout that leaves early."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import click

from auditor.run.messages import printable

#: Rich styles by severity.
STYLES: Mapping[str, str] = {"critical": "bold red", "high": "red", "medium": "yellow", "low": "cyan", "info": "dim"}


@dataclass(frozen=True, slots=True)
class StderrMessages:
    """Messages of a run on stderr; with ``--quiet`` only problems."""

    quiet: bool = False

    def note(self, text: str) -> None:
        if not self.quiet:
            click.echo(printable(text), err=True)

    def problem(self, text: str) -> None:
        click.echo(printable(text), err=True)


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
