"""Where a run that is broken off lies until the same command goes on (``--resume``)."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from auditor.errors import ConfigError
from auditor.run.messages import Messages
from auditor.store.files import make_folder, unwritable
from auditor.temporary_files import can_hold, hold

#: How the names of these folders begin; the rest is a hash of what was asked for.
PREFIX = ".auditor-unfinished-"
#: Seconds after which nobody goes on with one: a day is the longest that a collection may have begun before.
_OLD = 2 * 24 * 3600.0
_LOCK = "lock"
#: Variables that decide where a command looks.
_VARIABLES = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE")


@contextmanager
def unfinished(place: Path, asked: Sequence[object], messages: Messages) -> Iterator[Path]:
    """The folder of this command, for the owner alone; removed where the block ends well, and kept where it does not.

    ``asked``: what tells the command from others, as its ``repr`` says it. Raises ConfigError where the folder cannot
    be made, is another user's, or is in use by a run that is still at work.
    """
    folder = place / f"{PREFIX}{_name(asked)}"
    with ExitStack() as stack:
        try:
            make_folder(place)
            _remove_old(place, folder)
            goes_on = folder.is_dir()
            with suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            _refuse_foreign(folder)
            lock = stack.enter_context((folder / _LOCK).open("ab"))
        except OSError as error:
            raise unwritable(folder, error) from error
        if can_hold() and not hold(lock.fileno()):
            raise ConfigError(f"a run of the same command is still at work in {folder}", hint="Wait for it, or end it.")
        if goes_on:
            messages.note(f"Goes on with what was collected before (in {folder}).")
        yield folder
        shutil.rmtree(folder, ignore_errors=True)


def _name(asked: Sequence[object]) -> str:
    endpoints = sorted((name, value) for name, value in os.environ.items() if name.startswith("AWS_ENDPOINT_URL"))
    variables = [(name, os.environ.get(name)) for name in _VARIABLES]
    return hashlib.sha256(repr((list(asked), endpoints, variables)).encode()).hexdigest()[:16]


def _refuse_foreign(folder: Path) -> None:
    """Whoever may write to the place could have put something there that would be taken for what was collected."""
    seen = folder.lstat()
    if not stat.S_ISDIR(seen.st_mode) or (hasattr(os, "geteuid") and seen.st_uid != os.geteuid()):
        raise ConfigError(f"{folder} is not a folder of this user, so it is not used", hint="Remove it.")
    if seen.st_mode & 0o022:
        raise ConfigError(f"{folder} can be written by other users, so it is not used", hint="Remove it.")


def _remove_old(place: Path, but: Path) -> None:
    """Remove what other commands left behind and nobody works on."""
    for folder in place.glob(f"{PREFIX}*"):
        lock = folder / _LOCK
        with suppress(OSError, ConfigError):
            if folder == but or folder.lstat().st_mtime > time.time() - _OLD:
                continue
            _refuse_foreign(folder)
            with lock.open("ab") as handle:
                if hold(handle.fileno()):
                    shutil.rmtree(folder, ignore_errors=True)
