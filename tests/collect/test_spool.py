"""A collection on disk: killed at any moment it goes on, asks nothing twice, and holds nothing that it should not."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from auditor.collect.aws import kept_answers
from auditor.collect.aws.collector import GOES_ON, CollectOptions, collecting
from auditor.collect.aws.ledger import Ledger
from auditor.collect.aws.rates import Rates
from auditor.collect.aws.run import Run
from auditor.collect.aws.spool import Spool
from auditor.errors import ConfigError
from auditor.model.encoded_document import EncodedDocument
from auditor.model.snapshot import Record
from auditor.simulator import Fault, Simulator
from auditor.store.snapshot_file import encode_lines

from .conftest import ACCOUNT, AWAY, HOME, SMALL

BOTH = CollectOptions(regions=(HOME, AWAY), max_attempts=2, concurrency=4)


class _Stop:
    """Breaks a collection off after so many tasks."""

    def __init__(self, after: int) -> None:
        self.after = after

    def advance(self, stage: str, done: int, total: int) -> None:
        if done == self.after:
            raise KeyboardInterrupt


def _lines(work: Path | None, options: CollectOptions = BOTH, stop: _Stop | None = None) -> list[bytes]:
    with collecting(replace(options, work=work), stop) as found:
        return list(encode_lines(found.header, found.records(), found.gaps, found.coverage))


@pytest.mark.parametrize("after", [4, 12])
def test_what_was_broken_off_goes_on_and_asks_nothing_twice(
    simulated: Callable[..., Simulator], tmp_path: Path, after: int
) -> None:
    simulator = simulated(SMALL)
    with pytest.raises(KeyboardInterrupt):
        _lines(tmp_path, stop=_Stop(after))
    began = Spool(tmp_path / f"{ACCOUNT}.sqlite", lasting=True).fact("began")
    went_on = _lines(tmp_path)
    asked = simulator.calls
    assert json.loads(went_on[0])["snapshot"]["as_of"] == began
    whole = simulated(SMALL)
    _compare(went_on, _lines(None))
    assert asked["sts:GetCallerIdentity"] == 2
    # What was under way when it was broken off was answered to nobody.
    assert sum(asked.values()) - 1 <= sum(whole.calls.values()) + BOTH.concurrency


def _compare(found: list[bytes], expected: list[bytes]) -> None:
    """All but the moments of the audit itself, and the hash."""

    def plain(lines: list[bytes]) -> list[object]:
        read = [json.loads(line) for line in lines[:-1]]
        read[0]["snapshot"]["as_of"] = ""
        for line in read:
            for name in [name for name in line.get("account_region", ()) if name.startswith("SignInsKnown")]:
                del line["account_region"][name]
        return read

    assert plain(found) == plain(expected)


KILLED = """
import sys
from pathlib import Path
from auditor.collect.aws.collector import CollectOptions, collecting
with collecting(CollectOptions(work=Path(sys.argv[1]))) as found:
    list(found.records())
"""


def test_a_killed_process_loses_next_to_nothing(simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    simulator = simulated("generated:1x60", latency_ms=20)
    command = [sys.executable, "-c", KILLED, str(tmp_path)]
    process = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        while simulator.calls["sagemaker:DescribeUserProfile"] < 15 and process.poll() is None:
            pass
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    options = CollectOptions(regions=(HOME,), max_attempts=2)
    went_on = _lines(tmp_path, options)
    # What was under way, or had not been written for a tenth of a second, was asked for again.
    assert simulator.calls["sagemaker:DescribeUserProfile"] <= 60 + 45
    described = next(json.loads(line)["coverage"] for line in went_on if b'"DescribeUserProfile"' in line)
    assert described["calls"] == 60
    _compare(went_on, _lines(None, options))


def test_what_is_missing_is_asked_for_again(simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    """A gap of the run that was broken off is none of the one that goes on."""
    simulated(SMALL, faults=[Fault("access_denied", "DescribeUserProfile", match="ana")])
    assert any(line.startswith(b'{"gap"') for line in _lines(tmp_path))
    simulated(SMALL)
    went_on = _lines(tmp_path)
    assert not any(line.startswith(b'{"gap"') for line in went_on)
    _compare(went_on, _lines(None))


@pytest.mark.parametrize("other", ["regions", "old", "damaged"])
def test_another_or_an_old_collection_does_not_go_on(
    simulated: Callable[..., Simulator], tmp_path: Path, other: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulator = simulated(SMALL)
    _lines(tmp_path)
    before = simulator.calls["sagemaker:DescribeUserProfile"]
    options = replace(BOTH, regions=(HOME,)) if other == "regions" else BOTH
    if other == "old":
        monkeypatch.setattr("auditor.collect.aws.collector.GOES_ON", -GOES_ON)
    if other == "damaged":
        for path in tmp_path.glob(f"{ACCOUNT}.sqlite*"):
            path.unlink()
        (tmp_path / f"{ACCOUNT}.sqlite").write_bytes(b"no file of SQLite, but longer than a header of one " * 20)
    _lines(tmp_path, options)
    assert simulator.calls["sagemaker:DescribeUserProfile"] == before + (3 if other == "regions" else 6)


class _Service:
    """Three pages, whose tokens are of one day. Stands for clients and for the client."""

    once, max_attempts = None, 1

    def __init__(self, day: str, failing: str = "") -> None:
        self.day, self.failing, self.asked = day, failing, list[str]()
        self.rates = Rates()

    def client(self, *_: object) -> _Service:
        return self

    def call(self, operation: str, request: Mapping[str, str]) -> Mapping[str, object]:
        token = request.get("NextToken", f"{self.day}-0")
        self.asked.append(token)
        day, _, number = token.partition("-")
        if token == self.failing or day != self.day:
            raise ClientError({"Error": {"Code": "ValidationException", "Message": "Invalid token"}}, operation)
        after = {"NextToken": f"{day}-{int(number) + 1}"} if number != "2" else {}
        return {"Domains": [{"DomainId": f"d-{number}"}], **after}


def test_a_list_whose_token_holds_no_longer_is_begun_anew(tmp_path: Path) -> None:
    def read(service: _Service) -> list[str]:
        spool = Spool(tmp_path / "a.sqlite", lasting=True)
        run = Run(service, Ledger(ACCOUNT), 1, None, spool=spool)  # type: ignore[arg-type]
        try:
            pages = run.pages("sagemaker", HOME, "ListDomains", {}, "Domains")
            return [d["DomainId"] for page in pages for d in page["Domains"]]
        finally:
            spool.close()

    broken, same_day, next_day = _Service("mon", failing="mon-2"), _Service("mon"), _Service("tue")
    with pytest.raises(ClientError):
        read(broken)
    assert read(same_day) == ["d-0", "d-1", "d-2"]
    assert same_day.asked == ["mon-2"]
    (tmp_path / "a.sqlite").unlink()
    with pytest.raises(ClientError):
        read(broken)
    # Pages that had been read come once more: what is kept of them is kept once.
    assert read(next_day) == ["d-0", "d-1", "d-0", "d-1", "d-2"]
    assert next_day.asked == ["mon-2", "tue-0", "tue-1", "tue-2"]


def test_a_full_disk_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "a.sqlite", lasting=True)
    spool._con.execute("PRAGMA max_page_count = 12")
    record = Record(ACCOUNT, HOME, "space", "d-a/b", EncodedDocument.of({"Text": "x" * 3000}))

    def fill() -> None:
        for number in range(100):
            spool.put(replace(record, id=f"d-a/{number}"), "", "d-a", 0)

    with pytest.raises(ConfigError, match="full") as error:
        fill()
    assert "Free some space" in str(error.value.hint)
    spool._con.close()
    # What had been written before is whole.
    again = Spool(tmp_path / "a.sqlite", lasting=True)
    assert all(len(s.record.document["Text"]) == 3000 for s in again.stored(ACCOUNT, "space", HOME))
    again.close()


def test_nothing_private_is_written(simulated: Callable[..., Simulator], tmp_path: Path) -> None:
    """Only what a snapshot may hold: no address of a person, no link that signs in, no secret."""
    event = {
        "eventTime": "2026-11-20T10:00:00Z", "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::1:user/a"},
        "requestParameters": {"domainId": "d-1", "userProfileName": "ana"}, "sourceIPAddress": "203.0.113.9",
        "responseElements": {"authorizedUrl": "https://d-1.studio.example/auth?token=SECRET"},
    }  # fmt: skip
    pages = {
        "LookupEvents": {
            "Events": [
                {"EventId": "1", "CloudTrailEvent": json.dumps(event), "Username": "ana"},
                {"EventId": "2", "CloudTrailEvent": "{", "Username": "ana"},
            ],
            "NextToken": "eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.c2lnbmF0dXJlc2lnbmF0dXJl",
        },
        "ListUsers": {"Users": [{"UserId": "u", "UserName": "ana", "Emails": [{"Value": "ana@example.com"}]}]},
    }
    kept = {name: kept_answers.kept(name, page) for name, page in pages.items()}
    written = b"".join(kept_answers.encode(page) for page in kept.values() if page is not None).decode()
    assert [text for text in ("203.0.113.9", "SECRET", "ana@example.com") if text in written] == []
    assert pages["LookupEvents"]["NextToken"] in written
    looked_up = kept["LookupEvents"]
    assert looked_up is not None
    assert looked_up["Events"][0]["SignIn"]["requestParameters"] == event["requestParameters"]
    assert "could not be understood" in looked_up["Events"][1]["Odd"]
    assert kept_answers.kept("ListBuckets", {"Buckets": []}) is None


def test_the_file_holds_masked_documents(tmp_path: Path, simulated: Callable[..., Simulator]) -> None:
    estate = replace(SMALL, data={**SMALL.data, "domains": [dict(SMALL.data["domains"][0])]})
    estate.data["domains"][0]["Tags"] = [{"Key": "db-password", "Value": "hunter2hunter2"}]
    simulated(estate)
    _lines(tmp_path, CollectOptions(regions=(HOME,), max_attempts=2))
    with sqlite3.connect(tmp_path / f"{ACCOUNT}.sqlite") as con:
        dump = "\n".join(
            str(row) for table in ("record", "tag", "answer") for row in con.execute(f"SELECT * FROM {table}")
        )
    assert "hunter2" not in dump
    assert "[masked:" in dump
