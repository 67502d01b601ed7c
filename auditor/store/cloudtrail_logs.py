"""CloudTrail's log files: CreatePresignedDomainUrl events from a folder or a bucket, where LookupEvents does not reach.

Files are gzipped or plain JSON with a list ``Records``, as a trail delivers them. DuckDB reads them; a bucket's objects
are copied to a temporary folder first. Files that by their place and name are of other accounts, Regions or days are
neither listed nor fetched: CloudTrail user guide, "Finding your CloudTrail log files".
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from auditor.errors import ConfigError
from auditor.model.sign_ins import LoggedSignIns
from auditor.regular_files import NotReadError, files_below, open_regular
from auditor.sql_text import literal
from auditor.store.trail_bucket import download
from auditor.temporary_files import workspace

_EVENT = "CreatePresignedDomainUrl"
#: Largest log file, unpacked. A trail cuts them far below this.
_MAX_BYTES = 512 * 1024 * 1024
#: The name that CloudTrail gives its files: 111122223333_CloudTrail_eu-west-1_20261124T0305Z_….json.gz
_NAME = re.compile(r"(?P<account>\d{12})_CloudTrail_(?P<region>[a-z0-9-]+)_(?P<day>\d{8})T\d{4}Z_")
#: Only the date, of files that were renamed.
_DATE = re.compile(r"_(\d{8})T\d{4}Z_")
_BATCH = 1000


@dataclass(slots=True)
class Wanted:
    """Which files are read: of an account ("": every one), of Regions (none: every one), with events since then.

    Notes by the files' names which Regions the account has files of, and the first day of each, read or not.
    """

    since: datetime
    account: str = ""
    regions: frozenset[str] = frozenset()
    first_days: dict[tuple[str, str], str] = field(default_factory=dict)

    @property
    def first_day(self) -> str:
        """As file names have it. A file may be delivered the day after its first event."""
        return (self.since - timedelta(days=1)).astimezone(UTC).strftime("%Y%m%d")

    def takes(self, key: str) -> bool:
        """Whether a file, by its place below the folder or prefix, is a log file that may hold wanted events."""
        if not key.endswith((".json.gz", ".json")) or "CloudTrail-Digest" in key or "CloudTrail-Insight" in key:
            return False
        name = key.rpartition("/")[2]
        told = _NAME.match(name)
        if told is None:
            dated = _DATE.search(name)
            return dated is None or dated[1] >= self.first_day
        if self.account in ("", told["account"]):
            self.note(told["account"], told["region"], told["day"])
        return (
            self.account in ("", told["account"])
            and (not self.regions or told["region"] in self.regions)
            and told["day"] >= self.first_day
        )

    def note(self, account: str, region: str, day: str) -> None:
        """That the account has a file of the Region, of that day (YYYYMMDD)."""
        self.first_days[account, region] = min(day, self.first_days.get((account, region), day))

    @property
    def reach(self) -> Mapping[str, datetime]:
        """By account with files of several Regions, which is a trail for all Regions: how far back they go."""
        regions: dict[str, list[str]] = {}
        for (account, _), day in self.first_days.items():
            regions.setdefault(account, []).append(day)
        return {a: datetime.strptime(min(d), "%Y%m%d").replace(tzinfo=UTC) for a, d in regions.items() if len(d) > 1}


def read_events(
    source: str, *, since: datetime, profile: str | None = None, account: str = "", regions: Sequence[str] = ()
) -> LoggedSignIns:
    """The events since that moment, each once, as the files hold them. ``source``: folder, file, or s3://bucket/prefix,
    which the AWS profile reads. Files of other accounts and Regions than these, where any are given, are not read.

    A file that cannot be read is named in ``unread``. Raises ConfigError where there are no log files, or none that can
    be read: it is the wrong place.
    """
    wanted = Wanted(since, account, frozenset(regions))
    events: dict[str, Mapping[str, Any]] = {}
    begins: dict[tuple[str, str], datetime] = {}
    with _files(source, wanted, profile) as (files, missing):
        if not files and not wanted.first_days:
            raise ConfigError(
                f"--cloudtrail-logs {source}: no log files (*.json.gz, *.json) of the last"
                f" {(datetime.now(UTC) - since).days} days there"
            )
        unread = {path: "the file is empty" for path in files if not path.stat().st_size}
        paths = [path for path in files if path not in unread]
        for at in range(0, len(paths), _BATCH):
            for owner, region, first, texts in _readable(paths[at : at + _BATCH], since, unread):
                moment = first.replace(tzinfo=UTC)
                begins[owner, region] = min(moment, begins.get((owner, region), moment))
                for text in texts or ():
                    event = json.loads(text)
                    events[str(event.get("eventID"))] = event
        if unread and len(unread) == len(files):
            raise ConfigError(
                f"--cloudtrail-logs {source}: a file is not a CloudTrail log: {next(iter(unread.values()))}",
                hint="The folder may hold CloudTrail's log files only; digest files end in other names.",
            )
        named = {**missing, **{files[path]: reason for path, reason in unread.items()}}
        lost = tuple(f"{name}: {named[name]}" for name in sorted(named))
    return LoggedSignIns(tuple(events[key] for key in sorted(events)), begins, wanted.reach, lost)


_Row = tuple[str, str, datetime, list[str] | None]


def _readable(files: Sequence[Path], since: datetime, unread: dict[Path, str]) -> list[_Row]:
    """What the files hold but those that cannot be read, which ``unread`` is told with the reason. DuckDB reads all of
    them or none, so that halves are tried where it does not."""
    import duckdb

    try:
        return _read(files, since)
    except duckdb.Error as error:
        if len(files) == 1:
            unread[files[0]] = _reason(error, files[0])
            return []
    half = len(files) // 2
    return _readable(files[:half], since, unread) + _readable(files[half:], since, unread)


def _reason(error: Exception, file: Path) -> str:
    """What DuckDB says, without the file's path: of a bucket's object it is that of a copy."""
    said = str(error).strip().splitlines()[0]
    for named in (f' in file "{file}"', f": {file}", str(file)):
        said = said.replace(named, "")
    return said.strip()


def _read(files: Sequence[Path], since: datetime) -> list[_Row]:
    """By account and region: the first event's time, and the sign-ins. Raises duckdb.Error."""
    from auditor.store.connection import connect

    con = connect()
    names = ", ".join(literal(re.sub(r"[*?\[]", r"[\g<0>]", str(f))) for f in files)
    return con.execute(
        f"""
        select account, region, min(moment), list(event::VARCHAR) filter (name = ? and moment >= ?) from (
            select event, event ->> '$.recipientAccountId' as account, event ->> '$.awsRegion' as region,
                   event ->> '$.eventName' as name, (event ->> '$.eventTime')::TIMESTAMP as moment
            from (select unnest(Records) as event
                  from read_json([{names}], format = 'auto', maximum_object_size = {_MAX_BYTES},
                                 hive_partitioning = false, columns = {{Records: 'JSON[]'}})))
        where case when account is not null and region is not null and moment is not null then true
              when name = ? then error('a sign-in lacks its account, Region or time') else false end group by all""",
        [_EVENT, since.astimezone(UTC).replace(tzinfo=None), _EVENT],
    ).fetchall()


@contextmanager
def _files(source: str, wanted: Wanted, profile: str | None) -> Iterator[tuple[dict[Path, str], dict[str, str]]]:
    """The log files with their names, and the names of those that could not be fetched, with the reason."""
    if source.startswith("s3://"):
        with workspace("trail") as folder:
            yield download(source, folder, wanted, profile)
        return
    place = Path(source)
    if not place.exists():
        raise ConfigError(f"--cloudtrail-logs {source}: no such file or folder")
    try:
        found = files_below(place) if place.is_dir() else [place]
        found = [p for p in found if p == place or wanted.takes(p.relative_to(place).as_posix())]
        for file in found:
            open_regular(file).close()
    except NotReadError as error:
        raise ConfigError(f"--cloudtrail-logs {source}: {error.reason}") from error
    except OSError as error:
        raise ConfigError(f"--cloudtrail-logs {source}: {file}: {error.strerror or error}") from error
    yield {file: str(file) for file in found}, {}
