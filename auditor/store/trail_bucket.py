"""A trail's bucket: the log files of one account, some Regions and some days, out of those of a whole organisation.

A trail writes AWSLogs/[o-…/]ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/FILE. What lies elsewhere is read by its names alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

from auditor.aws_credentials import session
from auditor.errors import ConfigError

_CONNECTIONS = 32
_ACCOUNT = re.compile(r"\d{12}")
#: …/ACCOUNT/CloudTrail/REGION/, where a trail's days begin.
_REGION = re.compile(r"(?:^|/)(?P<account>\d{12})/CloudTrail/(?P<region>[a-z0-9-]+)/$")
_DAY = re.compile(r"/(\d{4})/(\d{2})/(\d{2})/")


class Wanted(Protocol):
    """Which files are wanted; told which Regions have any."""

    since: datetime
    account: str
    regions: frozenset[str]

    def takes(self, key: str) -> bool: ...

    def note(self, account: str, region: str, day: str) -> None: ...


def download(source: str, folder: Path, wanted: Wanted, profile: str | None) -> tuple[dict[Path, str], dict[str, str]]:
    """The wanted files of ``s3://bucket/prefix``, copied into the folder, with their keys; and the keys of those that
    could not be fetched, with the reason: a key of AWS KMS may be denied, and an object may have expired since.

    Raises ConfigError where the bucket cannot be read, or none of the files.
    """
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    try:
        config = Config(max_pool_connections=_CONNECTIONS, retries={"mode": "standard", "total_max_attempts": 5})
        client: Any = session(profile).client("s3", config=config)
        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            place = _TrailBucket(client, bucket, wanted, pool)
            keys = sorted(set(place.keys(prefix)))
            paths = list(_paths(keys, folder))
            errors = list(pool.map(place.fetch, keys, paths))
        missing = {key: error for key, error in zip(keys, errors, strict=True) if error is not None}
        for error in missing.values() if len(missing) == len(keys) else ():
            raise error
        fetched = {path: key for path, key in zip(paths, keys, strict=True) if key not in missing}
        return fetched, {key: said(error) for key, error in missing.items()}
    except (BotoCoreError, ClientError, OSError) as error:
        raise ConfigError(
            f"--cloudtrail-logs {source}: {said(error)}",
            hint="Reading a trail's bucket needs s3:ListBucket and s3:GetObject.",
        ) from error


def said(error: Exception) -> str:
    """An error's message on one line."""
    return " ".join(str(error).split())


def _paths(keys: list[str], folder: Path) -> Iterator[Path]:
    for number, key in enumerate(keys):
        yield folder / f"{number}{'.json.gz' if key.endswith('.gz') else '.json'}"


class _TrailBucket:
    """A bucket with a trail's files."""

    def __init__(self, client: Any, bucket: str, wanted: Wanted, pool: ThreadPoolExecutor) -> None:
        self._client, self._bucket, self._wanted, self._pool = client, bucket, wanted, pool

    def fetch(self, key: str, path: Path) -> Exception | None:
        """One request an object; boto3's download_file makes two. Gives back why AWS gave none. Raises OSError."""
        from botocore.exceptions import BotoCoreError, ClientError

        with path.open("wb") as out:
            try:
                for block in self._client.get_object(Bucket=self._bucket, Key=key)["Body"].iter_chunks(1024 * 1024):
                    out.write(block)
            except (BotoCoreError, ClientError) as error:
                return error
        return None

    def keys(self, prefix: str) -> list[str]:
        """Keys below the prefix that are wanted."""
        begun = _DAY.search(f"/{prefix.rstrip('/')}/")
        region = _REGION.search(f"{prefix.rstrip('/')}/")
        if region is not None and begun is None:
            return self._days(f"{prefix.rstrip('/')}/", region["account"], region["region"])
        found: list[str] = []
        for key, is_folder in self._list(prefix, "/"):
            if not is_folder:
                found += [key] if self._wanted.takes(key) else []
                continue
            last = key.rstrip("/").rpartition("/")[2]
            if last in ("CloudTrail-Digest", "CloudTrail-Insight"):
                continue
            if _ACCOUNT.fullmatch(last) and self._wanted.account not in ("", last):
                continue
            found += self.keys(key)
        return found

    def _days(self, place: str, account: str, region: str) -> list[str]:
        """The wanted days of a Region, listed at the same time. Also notes since when there are files at all."""
        if self._wanted.account not in ("", account):
            return []
        for key, _ in self._list(place, "", 1):
            day = _DAY.search(key)
            if day:
                self._wanted.note(account, region, "".join(day.groups()))
        if self._wanted.regions and region not in self._wanted.regions:
            return []
        first = (self._wanted.since - timedelta(days=1)).astimezone(UTC).date()
        last = datetime.now(UTC).date()
        prefixes = [f"{place}{first + timedelta(days=n):%Y/%m/%d}/" for n in range((last - first).days + 1)]
        # Files that somebody keeps beside the days are read as well.
        beside = [key for key, is_folder in self._list(place, "/") if not is_folder]
        listed = self._pool.map(lambda day: [key for key, _ in self._list(day, "")], prefixes)
        return [key for keys in (beside, *listed) for key in keys if self._wanted.takes(key)]

    def _list(self, prefix: str, delimiter: str, limit: int = 0) -> list[tuple[str, bool]]:
        """Keys, and with a delimiter also the folders, of a prefix."""
        request = {"Bucket": self._bucket, "Prefix": prefix, **({"Delimiter": delimiter} if delimiter else {})}
        pages = self._client.get_paginator("list_objects_v2").paginate(
            **request, PaginationConfig={"MaxItems": limit or None}
        )
        found: list[tuple[str, bool]] = []
        for page in pages:
            found += [(item["Key"], False) for item in page.get("Contents", ())]
            found += [(item["Prefix"], True) for item in page.get("CommonPrefixes", ())]
        return found
