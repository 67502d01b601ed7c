"""A bucket's prefix as a place of files.

S3 is spoken through boto3 itself: one request an object, where a path-like layer over it asks three to six times, lists
without dates and sizes, and deletes one object at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any, TypeVar

from auditor.aws_credentials import FIRST_ANSWER, session
from auditor.deadline import DeadlineError, within
from auditor.errors import ConfigError
from auditor.store.manifest import is_safe
from auditor.store.place import BLOCK, SMALL, Entry, missing, refuse_unsafe, sha256, small

#: Requests at a time.
_PARALLEL = 16
#: DeleteObjects takes at most so many keys (S3 API reference).
_DELETE = 1000
#: S3's answers to a write with If-None-Match: a file is there, or another writer was at work on it (S3 user guide,
#: "How to prevent object overwrites with conditional writes").
_THERE, _CONFLICT = 412, 409
#: Writes that are tried where others are at work on the same name.
_TRIES = 5
#: Seconds for a connection, and between two bytes of an answer.
_CONNECT, _SILENT = 10, 60
#: Attempts at a request; as many at the body of an object, which botocore doesn't ask for again.
_ATTEMPTS = 3
T = TypeVar("T")
_TYPES = {
    ".html": "text/html; charset=utf-8", ".json": "application/json", ".gz": "application/gzip",
    ".parquet": "application/vnd.apache.parquet", ".md": "text/markdown; charset=utf-8", ".csv": "text/csv",
    ".xml": "application/xml", ".sarif": "application/json",
}  # fmt: skip
S3_HINT = "A store needs s3:ListBucket, s3:GetObject, s3:PutObject and, to prune, s3:DeleteObject: docs/store.md."


class Bucket:
    """Files under a prefix. Methods as ``auditor.store.place.Backend`` says."""

    def __init__(self, url: str, profile: str | None) -> None:
        from botocore.config import Config

        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not bucket:
            raise ConfigError(f"{url}: names no bucket", hint="Write s3://bucket/prefix.")
        self._url, self._bucket = url, bucket
        self._prefix = f"{prefix.strip('/')}/" if prefix.strip("/") else ""
        self._answered = False
        with self._explained():
            config = Config(
                connect_timeout=_CONNECT,
                read_timeout=_SILENT,
                retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
                max_pool_connections=_PARALLEL,
            )
            self._client: Any = session(profile).client("s3", config=config)

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
                raise missing(where) from error
            raise ConfigError(f"{where}: {' '.join(str(error).split())}", hint=S3_HINT) from error
        except DeadlineError as error:
            raise ConfigError(f"{self._url}: {error}", hint="Check the network and AWS_ENDPOINT_URL.") from error

    def _first(self, call: Callable[[], T]) -> T:
        """What the call returns; the first one of all has a limit, since nothing has been said yet."""
        if self._answered:
            return call()
        answer = within(FIRST_ANSWER, call, "Amazon S3")
        self._answered = True
        return answer

    def entries(self, prefix: str = "", limit: int = 0, after: str = "") -> list[Entry]:
        found: list[Entry] = []
        begin = {"StartAfter": self._prefix + after} if after else {}
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix, PaginationConfig={"MaxItems": limit or None}, **begin
            )
            following = iter(pages)
            while (page := self._first(lambda: next(following, None))) is not None:
                for item in page.get("Contents", ()):
                    key = item["Key"].removeprefix(self._prefix)
                    # A console's "folder" is an empty object whose key ends so.
                    if is_safe(key):
                        found.append(Entry(key, item["Size"], item["LastModified"].astimezone(UTC)))
        return sorted(found)

    def read(self, key: str) -> bytes:
        refuse_unsafe(key, self._url)
        with self._explained(key):
            return small(self._whole(key), f"s3://{self._bucket}/{self._prefix}{key}")

    def _whole(self, key: str) -> bytes:
        """What an object holds, and ``SMALL`` and a byte of a larger one. A connection that breaks in the middle is no
        end of the object: botocore tells it from one by a further read, after the last byte."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        for left in reversed(range(_ATTEMPTS)):
            answer = self._first(lambda: self._client.get_object(Bucket=self._bucket, Key=self._prefix + key))
            try:
                body: bytes = answer["Body"].read(SMALL + 1)
                if len(body) <= SMALL:
                    answer["Body"].read(1)
                return body
            except (HTTPClientError, IncompleteReadError):
                if not left:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def digest(self, key: str) -> str:
        refuse_unsafe(key, self._url)
        with self._explained(key):
            body = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)["Body"]
            return sha256(body.iter_chunks(BLOCK))

    def fetch(self, keys: Sequence[str], folder: Path) -> list[Path]:
        def one(key: str) -> Path:
            path = refuse_unsafe(key, self._url, folder)
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                with self._explained(key):
                    self._client.download_file(self._bucket, self._prefix + key, str(path))
            return path

        return _each(one, keys)

    def put(self, key: str, source: Path) -> None:
        refuse_unsafe(key, self._url)
        with self._explained(key):
            extra = {"ContentType": _content_type(key)}
            self._client.upload_file(str(source), self._bucket, self._prefix + key, ExtraArgs=extra)

    def put_bytes(self, key: str, data: bytes) -> None:
        refuse_unsafe(key, self._url)
        extra = {"ContentType": _content_type(key)}
        with self._explained(key):
            self._first(
                lambda: self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data, **extra)
            )

    def put_new(self, key: str, source: Path) -> bool:
        from botocore.exceptions import ClientError

        refuse_unsafe(key, self._url)
        asked = {"Bucket": self._bucket, "Key": self._prefix + key, "ContentType": _content_type(key)}
        for left in reversed(range(_TRIES)):
            with self._explained(key), source.open("rb") as file:
                try:
                    self._client.put_object(Body=file, IfNoneMatch="*", **asked)
                    return True
                except ClientError as error:
                    status = error.response["ResponseMetadata"].get("HTTPStatusCode")
                    if status == _THERE:
                        return False
                    if status != _CONFLICT or not left:
                        raise
        raise AssertionError("the last try returns or raises")

    def move(self, key: str, target: str) -> None:
        for name in (key, target):
            refuse_unsafe(name, self._url)
        source = {"Bucket": self._bucket, "Key": self._prefix + key}
        with self._explained(key):
            # In parts where it is larger than CopyObject takes (5 GB).
            self._client.copy(source, self._bucket, self._prefix + target)
        self.delete([key])

    def delete(self, keys: Iterable[str]) -> None:
        left = [f"{self._prefix}{key}" for key in keys if refuse_unsafe(key, self._url)]
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


def _content_type(key: str) -> str:
    return _TYPES.get(Path(key).suffix, "application/octet-stream")


def _each(function: Callable[[str], Path], keys: Sequence[str]) -> list[Path]:
    with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
        return list(pool.map(function, keys))
