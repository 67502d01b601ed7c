"""Where a store's files lie: a folder, or a bucket's prefix. Every file appears whole or not at all.

S3 is spoken through boto3 itself: one request an object, where a path-like layer over it asks three to six times, lists
without dates and sizes, and deletes one object at a time.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from auditor.errors import ConfigError, DamagedError
from auditor.regular_files import NotRegularError, open_regular
from auditor.store.files import PRIVATE, Access, atomic, make_folder, unwritable
from auditor.store.manifest import is_safe
from auditor.temporary_files import hold, is_held, remove_leftovers

_BLOCK = 1024 * 1024
#: Requests at a time.
_PARALLEL = 16
#: Bytes that ``read`` reads at most: manifests name a few files for each account and region.
SMALL = 64 * 1024 * 1024
#: DeleteObjects takes at most so many keys (S3 API reference).
_DELETE = 1000
_TYPES = {
    ".html": "text/html; charset=utf-8", ".json": "application/json", ".gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet", ".md": "text/markdown; charset=utf-8", ".csv": "text/csv",
    ".xml": "application/xml", ".sarif": "application/json",
}  # fmt: skip
S3_HINT = "A store needs s3:ListBucket, s3:GetObject, s3:PutObject and, to prune, s3:DeleteObject: docs/store.md."


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


def open_backend(text: str, profile: str | None = None, mode: Access = PRIVATE) -> Backend:
    """The place that ``--store`` names. ``profile``: AWS profile for a bucket; ``mode``: what a folder's files get.

    Raises ConfigError.
    """
    if text.startswith("s3://"):
        return _Bucket(text, profile)
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
        path = _refuse_unsafe(key, self.label, self._root)
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
            return _small(file.read(SMALL + 1), str(path))

    def digest(self, key: str) -> str:
        with _reading(self._path(key)) as file:
            return _sha256(iter(partial(file.read, _BLOCK), b""))

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:  # noqa: ARG002 — they are local already
        paths = [self._path(key) for key in keys]
        for path in paths:
            if not path.is_file():
                raise _missing(str(path))
        return paths

    def put(self, key: str, source: Path) -> None:
        path = self._path(key, parent=True)
        with atomic(path, self._mode, through=self._unfinished) as out, source.open("rb") as file:
            shutil.copyfileobj(file, out, 1024 * 1024)

    def put_bytes(self, key: str, data: bytes) -> None:
        with atomic(self._path(key, parent=True), self._mode, through=self._unfinished) as out:
            out.write(data)

    def move(self, key: str, target: str) -> None:
        source, path = self._path(key, parent=True), self._path(target, parent=True)
        try:
            make_folder(path.parent, self._mode)
            source.replace(path)
        except FileNotFoundError as error:
            raise _missing(str(source)) from error
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


class _Bucket:
    def __init__(self, url: str, profile: str | None) -> None:
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not bucket:
            raise ConfigError(f"{url}: names no bucket", hint="Write s3://bucket/prefix.")
        self._url, self._bucket = url, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        with self._explained():
            import boto3

            self._client: Any = boto3.Session(profile_name=profile).client("s3")

    @property
    def label(self) -> str:
        return self._url

    @contextmanager
    def _explained(self, key: str = "") -> Iterator[None]:
        """What botocore raises, as an error that names the place and what it needs."""
        from boto3.exceptions import Boto3Error
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError, Boto3Error) as error:
            where = f"s3://{self._bucket}/{self._prefix}{key}" if key else self._url
            # HeadObject, which a download begins with, has no body and so no code but the status.
            if key and isinstance(error, ClientError) and error.response["Error"].get("Code") in ("NoSuchKey", "404"):
                raise _missing(where) from error
            raise ConfigError(f"{where}: {' '.join(str(error).split())}", hint=S3_HINT) from error

    def entries(self, prefix: str = "", limit: int = 0, after: str = "") -> list[Entry]:
        found: list[Entry] = []
        begin = {"StartAfter": self._prefix + after} if after else {}
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix, PaginationConfig={"MaxItems": limit or None}, **begin
            )
            for page in pages:
                for item in page.get("Contents", ()):
                    key = item["Key"].removeprefix(self._prefix)
                    # A console's "folder" is an empty object whose key ends so.
                    if is_safe(key):
                        found.append(Entry(key, item["Size"], item["LastModified"].astimezone(UTC)))
        return sorted(found)

    def read(self, key: str) -> bytes:
        _refuse_unsafe(key, self._url)
        with self._explained(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            body: bytes = answer["Body"].read(SMALL + 1)
        return _small(body, f"s3://{self._bucket}/{self._prefix}{key}")

    def digest(self, key: str) -> str:
        _refuse_unsafe(key, self._url)
        with self._explained(key):
            body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"]
            return _sha256(body.iter_chunks(_BLOCK))

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:
        def one(key: str) -> Path:
            path = _refuse_unsafe(key, self._url, folder)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                with self._explained(key):
                    self._client.download_file(self._bucket, self._prefix + key, str(path))
            return path

        return _each(one, keys)

    def put(self, key: str, source: Path) -> None:
        _refuse_unsafe(key, self._url)
        with self._explained(key):
            extra = {"ContentType": _content_type(key)}
            self._client.upload_file(str(source), self._bucket, self._prefix + key, ExtraArgs=extra)

    def put_bytes(self, key: str, data: bytes) -> None:
        _refuse_unsafe(key, self._url)
        with self._explained(key):
            self._client.put_object(
                Bucket=self._bucket, Key=self._prefix + key, Body=data, ContentType=_content_type(key)
            )

    def move(self, key: str, target: str) -> None:
        for name in (key, target):
            _refuse_unsafe(name, self._url)
        source = {"Bucket": self._bucket, "Key": self._prefix + key}
        with self._explained(key):
            # In parts where it is larger than CopyObject takes (5 GB).
            self._client.copy(source, self._bucket, self._prefix + target)
        self.delete([key])

    def delete(self, keys: Iterable[str]) -> None:
        left = [f"{self._prefix}{key}" for key in keys if _refuse_unsafe(key, self._url)]
        for begin in range(0, len(left), _DELETE):
            objects = [{"Key": key} for key in left[begin : begin + _DELETE]]
            with self._explained():
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise ConfigError(
                    f"s3://{self._bucket}/{first.get('Key')}: {first.get('Code')}: {first.get('Message')}", hint=S3_HINT
                )

    def hold(self, key: str) -> None:
        """Nothing: a bucket knows of no processes."""

    def is_held(self, key: str) -> bool | None:  # noqa: ARG002
        return None

    def remove_leftovers(self) -> None:
        """Nothing: an object appears whole. Parts of an upload that was broken off are the bucket's lifecycle's."""


def _refuse_unsafe(key: str, label: str, folder: Path = Path()) -> Path:
    """The key's place below a folder. Raises DamagedError for a key that may lie elsewhere."""
    if not is_safe(key):
        raise DamagedError(f"{label}: holds no file called {key[:200]!r}: such a name may lead out of it")
    return folder / key


def _sha256(blocks: Iterable[bytes]) -> str:
    found = hashlib.sha256()
    for block in blocks:
        found.update(block)
    return found.hexdigest()


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    """The file, open. Raises DamagedError where it is not there or no regular file, ConfigError where it can't be
    read."""
    try:
        with open_regular(path) as file:
            yield file
    except FileNotFoundError as error:
        raise _missing(str(path)) from error
    except NotRegularError as error:
        raise DamagedError(f"{path}: {error.strerror}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error


def _missing(where: str) -> DamagedError:
    return DamagedError(f"{where}: cannot be read: no such file")


def _small(data: bytes, where: str) -> bytes:
    if len(data) > SMALL:
        raise DamagedError(f"{where}: is larger than {SMALL:,} bytes, so it is none of this store's")
    return data


def _content_type(key: str) -> str:
    return _TYPES.get(Path(key).suffix, "application/octet-stream")


def _each(function: Callable[[str], Path], keys: Sequence[str]) -> list[Path]:
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        return list(pool.map(function, keys))
