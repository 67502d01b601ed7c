"""Where a store's files lie: a folder, or a bucket's prefix. Every file appears whole or not at all.

S3 is spoken through boto3 itself: one request an object, where a path-like layer over it asks three to six times, lists
without dates and sizes, and deletes one object at a time.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from auditor.errors import ConfigError
from auditor.store.files import atomic, unwritable

#: Requests at a time.
_PARALLEL = 16
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
    """Files under keys; ``/`` divides a key. Every method raises ConfigError where the place cannot be used."""

    @property
    def label(self) -> str:
        """What the user calls it."""

    def entries(self, prefix: str = "", limit: int = 0) -> list[Entry]:
        """Files whose keys begin with the prefix, by key. ``limit``: any so many are enough; 0: all."""

    def read(self, key: str) -> bytes:
        """A file's content. Raises ConfigError for one that is not there."""

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:
        """Local files with the contents, in the order of the keys. What is not local is copied into the folder."""

    def put(self, key: str, source: Path) -> None:
        """Write a file, over one that is there."""

    def put_bytes(self, key: str, data: bytes) -> None:
        """Write a small file, over one that is there."""

    def delete(self, keys: Iterable[str]) -> None:
        """Delete files; one that is not there is no error."""


def open_backend(text: str, profile: str | None = None) -> Backend:
    """The place that ``--store`` names. ``profile`` is the AWS profile for a bucket. Raises ConfigError."""
    if text.startswith("s3://"):
        return _Bucket(text, profile)
    if "://" in text:
        raise ConfigError(f"{text}: no store can be there", hint="Name a folder, or s3://bucket/prefix.")
    return _Folder(Path(text))


def read_all(place: Backend, keys: Sequence[str]) -> list[bytes]:
    """Contents of many small files, in the order of the keys."""
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        return list(pool.map(place.read, keys))


class _Folder:
    def __init__(self, root: Path) -> None:
        if root.exists() and not root.is_dir():
            raise ConfigError(f"{root}: is not a folder, so it is no store")
        self._root = root

    @property
    def label(self) -> str:
        return str(self._root)

    def entries(self, prefix: str = "", limit: int = 0) -> list[Entry]:
        # Whole folders of the prefix first, so that not all of the store is walked.
        base = self._root / prefix.rpartition("/")[0]
        found: list[Entry] = []
        for folder, _, names in os.walk(base):
            if limit and len(found) >= limit:
                break
            for name in names:
                path = Path(folder) / name
                key = path.relative_to(self._root).as_posix()
                if key.startswith(prefix) and not name.startswith("."):
                    try:
                        seen = path.stat()
                    except FileNotFoundError:  # deleted meanwhile
                        continue
                    found.append(Entry(key, seen.st_size, datetime.fromtimestamp(seen.st_mtime, UTC)))
        return sorted(found)

    def read(self, key: str) -> bytes:
        try:
            return (self._root / key).read_bytes()
        except OSError as error:
            raise ConfigError(f"{self._root / key}: cannot be read: {error.strerror or error}") from error

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:  # noqa: ARG002 — they are local already
        paths = [self._root / key for key in keys]
        for path in paths:
            if not path.is_file():
                raise ConfigError(f"{path}: cannot be read: no such file")
        return paths

    def put(self, key: str, source: Path) -> None:
        with atomic(self._root / key) as out, source.open("rb") as file:
            shutil.copyfileobj(file, out, 1024 * 1024)

    def put_bytes(self, key: str, data: bytes) -> None:
        with atomic(self._root / key) as out:
            out.write(data)

    def delete(self, keys: Iterable[str]) -> None:
        for key in keys:
            path = self._root / key
            try:
                path.unlink(missing_ok=True)
            except OSError as error:
                raise unwritable(path, error) from error
            # Folders of partitions that hold nothing any more; one that is in use refuses.
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
            raise ConfigError(f"{where}: {' '.join(str(error).split())}", hint=S3_HINT) from error

    def entries(self, prefix: str = "", limit: int = 0) -> list[Entry]:
        found: list[Entry] = []
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix, PaginationConfig={"MaxItems": limit or None}
            )
            for page in pages:
                for item in page.get("Contents", ()):
                    key = item["Key"].removeprefix(self._prefix)
                    # A console's "folder" is an empty object whose key ends so.
                    if key and not key.endswith("/"):
                        found.append(Entry(key, item["Size"], item["LastModified"].astimezone(UTC)))
        return sorted(found)

    def read(self, key: str) -> bytes:
        with self._explained(key):
            body: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"].read()
        return body

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:
        def one(key: str) -> Path:
            path = folder / key
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                with self._explained(key):
                    self._client.download_file(self._bucket, self._prefix + key, str(path))
            return path

        return _each(one, keys)

    def put(self, key: str, source: Path) -> None:
        with self._explained(key):
            extra = {"ContentType": _content_type(key)}
            self._client.upload_file(str(source), self._bucket, self._prefix + key, ExtraArgs=extra)

    def put_bytes(self, key: str, data: bytes) -> None:
        with self._explained(key):
            self._client.put_object(
                Bucket=self._bucket, Key=self._prefix + key, Body=data, ContentType=_content_type(key)
            )

    def delete(self, keys: Iterable[str]) -> None:
        left = [self._prefix + key for key in keys]
        for begin in range(0, len(left), _DELETE):
            objects = [{"Key": key} for key in left[begin : begin + _DELETE]]
            with self._explained():
                answer = self._client.delete_objects(Bucket=self._bucket, Delete={"Objects": objects, "Quiet": True})
            if answer.get("Errors"):
                first = answer["Errors"][0]
                raise ConfigError(
                    f"s3://{self._bucket}/{first.get('Key')}: {first.get('Code')}: {first.get('Message')}", hint=S3_HINT
                )


def _content_type(key: str) -> str:
    return _TYPES.get(Path(key).suffix, "application/octet-stream")


def _each(function: Callable[[str], Path], keys: Sequence[str]) -> list[Path]:
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        return list(pool.map(function, keys))
