"""Reading files that somebody else may have put there: regular ones only, opened once, up to a size.

A name may stand for a device that never ends, a pipe that nobody writes to, or another file a moment later. So the file
is opened first, without following a link or waiting for a writer, and what was opened is what is looked at.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO, NoReturn

_KINDS = (
    (stat.S_ISDIR, "a folder"), (stat.S_ISFIFO, "a named pipe"), (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"), (stat.S_ISBLK, "a device"),
)  # fmt: skip
_PIECE = 1 << 20


class NotRegularError(OSError):
    """A device, a pipe, a socket or a folder where a file was expected."""


class NotReadError(Exception):
    """Why a file was not read, as the end of a sentence: ``it is a device, not a file``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class TooLargeError(NotReadError):
    """A regular file that is larger than what may be read. ``start``: as much of it as may be."""

    def __init__(self, limit: int, start: bytes) -> None:
        super().__init__(f"it is larger than {limit // (1 << 20):,} MiB")
        self.start = start


def open_regular(path: Path, *, follow: bool = True) -> BinaryIO:
    """A file to read, which must be a plain one: devices and pipes may never end.

    ``follow``: the last part of the path may be a symbolic link. Raises NotRegularError and other OSErrors.
    """
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY | (0 if follow else os.O_NOFOLLOW)
    handle = os.open(path, flags)
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise NotRegularError(0, f"is {kind_of(mode)}, not a file")
    return os.fdopen(handle, "rb")


def read_regular(path: Path, limit: int, *, follow: bool = True) -> bytes:
    """The content of a regular file of at most ``limit`` bytes.

    ``follow``: the last part of the path may be a symbolic link. Raises NotReadError, TooLargeError.
    """
    try:
        with open_regular(path, follow=follow) as file:
            return _content(file, limit)
    except (OSError, ValueError) as error:
        raise NotReadError(_refusal(error)) from None


def read_text(path: Path, limit: int) -> str:
    """The same of a file that holds UTF-8 text. Raises NotReadError, TooLargeError."""
    try:
        return read_regular(path, limit).decode()
    except UnicodeDecodeError:
        raise NotReadError("it is not UTF-8 text") from None


def files_below(folder: Path) -> list[Path]:
    """Everything below a folder that is not a folder, by path: what cannot be read is not passed over.

    Symbolic links to folders are not entered. Raises NotReadError where a folder cannot be listed.
    """

    def refuse(error: OSError) -> NoReturn:
        raise NotReadError(f"{error.filename} cannot be listed: {error.strerror or error}") from None

    return sorted(Path(place) / name for place, _, names in os.walk(folder, onerror=refuse) for name in names)


def _content(file: BinaryIO, limit: int) -> bytes:
    pieces, left = [], limit + 1
    while left > 0 and (piece := file.read(min(left, _PIECE))):
        pieces.append(piece)
        left -= len(piece)
    content = b"".join(pieces)
    if len(content) > limit:
        raise TooLargeError(limit, content[:limit])
    return content


def _refusal(error: OSError | ValueError) -> str:
    if isinstance(error, ValueError):
        return "its name is not a path"
    if isinstance(error, NotRegularError):
        return f"it {error.strerror}"
    if error.errno == errno.ELOOP:
        return "it is a symbolic link that leads nowhere"
    if error.errno == errno.ENXIO:
        return "it is a socket or a device, not a file"
    return f"it cannot be read: {error.strerror or error}"


def kind_of(mode: int) -> str:
    """What a file that is not a regular one is, in words."""
    return next((words for test, words in _KINDS if test(mode)), "something else")


def tree_of(path: Path) -> Path:
    """The tree that a path lies in: the repository around it (``.git``), else its own folder. Links are resolved."""
    real = Path(os.path.realpath(path))
    folder = real if real.is_dir() else real.parent
    return next((place for place in (folder, *folder.parents) if (place / ".git").exists()), folder)
