"""auditor whereami"""

from __future__ import annotations

import io
import os
import select
import stat
import sys
from pathlib import Path

import click

from auditor.cli.options import debug_option
from auditor.cli.terminal import say
from auditor.errors import ConfigError, ExitCode
from auditor.regular_files import NotReadError, read_regular

_MOUNTS = Path("/proc/mounts")
#: Bytes, or characters, of a list of mounted file systems; what comes behind is not read.
_LARGEST = 8 * 1024 * 1024
#: How long text piped without "-" may take to begin. A pipe that nobody writes into must not hang the command.
_PATIENCE = 2.0


@click.command("whereami", short_help="Tell whether this is Studio Classic or the new Studio.")
@click.argument("source", required=False, metavar="[FILE]")
@debug_option
def command(source: str | None) -> ExitCode:
    """Say whether this is Studio Classic or the new Studio, and why, from the mounted file systems.

    Without FILE, reads what is piped in (df -h | auditor whereami), else /proc/mounts. FILE holds the text of df -h,
    mount or /proc/mounts; "-" is stdin.

    Exit codes: 0 it is one of the two, 5 it is neither or the file systems do not tell, 2 there is nothing to read.
    """
    from auditor.collect.whereami import Environment, parse, whereami

    text, name = _read(source)
    mounts = parse(text)
    if not mounts:
        raise ConfigError(
            f"{name} holds no list of mounted file systems",
            hint="In a terminal of the space: df -h | auditor whereami",
        )
    answer = whereami(mounts)
    titles = {
        Environment.CLASSIC: "Studio Classic, on EFS.",
        Environment.STUDIO: "The new Studio, on EBS.",
        Environment.NEITHER: "Neither Studio Classic nor the new Studio.",
        Environment.UNKNOWN: "Cannot tell.",
    }
    click.echo(titles[answer.place])
    for sentence in answer.because:
        say(sentence)
    return ExitCode.OK if answer.place in (Environment.CLASSIC, Environment.STUDIO) else ExitCode.INCOMPLETE


def _read(source: str | None) -> tuple[str, str]:
    """The text, and what it is called."""
    if source == "-":
        return sys.stdin.read(_LARGEST), "stdin"
    if source is not None:
        return _file(Path(source)), source
    piped = _piped()
    return (piped, "stdin") if piped.strip() else (_file(_MOUNTS), str(_MOUNTS))


def _file(path: Path) -> str:
    try:
        return read_regular(path, _LARGEST).decode(errors="replace")
    except NotReadError as error:
        raise ConfigError(
            f"{path}: {error.reason.removeprefix('it ')}", hint="In a terminal of the space: df -h | auditor whereami"
        ) from error


def _piped() -> str:
    """What another program or a file gives on stdin; empty where nobody does."""
    try:
        handle = sys.stdin.fileno()
    except (io.UnsupportedOperation, AttributeError, ValueError):
        # stdin is no file of the system's: a program that calls this one has put its own text there.
        return sys.stdin.read(_LARGEST) if sys.stdin is not None and not sys.stdin.closed else ""
    mode = os.fstat(handle).st_mode
    if stat.S_ISREG(mode) or (stat.S_ISFIFO(mode) and select.select([handle], [], [], _PATIENCE)[0]):
        return sys.stdin.read(_LARGEST)
    return ""
