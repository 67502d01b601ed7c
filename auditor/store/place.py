"""What a place of files is: a folder or a bucket's prefix (``auditor.store.backends``). Every file appears whole or not
at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from auditor.errors import DamagedError
from auditor.store.manifest import is_safe

BLOCK = 1024 * 1024
#: Bytes that ``read`` reads at most: manifests name a few files for each account and region.
SMALL = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, order=True)
class Entry:
    """A file of a place. ``modified`` is when it was written."""

    key: str
    size: int
    modified: datetime


class Backend(Protocol):
    """Files under keys; ``/`` divides a key. Every method raises ConfigError where the place cannot be used.

    Nothing outside the place is read, written or deleted, whatever a key or a symlink in it says: ``entries`` leaves
    out keys that are not plain names, all others refuse them.
    """

    @property
    def label(self) -> str:
        """What the user calls it."""

    def entries(self, prefix: str = "", limit: int = 0, after: str = "") -> list[Entry]:
        """Files whose keys begin with the prefix, by key. ``limit``: any so many are enough; 0: all. ``after``: only
        keys that come after this one."""

    def read(self, key: str) -> bytes:
        """A small file's content. Raises DamagedError for one that is not there, or larger than ``SMALL``."""

    def digest(self, key: str) -> str:
        """The SHA-256 of a file of any size, in hex. Raises DamagedError for one that is not there."""

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:
        """Local files with the contents, in the order of the keys. What is not local is copied into the folder.

        Raises DamagedError for one that is not there.
        """

    def put(self, key: str, source: Path) -> None:
        """Write a file, over one that is there."""

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write a small file, over one that is there."""

    def put_new(self, key: str, source: Path) -> bool:
        """Write a file where none is: of several writers one succeeds. False where one is there, which stays."""

    def move(self, key: str, target: str) -> None:
        """Give a file another key, over one that is there."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete files; one that is not there is no error."""

    def hold(self, key: str) -> None:
        """Hold a file that is there, for as long as this process lives, where the place can do that."""

    def is_held(self, key: str) -> bool | None:
        """Whether a living process holds the file; None where the place can't tell."""

    def remove_leftovers(self) -> None:
        """Remove temporary files that writers who were killed have left."""


def refuse_unsafe(key: str, label: str, folder: Path = Path()) -> Path:
    """The key's place below a folder. Raises DamagedError for a key that may lie elsewhere."""
    if not is_safe(key):
        raise DamagedError(f"{label}: holds no file called {key[:200]!r}: such a name may lead out of it")
    return folder / key


def sha256(blocks: Iterable[bytes]) -> str:
    """The SHA-256 of these blocks together, in hex."""
    found = hashlib.sha256()
    for block in blocks:
        found.update(block)
    return found.hexdigest()


def missing(where: str) -> DamagedError:
    """The error for a file that is not there."""
    return DamagedError(f"{where}: cannot be read: no such file")


def small(data: bytes, where: str) -> bytes:
    """The content of a small file. Raises DamagedError where it is larger than ``SMALL``."""
    if len(data) > SMALL:
        raise DamagedError(f"{where}: is larger than {SMALL:,} bytes, so it is none of this store's")
    return data
