"""Which files a scan may read, and reading them.

A repository holds what its authors put there: symbolic links, variable files that are links, manifests and module
sources with any path in them. What is read shows up in a report. So every file is opened here, and only where it lies,
with all links resolved, below what the user named or, for modules and nested templates, in the repository around that.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from auditor.collect.iac.unreadable import UnreadableError
from auditor.regular_files import NotReadError, read_regular, tree_of

#: A template body may have 1 MB (CloudFormation quotas), a file of configuration is smaller; whatever is much larger is
#: neither.
MAX_BYTES = 16 * 1024 * 1024
#: A plan holds everything that is deployed, and what it was before.
MAX_PLAN_BYTES = 64 * 1024 * 1024
NOWHERE = "it is a symbolic link that leads nowhere"
NO_PATH = "its name is not a path"
OUTSIDE = "it is a symbolic link that leads out of the repository"

#: Why no file can be opened that is called so, whatever there is.
_NEVER = {errno.ENAMETOOLONG: NO_PATH, errno.ELOOP: NOWHERE}


@dataclass(frozen=True, slots=True)
class Tree:
    """What may be read. ``scanned``: the folders that the user named, or those of files; ``repositories``: the trees
    that they lie in. Links in both are resolved."""

    scanned: tuple[Path, ...]
    repositories: tuple[Path, ...]

    @classmethod
    def around(cls, paths: Sequence[Path]) -> Tree:
        """The tree of the paths that a user names."""
        folders = [real if real.is_dir() else real.parent for real in (Path(os.path.realpath(p)) for p in paths)]
        return cls(tuple(dict.fromkeys(folders)), tuple(dict.fromkeys(map(tree_of, folders))))

    def holds(self, path: Path) -> bool:
        """Whether a path lies in the repository around what is scanned."""
        return _below(path, self.repositories)

    def is_scanned(self, path: Path) -> bool:
        """Whether a path lies below what the user named."""
        return _below(path, self.scanned)

    def read(self, path: Path, limit: int = MAX_BYTES) -> bytes:
        """A file's content. Raises UnreadableError for what is not a regular file of the tree, or too large."""
        real = real_path(path)
        if path.is_symlink() and not os.path.lexists(real):
            raise UnreadableError(NOWHERE)
        if not self.holds(real):
            raise UnreadableError(OUTSIDE if self._leads_out(path) else "it lies outside of the repository")
        return opened(real, limit)

    def read_named(self, path: Path, limit: int = MAX_BYTES) -> bytes:
        """The content of a file that the user names on the command line. It may lie anywhere, but where it lies in the
        tree, no link of the tree may lead out of it. Raises UnreadableError."""
        if self._leads_out(path):
            raise UnreadableError(OUTSIDE)
        return opened(Path(os.path.realpath(path)), limit)

    def _leads_out(self, path: Path) -> bool:
        """Whether a path goes through the tree and ends somewhere else: a link of the tree leads there."""
        return not self.holds(path) and any(
            self.holds(folder) for folder in Path(os.path.normpath(path.absolute())).parents
        )


def within(base: Path, name: str) -> Path | None:
    """A path that a file of the tree names, from a folder on, with its links resolved; None where it is none (a zero
    byte, half a character, a name that is too long, a link that leads back to itself)."""
    with suppress(UnreadableError):
        return real_path(base / name)
    return None


def real_path(path: Path) -> Path:
    """The path with its links resolved. Raises UnreadableError where no file can be called so."""
    try:
        real = Path(os.path.realpath(path))
        real.stat()
    except ValueError as error:
        raise UnreadableError(NO_PATH) from error
    except OSError as error:
        if error.errno in _NEVER:
            raise UnreadableError(_NEVER[error.errno]) from error
    return real


def opened(real: Path, limit: int) -> bytes:
    """The content of a regular file, not a link. Raises UnreadableError."""
    try:
        return read_regular(real, limit, follow=False)
    except NotReadError as error:
        raise UnreadableError(error.reason) from error


def _below(path: Path, folders: Sequence[Path]) -> bool:
    try:
        real = Path(os.path.realpath(path))
    except (OSError, ValueError):
        return False
    return any(real.is_relative_to(folder) for folder in folders)
