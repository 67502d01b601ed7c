"""Where a store's files lie: a folder, or a bucket's prefix (``auditor.store.bucket``)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import BinaryIO

from auditor.errors import ConfigError, DamagedError
from auditor.regular_files import NotRegularError, open_regular
from auditor.store.bucket import Bucket
from auditor.store.files import PRIVATE, Access, atomic, make_folder, unwritable
from auditor.store.manifest import is_safe
from auditor.store.place import BLOCK, SMALL, Backend, Entry, missing, refuse_unsafe, sha256, small
from auditor.temporary_files import hold, is_held, remove_leftovers


def open_backend(text: str, profile: str | None = None, mode: Access = PRIVATE) -> Backend:
    """The place that ``--store`` names. ``profile``: AWS profile for a bucket; ``mode``: what a folder's files get.

    Raises ConfigError.
    """
    if text.startswith("s3://"):
        return Bucket(text, profile)
    if "://" in text:
        raise ConfigError(f"{text}: no store can be there", hint="Name a folder, or s3://bucket/prefix.")
    return _Folder(Path(text), mode)


class _Folder:
    def __init__(self, root: Path, mode: Access) -> None:
        if root.exists() and not root.is_dir():
            raise ConfigError(f"{root}: is not a folder, so it is not a store")
        self._root, self._mode = root, mode
        self._held: list[BinaryIO] = []
        # Files come to be in one folder, so that what killed runs left is found without walking all of the store.
        self._unfinished = root / ".unfinished"

    @property
    def label(self) -> str:
        return str(self._root)

    def _path(self, key: str, *, parent: bool = False) -> Path:
        """Where the file of a key lies. ``parent``: only the folder has to be inside, as to write or delete it."""
        path = refuse_unsafe(key, self.label, self._root)
        root = os.path.realpath(self._root)
        real = os.path.join(os.path.realpath(path.parent), path.name) if parent else os.path.realpath(path)  # noqa: PTH118 — as text, which is several times faster
        if not real.startswith(root.rstrip("/") + "/") or self._unfinished.is_symlink():
            raise DamagedError(f"{path}: leads out of the store, so it is not used")
        return path

    def entries(self, prefix: str = "", limit: int = 0, after: str = "") -> list[Entry]:
        # Whole folders of the prefix first, so that not all of the store is walked. Symlinked folders are not entered.
        # A store of years has a folder for each account and night: keys are put together as text, not as paths.
        above = prefix.rpartition("/")[0]
        waiting = [(str(self._root / above), f"{above}/" if above else "")]
        found: list[Entry] = []
        while waiting and not (limit and len(found) >= limit):
            folder, begin = waiting.pop()
            try:
                with os.scandir(folder) as inside:
                    for one in inside:
                        key = begin + one.name
                        if one.is_dir(follow_symlinks=False):
                            waiting.append((one.path, f"{key}/"))
                        elif key > after and key.startswith(prefix) and is_safe(key):
                            seen = one.stat(follow_symlinks=False)
                            found.append(Entry(key, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC)))
            except OSError:  # not there, or deleted meanwhile
                continue
        return sorted(found, key=attrgetter("key"))

    def read(self, key: str) -> bytes:
        path = self._path(key)
        with _reading(path) as file:
            return small(file.read(SMALL + 1), str(path))

    def digest(self, key: str) -> str:
        with _reading(self._path(key)) as file:
            return sha256(iter(partial(file.read, BLOCK), b""))

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:  # noqa: ARG002 — they are local already
        paths = [self._path(key) for key in keys]
        for path in paths:
            if not path.is_file():
                raise missing(str(path))
        return paths

    def put(self, key: str, source: Path) -> None:
        path = self._path(key, parent=True)
        with atomic(path, self._mode, through=self._unfinished) as out, source.open("rb") as file:
            shutil.copyfileobj(file, out, BLOCK)

    def put_bytes(self, key: str, data: bytes) -> None:
        with atomic(self._path(key, parent=True), self._mode, through=self._unfinished) as out:
            out.write(data)

    def put_new(self, key: str, source: Path) -> bool:
        path = self._path(key, parent=True)
        try:
            with atomic(path, self._mode, through=self._unfinished, new=True) as out, source.open("rb") as file:
                shutil.copyfileobj(file, out, BLOCK)
        except FileExistsError:
            return False
        return True

    def move(self, key: str, target: str) -> None:
        source, path = self._path(key, parent=True), self._path(target, parent=True)
        try:
            make_folder(path.parent, self._mode)
            source.replace(path)
        except FileNotFoundError as error:
            raise missing(str(source)) from error
        except OSError as error:
            raise unwritable(path, error) from error
        self._tidy(source)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            path = self._path(key, parent=True)
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise unwritable(path, error) from error
            self._tidy(path)

    def hold(self, key: str) -> None:
        with suppress(OSError):
            # For writing as well: without that, some file systems lock nothing.
            handle = os.open(self._path(key), os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            hold(handle)
            self._held.append(os.fdopen(handle, "rb"))

    def is_held(self, key: str) -> bool | None:
        try:
            with open_regular(self._path(key)) as file:
                return is_held(file.fileno())
        except OSError:
            return None

    def remove_leftovers(self) -> None:
        if not self._unfinished.is_symlink():
            remove_leftovers(self._unfinished)

    def _tidy(self, path: Path) -> None:
        """Remove folders of partitions that hold nothing any more; one that is in use refuses."""
        with suppress(OSError):
            for parent in path.parents:
                if parent == self._root:
                    break
                parent.rmdir()


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """The file, open. Raises DamagedError where it is not there or no regular file, ConfigError where it can't be
    read."""
    try:
        with open_regular(path) as file:
            yield file
    except FileNotFoundError as error:
        raise missing(str(path)) from error
    except NotRegularError as error:
        raise DamagedError(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
