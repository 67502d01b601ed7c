"""--verbose and --log-file: what a run did, and when, on stderr and in a file."""

from __future__ import annotations

import logging
import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import click

from auditor.cli.option_groups import several
from auditor.errors import ConfigError
from auditor.store.files import unwritable

#: Everything that a run says, to whoever listens: the package's logger.
LOGGER = logging.getLogger("auditor")
#: What stderr shows already.
SHOWN = logging.getLogger("auditor.shown")


class _Form(logging.Formatter):
    """``2026-11-27T02:00:10Z INFO text``, with nothing that steers a terminal and no secret."""

    def __init__(self) -> None:
        super().__init__("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        from auditor.inert_text import printable_lines
        from auditor.masking import mask_text

        return printable_lines(mask_text(super().format(record)))


class _Stream(logging.StreamHandler[TextIO]):
    """What the log cannot take is lost: it is beside the run, and no reason to fail."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 — logging's own name
        pass


def is_verbose() -> bool:
    """Whether --verbose was given to the command that runs."""
    found = click.get_current_context(silent=True)
    return bool(found is not None and found.meta.get(_VERBOSE))


_VERBOSE = "auditor.verbose"


def _set_verbose(context: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        context.meta[_VERBOSE] = True
        handler = _Stream(sys.stderr)
        handler.addFilter(lambda record: record.name != SHOWN.name)
        _listen(context, handler)


def _set_log_file(context: click.Context, _param: click.Parameter, value: Path | None) -> None:
    if value is not None:
        handler = _Stream(_opened(value))
        _listen(context, handler, handler.stream.close)
        LOGGER.info("auditor %s", context.command_path.removeprefix("auditor "))


def _listen(context: click.Context, handler: logging.Handler, close: Callable[[], None] | None = None) -> None:
    """Until the command ends."""
    handler.setFormatter(_Form())
    LOGGER.setLevel(logging.INFO)
    LOGGER.addHandler(handler)

    def end() -> None:
        LOGGER.removeHandler(handler)
        LOGGER.setLevel(logging.NOTSET)
        if close is not None:
            with suppress(OSError):
                close()

    context.call_on_close(end)


def _opened(path: Path) -> TextIO:
    """The log to append to: a regular file, for the owner alone where it is made, and no link. Raises ConfigError."""
    try:
        handle = os.open(
            path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600
        )
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return os.fdopen(handle, "a", encoding="utf-8")
    except OSError as error:
        raise unwritable(path, error) from error
    os.close(handle)
    raise ConfigError(f"--log-file {path}: not a regular file")


log_options = several(
    click.option(
        "-v", "--verbose", is_flag=True, expose_value=False, callback=_set_verbose,
        help="Print what is done, with the time, on stderr.",
    ),
    click.option(
        "--log-file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", expose_value=False,
        callback=_set_log_file, help="Append what is done, and every message, with the time to this file.",
    ),
)  # fmt: skip
