"""CloudTrail's log files: CreatePresignedDomainUrl events from a folder or a bucket, where LookupEvents does not reach.

Files are gzipped or plain JSON with a list ``Records``, as a trail delivers them. DuckDB reads them; a bucket's objects
are copied to a temporary folder first, those of the window only.
"""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from auditor.errors import ConfigError
from auditor.model.sign_ins import LoggedSignIns

_EVENT = "CreatePresignedDomainUrl"
#: Largest log file, unpacked. A trail cuts them far below this.
_MAX_BYTES = 512 * 1024 * 1024
#: The date in the name that CloudTrail gives its files: …_CloudTrail_eu-west-1_20261124T0305Z_….json.gz
_DATE = re.compile(r"_(\d{8})T\d{4}Z_")
_BATCH = 1000


def read_events(source: str, *, since: datetime, profile: str | None = None) -> LoggedSignIns:
    """The events since that moment, each once, as the files hold them. ``source``: folder, file, or s3://bucket/prefix,
    which the AWS profile reads.

    Raises ConfigError where there are no log files or one cannot be read: some of the events would read as all of them.
    """
    events: dict[str, Mapping[str, Any]] = {}
    begins: dict[tuple[str, str], datetime] = {}
    with _files(source, since, profile) as files:
        if not files:
            raise ConfigError(
                f"--cloudtrail-logs {source}: no log files (*.json.gz, *.json) of the last"
                f" {(datetime.now(UTC) - since).days} days there"
            )
        for at in range(0, len(files), _BATCH):
            for account, region, first, texts in _read(source, files[at : at + _BATCH], since):
                moment = first.replace(tzinfo=UTC)
                begins[account, region] = min(moment, begins.get((account, region), moment))
                for text in texts or ():
                    event = json.loads(text)
                    events[str(event.get("eventID"))] = event
    return LoggedSignIns(tuple(events[key] for key in sorted(events)), begins)


def _read(source: str, files: Sequence[Path], since: datetime) -> list[tuple[str, str, datetime, list[str] | None]]:
    """By account and region: the first event's time, and the sign-ins."""
    import duckdb

    from auditor.store.connection import connect

    con = connect()
    names = ", ".join("'" + re.sub(r"[*?\[]", r"[\g<0>]", str(f)).replace("'", "''") + "'" for f in files)
    try:
        return con.execute(
            f"""
            select account, region, min(moment), list(event::VARCHAR) filter (name = ? and moment >= ?) from (
                select event, event ->> '$.recipientAccountId' as account, event ->> '$.awsRegion' as region,
                       event ->> '$.eventName' as name, (event ->> '$.eventTime')::TIMESTAMP as moment
                from (select unnest(Records) as event
                      from read_json([{names}], format = 'auto', maximum_object_size = {_MAX_BYTES},
                                     hive_partitioning = false, columns = {{Records: 'JSON[]'}})))
            where account is not null and region is not null and moment is not null group by all""",
            [_EVENT, since.astimezone(UTC).replace(tzinfo=None)],
        ).fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            f"--cloudtrail-logs {source}: a file is no CloudTrail log: {str(error).strip().splitlines()[0]}",
            hint="The folder may hold CloudTrail's log files only; digest files end in other names.",
        ) from error


@contextmanager
def _files(source: str, since: datetime, profile: str | None) -> Iterator[list[Path]]:
    if source.startswith("s3://"):
        with tempfile.TemporaryDirectory(prefix="auditor-trail-") as folder:
            yield _download(source, Path(folder), since, profile)
        return
    place = Path(source)
    if not place.exists():
        raise ConfigError(f"--cloudtrail-logs {source}: no such file or folder")
    found = (
        [place]
        if place.is_file()
        else sorted(p for p in place.rglob("*") if _is_log(p.relative_to(place).as_posix(), since) and p.is_file())
    )
    yield found


def _is_log(key: str, since: datetime) -> bool:
    """Whether a file, by its place below the folder or prefix, is a log file that may hold events of the window."""
    if not key.endswith((".json.gz", ".json")) or "CloudTrail-Digest" in key or "CloudTrail-Insight" in key:
        return False
    dated = _DATE.search(key.rpartition("/")[2])
    # A file may be delivered the day after its first event.
    return dated is None or dated.group(1) >= (since - timedelta(days=1)).astimezone(UTC).strftime("%Y%m%d")


def _download(source: str, folder: Path, since: datetime, profile: str | None) -> list[Path]:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    files: list[Path] = []
    try:
        client: Any = boto3.Session(profile_name=profile).client("s3")
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for item in page.get("Contents", ()):
                if _is_log(item["Key"].removeprefix(prefix), since):
                    end = ".json.gz" if item["Key"].endswith(".gz") else ".json"
                    path = folder / f"{len(files)}{end}"
                    client.download_file(bucket, item["Key"], str(path))
                    files.append(path)
    except (BotoCoreError, ClientError) as error:
        raise ConfigError(
            f"--cloudtrail-logs {source}: {error}",
            hint="Reading a trail's bucket needs s3:ListBucket and s3:GetObject.",
        ) from error
    return files
