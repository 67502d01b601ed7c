"""Sign-ins out of a trail's log files: what is read, what is passed over, and what the files are said to cover."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from auditor.errors import ConfigError, ExitCode
from auditor.simulator import Simulator
from auditor.store.cloudtrail_logs import read_events

ACCOUNT, REGION = "123456789012", "eu-west-1"
SINCE = datetime(2026, 9, 1, tzinfo=UTC)
EVENT = "CreatePresignedDomainUrl"


def event(number: int, time: str = "2026-10-02T08:00:00Z", name: str = EVENT, **also: Any) -> dict[str, Any]:
    return {
        "eventID": f"event-{number}", "eventName": name, "eventTime": time, "awsRegion": REGION,
        "recipientAccountId": ACCOUNT, **also,
    }  # fmt: skip


def log(path: Path, *events: Mapping[str, Any]) -> Path:
    """A log file as a trail delivers it: compact JSON, gzipped where its name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"Records": events}, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def ids(source: Path | str, since: datetime = SINCE) -> list[str]:
    return [str(e["eventID"]) for e in read_events(str(source), since=since).events]


def test_gzipped_and_plain_files_of_all_folders_are_read(tmp_path: Path) -> None:
    log(tmp_path / "AWSLogs/1/CloudTrail/eu-west-1/2026/10/02/a.json.gz", event(1), event(2, name="ListDomains"))
    log(tmp_path / "b.json", event(3, requestParameters={"domainId": "d-1", "userProfileName": "ana"}))
    found = read_events(str(tmp_path), since=SINCE)
    assert [e["eventID"] for e in found.events] == ["event-1", "event-3"]
    assert found.events[1]["requestParameters"] == {"domainId": "d-1", "userProfileName": "ana"}


def test_one_file_may_be_named(tmp_path: Path) -> None:
    log(tmp_path / "other.json", event(2))
    assert ids(log(tmp_path / "one.json", event(1))) == ["event-1"]


def test_an_event_that_is_delivered_twice_counts_once(tmp_path: Path) -> None:
    """A trail delivers at least once, and an organisation's trail may lie beside an account's own."""
    log(tmp_path / "a.json", event(1), event(1))
    log(tmp_path / "b.json.gz", event(1))
    assert ids(tmp_path) == ["event-1"]


def test_events_before_the_window_do_not_count(tmp_path: Path) -> None:
    log(tmp_path / "a.json", event(1, "2026-08-31T23:59:59Z"), event(2, "2026-09-01T00:00:00Z"))
    assert ids(tmp_path) == ["event-2"]


def test_digests_insights_and_files_of_other_days_are_not_opened(tmp_path: Path) -> None:
    name = "123456789012_CloudTrail_eu-west-1_{}T0305Z_x.json.gz"
    for other in ("CloudTrail-Digest_x.json.gz", "CloudTrail-Insight_x.json.gz", name.format("20260830"), "notes.txt"):
        (tmp_path / other).write_bytes(b"not to be read")
    log(tmp_path / name.format("20260831"), event(1))
    assert ids(tmp_path) == ["event-1"]


def test_what_the_files_cover_is_said_by_account_and_region(tmp_path: Path) -> None:
    log(tmp_path / "a.json", event(1), event(2, "2026-09-05T00:00:00Z", "ListDomains"))
    log(tmp_path / "b.json", event(3, "2026-09-03T00:00:00Z", "ListDomains", awsRegion="us-east-1"))
    assert read_events(str(tmp_path), since=SINCE).begins == {
        (ACCOUNT, REGION): datetime(2026, 9, 5, tzinfo=UTC),
        (ACCOUNT, "us-east-1"): datetime(2026, 9, 3, tzinfo=UTC),
    }


def test_names_that_look_like_patterns_are_names(tmp_path: Path) -> None:
    log(tmp_path / "it's [1]*?/a[b].json", event(1))
    assert ids(tmp_path) == ["event-1"]


@pytest.mark.parametrize(
    "content",
    [
        b"{not json",
        gzip.compress(b'{"Records": [{"eventTime": "yesterday", "awsRegion": "x", "recipientAccountId": "1"}]}'),
        b"\x1f\x8bbroken",
        gzip.compress(b'{"Records": [{"eventID": "e", "eventName": "CreatePresignedDomainUrl"}]}'),
        gzip.compress(b'{"Records": "none"}'),
        gzip.compress(b'{"Records": []}')[:-9],
        b"",
    ],
    ids=["no JSON", "an event without a time", "broken gzip", "a sign-in of nowhere", "another type", "cut", "empty"],
)
def test_a_file_that_cannot_be_read_is_named_and_the_others_count(tmp_path: Path, content: bytes) -> None:
    """Of a night's thousand files one is broken: what the others hold is known all the same, but not to be all."""
    log(tmp_path / "a.json", event(1))
    broken = tmp_path / ("b.json.gz" if content.startswith(b"\x1f\x8b") else "b.json")
    broken.write_bytes(content)
    log(tmp_path / "c.json.gz", event(2), event(3, name="UpdateDomain"))
    found = read_events(str(tmp_path), since=SINCE)
    assert [e["eventID"] for e in found.events] == ["event-1", "event-2"]
    (said,) = found.unread
    assert said.startswith(f"{broken}: ")
    assert said.count(str(broken)) == 1, "of a bucket's object the path is that of a copy, another each night"


def test_where_no_file_can_be_read_it_is_the_wrong_place(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(b"{not json")
    with pytest.raises(ConfigError, match="a file is not a CloudTrail log") as raised:
        ids(tmp_path)
    assert str(tmp_path) in raised.value.message
    assert raised.value.exit_code is ExitCode.USAGE


@pytest.mark.parametrize("place", ["nowhere", "empty"])
def test_no_files_is_an_error(tmp_path: Path, place: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError, match="--cloudtrail-logs"):
        ids(tmp_path / place)


@pytest.fixture
def bucket(simulated: Callable[..., Simulator]) -> Callable[..., str]:
    """Puts log files into a bucket of the simulated account."""
    simulated("clean")

    def fill(**files: bytes) -> str:
        client: Any = boto3.client("s3", region_name=REGION)
        client.create_bucket(Bucket="logs", CreateBucketConfiguration={"LocationConstraint": REGION})
        for key, content in files.items():
            client.put_object(Bucket="logs", Key=key, Body=content)
        return "s3://logs"

    return fill


def test_a_bucket_is_read_below_its_prefix(bucket: Callable[..., str], tmp_path: Path) -> None:
    wanted = log(tmp_path / "a.json.gz", event(1)).read_bytes()
    other = log(tmp_path / "b.json.gz", event(2)).read_bytes()
    place = bucket(**{"trail/AWSLogs/x_20261002T0305Z_1.json.gz": wanted, "else/b.json.gz": other,
                      "trail/AWSLogs/CloudTrail-Digest/d.json.gz": b"no log",
                      "trail/x_20250101T0000Z_1.json.gz": b"of another year"})  # fmt: skip
    assert ids(f"{place}/trail") == ["event-1"]


def test_of_an_organisations_bucket_only_what_is_needed_is_fetched(
    bucket: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One account, one Region and the days of the window, of an organisation's trail; one request a file."""
    content = log(tmp_path / "a.json.gz", event(1)).read_bytes()
    today = datetime.now(UTC)

    def key(account: str, region: str, days: int) -> str:
        day = today - timedelta(days=days)
        name = f"{account}_CloudTrail_{region}_{day:%Y%m%d}T0305Z_x.json.gz"
        return f"AWSLogs/o-abc/{account}/CloudTrail/{region}/{day:%Y/%m/%d}/{name}"

    wanted = [key(ACCOUNT, REGION, days) for days in (1, 2)]
    others = [key(ACCOUNT, REGION, 60), key(ACCOUNT, "us-east-1", 80), key("999999999999", REGION, 1),
              f"AWSLogs/o-abc/{ACCOUNT}/CloudTrail-Digest/{REGION}/x.json.gz"]  # fmt: skip
    place = bucket(**dict.fromkeys([*wanted, *others], content))
    asked: list[tuple[str, str]] = []
    send = URLLib3Session.send

    def count(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        asked.append((request.method, request.url))
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", count)
    found = read_events(f"{place}/AWSLogs/o-abc", since=today - timedelta(days=7), account=ACCOUNT, regions=[REGION])
    got = sorted(url.partition("/logs/")[2] for method, url in asked if method == "GET" and "json.gz" in url)
    assert got == sorted(wanted)
    assert {method for method, _ in asked} == {"GET"}
    assert not any("999999999999" in url for _, url in asked)
    # The other Region's files, which are not read, show a trail for all Regions that reaches back.
    assert found.reach[ACCOUNT].date() == (today - timedelta(days=80)).date()


@pytest.mark.parametrize("gone", ["b.json.gz", ".json.gz"], ids=["one", "all"])
def test_an_object_that_cannot_be_fetched_is_named_and_where_none_can_it_is_an_error(
    bucket: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gone: str
) -> None:
    """A life cycle rule takes an object away after it was listed; S3 answers NoSuchKey (API_GetObject)."""
    contents = {
        f"{name}.json.gz": log(tmp_path / f"{name}.json.gz", event(n)).read_bytes() for n, name in enumerate("ab")
    }
    place = bucket(**contents)
    send = URLLib3Session.send

    def expired(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        if request.url.endswith(gone):
            request.url += ".expired"
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", expired)
    if gone == ".json.gz":
        with pytest.raises(ConfigError, match="NoSuchKey"):
            read_events(place, since=SINCE)
        return
    found = read_events(place, since=SINCE)
    assert [e["eventID"] for e in found.events] == ["event-0"]
    (said,) = found.unread
    assert said.startswith("b.json.gz: An error occurred (NoSuchKey)")


def test_of_a_folder_only_what_is_needed_is_read(tmp_path: Path) -> None:
    name = "{}_CloudTrail_{}_20261002T0305Z_x.json.gz"
    log(tmp_path / name.format(ACCOUNT, REGION), event(1))
    log(tmp_path / name.format("999999999999", REGION), event(2))
    log(tmp_path / name.format(ACCOUNT, "us-east-1"), event(3))
    found = read_events(str(tmp_path), since=SINCE, account=ACCOUNT, regions=[REGION])
    assert [e["eventID"] for e in found.events] == ["event-1"]


def test_a_bucket_that_is_not_there_is_an_error(simulated: Callable[..., Simulator]) -> None:
    simulated("clean")
    with pytest.raises(ConfigError) as raised:
        ids("s3://nobody/trail")
    assert "s3://nobody/trail" in raised.value.message
    assert "s3:GetObject" in raised.value.hint


def test_a_profile_that_does_not_exist_is_an_error(simulated: Callable[..., Simulator]) -> None:
    simulated("clean")
    with pytest.raises(ConfigError, match="nobody"):
        read_events("s3://logs", since=datetime.now(UTC) - timedelta(days=1), profile="nobody")
