"""Temporary files and folders of ours, and those that killed runs have left behind.

Each is locked (flock) while its process works on it. The kernel lets go of the lock when the process ends, however it
ends, so what can be locked by another run is nobody's any more. A process id would not say that: ids are used again,
and mean nothing in another container or on another machine.
"""

from __future__ import annotations

import atexit
import errno
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from pathlib import Path

from auditor.errors import ConfigError

try:
    import fcntl
except ImportError:  # Windows: nothing is locked there, and nothing that is left behind is removed
    fcntl = None  # type: ignore[assignment]

#: How the names of temporary files end; they begin with a dot.
ENDING = ".auditor-tmp"
_FILE = re.compile(rf"\..+\.[a-z0-9_]{{8}}{re.escape(ENDING)}")
#: Temporary folders, in the folder that TMPDIR names.
_FOLDER = re.compile(r"auditor-(?:[a-z]+-)?[a-z0-9_]{8}")
_LOCK = ".auditor-lock"
#: Seconds in which a process may not have locked yet what it made.
_YOUNG = 60.0
_FULL = (errno.ENOSPC, errno.EDQUOT)
#: What the process keeps until its end.
_PROCESS = ExitStack()


def hold(handle: int) -> bool:
    """Lock an open file until it is closed. False where somebody holds it, or the file system knows no locks."""
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def is_held(handle: int) -> bool | None:
    """Whether another open file holds the lock; None where nobody can say, as on a file system without locks."""
    if fcntl is None:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return None
    return False


def can_hold() -> bool:
    """Whether this platform knows locks at all."""
    return fcntl is not None


@contextmanager
def workspace(purpose: str = "") -> Iterator[Path]:
    """A temporary folder for the owner alone, removed at the end.

    Raises ConfigError where there is no place for one, and where the disk that it lies on is full.
    """
    prefix = f"auditor-{purpose}-" if purpose else "auditor-"
    try:
        folder = Path(tempfile.mkdtemp(prefix=prefix))
    except OSError as error:
        raise _no_place(error) from error
    try:
        with (folder / _LOCK).open("wb") as lock:
            hold(lock.fileno())
            yield folder
    except OSError as error:
        if error.errno in _FULL:
            raise _no_place(error) from error
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def process_folder() -> Path:
    """One temporary folder for as long as the process lives, for what is spilled to disk. Raises ConfigError."""
    folder = _PROCESS.enter_context(workspace("process"))
    atexit.register(remove_process_folder)
    return folder


def remove_process_folder() -> None:
    """Remove it now: for a process that ends without Python's own end."""
    _PROCESS.close()


def _no_place(error: OSError) -> ConfigError:
    return ConfigError(
        f"cannot write temporary files: {error.strerror or error}",
        hint="Free some space, or name another folder with the environment variable TMPDIR.",
    )


def remove_leftovers(*folders: Path) -> list[Path]:
    """Remove what killed runs have left in these folders (files) and where temporary folders are; what was removed.

    Only what is called as ours are, belongs to this user, and is held by no process. What cannot be removed is left.
    """
    if fcntl is None:
        return []
    found = [path for folder in folders for path in _listed(folder) if _FILE.fullmatch(path.name) and _remove(path)]
    with suppress(OSError):
        found += [
            path
            for path in _listed(Path(tempfile.gettempdir()))
            if _FOLDER.fullmatch(path.name) and _remove_folder(path)
        ]
    return found


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _ours(seen: os.stat_result) -> bool:
    return seen.st_uid == os.geteuid() and seen.st_mtime < time.time() - _YOUNG


def _remove(path: Path) -> bool:
    with suppress(OSError):
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            seen = os.fstat(handle)
            if stat.S_ISREG(seen.st_mode) and _ours(seen) and hold(handle):
                path.unlink()
                return True
        finally:
            os.close(handle)
    return False


def _remove_folder(path: Path) -> bool:
    with suppress(OSError):
        seen = path.lstat()
        if not stat.S_ISDIR(seen.st_mode) or not _ours(seen):
            return False
        lock = path / _LOCK
        if not lock.exists():
            # Killed before it locked anything: then there is nothing in it. Anything else is not ours.
            path.rmdir()
            return True
        handle = os.open(lock, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if hold(handle):
                shutil.rmtree(path)
                return True
        finally:
            os.close(handle)
    return False
