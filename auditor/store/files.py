"""Writing files whole or not at all, for the owner's eyes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from auditor.errors import ConfigError
from auditor.temporary_files import ENDING, hold


@dataclass(frozen=True, slots=True)
class Access:
    """Permissions of the files and folders that are made, whatever the umask. A folder that is there keeps its own."""

    file: int = 0o600
    folder: int = 0o700


#: Reports, snapshots and stores are an inventory of an account: nobody's but their owner's.
PRIVATE = Access()
SHARED = Access(0o644, 0o755)


def access(text: str) -> Access:
    """``--mode``: three octal digits for files, of which the owner's allow reading and writing; folders can be entered
    by whoever may read the files. Raises ConfigError."""
    if len(text) in (3, 4) and text.lstrip("0") and set(text) <= set("01234567"):
        file = int(text, 8)
        if file & 0o600 == 0o600 and not file & ~0o666 and not file & 0o002:
            return Access(file, file | (file & 0o444) >> 2)
    raise ConfigError(
        f"--mode {text}: is not a mode for files",
        hint="Write octal digits: 600 for the owner alone, 640 for the group as well, 644 for everybody to read.",
    )


def make_folder(folder: Path, mode: Access = PRIVATE) -> None:
    """Make a folder and those above it. Raises OSError."""
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        try:
            each.mkdir(mode=0o700)
        except FileExistsError:
            if not each.is_dir():
                raise
            continue
        if mode.folder != 0o700:
            each.chmod(mode.folder)


@contextmanager
def atomic(path: Path, mode: Access = PRIVATE, *, through: Path | None = None, new: bool = False) -> Iterator[BinaryIO]:
    """A binary file that appears at ``path`` whole when the block ends, and not at all when it fails.

    ``through``: folder of the same file system that holds it until then, otherwise its own. Raises ConfigError where
    the folder cannot be made or written. ``new``: raises FileExistsError where a file is there, which stays.
    """
    folder = through or path.parent
    try:
        make_folder(path.parent, mode)
        make_folder(folder, mode)
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{path.name}.", suffix=ENDING)
    except OSError as error:
        raise unwritable(path, error) from error
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            # Held until the file has its name: who finds it without a holder may remove it.
            hold(out.fileno())
            yield out
            out.flush()
            os.fchmod(out.fileno(), mode.file)
            os.fsync(out.fileno())
            if new:
                # A link is refused where the name is taken, whoever took it meanwhile; a rename would replace it.
                path.hardlink_to(temporary)
            else:
                temporary.replace(path)
    except FileExistsError as error:
        if new:
            raise
        raise unwritable(path, error) from error
    except OSError as error:
        raise unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def write_shared(path: Path, text: str) -> None:
    """Write a file of a repository or a package: it holds no findings, and everybody may read it. Raises ConfigError
    where the folder cannot be made or written."""
    with atomic(path, SHARED) as out:
        out.write(text.encode("utf-8"))


def unwritable(path: Path, error: OSError) -> ConfigError:
    reason = error.strerror or str(error)
    return ConfigError(
        f"cannot write {path}: {reason}", hint="Free some space, or choose a folder that you may write to."
    )
