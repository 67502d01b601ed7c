"""Collection that carries over what did not change: fewer calls, and the same snapshot as a full one."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.aws import CollectOptions, collect
from auditor.collect.aws.answers import plain
from auditor.collect.aws.evidence_request import EvidenceOptions
from auditor.collect.aws.incremental import MAX_AGE, RACE, ROTATION_DAYS, EarlierSnapshots
from auditor.collect.aws.spool import Spool
from auditor.evaluate.ask_tables import Asked, query
from auditor.model.snapshot import Header, Record, Scope, Snapshot
from auditor.simulator import Fault, Simulator
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from tests.budgets import examples

from .conftest import ACCOUNT, HOME, SMALL

DESCRIBED = ("user_profile", "space")
ANA, BEN = "d-home/ana", "d-home/ben"


def night(previous: Sequence[Snapshot] = (), **options: Any) -> Snapshot:
    """A collection of the simulated account, with what earlier ones know."""
    evidence = EvidenceOptions(names=("network",))
    earlier = (lambda account, regions: previous) if previous else None
    return collect(CollectOptions(regions=(HOME,), max_attempts=2, evidence=evidence, previous=earlier, **options))


def days_ago(snapshot: Snapshot, days: float = 1) -> Snapshot:
    """The snapshot as if it had been collected then."""
    moment = datetime.fromisoformat(snapshot.header.as_of) - timedelta(days=days)
    as_of = moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return replace(snapshot, header=replace(snapshot.header, as_of=as_of))


def contents(snapshot: Snapshot) -> dict[tuple[str, str], tuple[Any, ...]]:
    return {(r.kind, r.id): (r.document, r.tags, r.gaps) for r in snapshot.records}


def carried(snapshot: Snapshot) -> set[str]:
    return {r.id for r in snapshot.records if r.described}


@pytest.fixture
def simulator(simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The small account, on a day on which no resource has its turn."""
    monkeypatch.setattr(EarlierSnapshots, "_has_its_day", lambda *_: False)
    return simulated(SMALL)


@pytest.fixture
def studio(simulator: Simulator) -> Any:
    return boto3.client("sagemaker", region_name=HOME)


def described(simulator: Simulator) -> dict[str, int]:
    calls = {n.partition(":")[2]: c for n, c in simulator.calls.items()}
    return {n: calls.get(n, 0) for n in ("DescribeDomain", "DescribeUserProfile", "DescribeSpace")}


def test_what_did_not_change_is_not_described_again(simulator: Simulator) -> None:
    first = days_ago(night())
    assert described(simulator) == {"DescribeDomain": 1, "DescribeUserProfile": 3, "DescribeSpace": 1}
    simulator.calls.clear()
    second = night([first])
    # Domains always are, and apps are listed whole.
    assert described(simulator) == {"DescribeDomain": 1, "DescribeUserProfile": 0, "DescribeSpace": 0}
    assert simulator.calls["sagemaker:ListApps"] == 1
    assert contents(second) == contents(first)
    assert carried(second) == {ANA, BEN, "d-home/cleo", "d-home/lab"}
    assert second.header.previous == first.header.as_of
    coverage = {c.operation: (c.calls, c.carried) for c in second.coverage}
    assert coverage["DescribeUserProfile"] == (0, 3)
    assert coverage["DescribeSpace"] == (0, 1)
    assert {c.carried for c in first.coverage} == {0}
    assert (first.header.previous, carried(first)) == ("", set())


def test_a_carried_record_says_so_in_the_file(simulator: Simulator, tmp_path: Path) -> None:
    first = days_ago(night())
    second = night([first])
    write_snapshot(tmp_path / "s.jsonl", second)
    lines = [json.loads(line) for line in (tmp_path / "s.jsonl").read_text().splitlines()]
    by_id = {line["id"]: line for line in lines if line.get("kind") in DESCRIBED}
    assert {line["described"] for line in by_id.values()} == {first.header.as_of}
    assert lines[0]["snapshot"]["previous"] == first.header.as_of
    again = SnapshotReader(tmp_path / "s.jsonl").snapshot()
    assert carried(again) == carried(second)
    # The next night knows when it was really read, not only when it was last carried.
    third = night([days_ago(again, 0.5)])
    assert {r.described for r in third.records if r.kind in DESCRIBED} == {first.header.as_of}


@pytest.mark.parametrize("days", [1, 13])
def test_a_changed_profile_is_described(simulator: Simulator, studio: Any, days: int) -> None:
    first = days_ago(night(), days)
    studio.update_user_profile(DomainId="d-home", UserProfileName="ben", UserSettings={"AutoMountHomeEFS": "Enabled"})
    simulator.calls.clear()
    second = night([first])
    assert described(simulator)["DescribeUserProfile"] == 1
    (ben,) = (r for r in second.records if r.id == BEN)
    assert (ben.document["UserSettings"], ben.described) == ({"AutoMountHomeEFS": "Enabled"}, "")
    assert contents(second) == contents(night())


def test_a_changed_space_is_described(simulator: Simulator, studio: Any) -> None:
    first = days_ago(night())
    studio.update_space(DomainId="d-home", SpaceName="lab", SpaceDisplayName="The lab")
    second = night([first])
    assert "d-home/lab" not in carried(second)
    assert contents(second) == contents(night())


def test_a_change_of_the_domain_reaches_profiles_that_are_carried(
    simulator: Simulator, studio: Any, tmp_path: Path
) -> None:
    first = days_ago(night())
    studio.update_domain(DomainId="d-home", DefaultUserSettings={"AutoMountHomeEFS": "Disabled"})
    second = night([first])
    assert BEN in carried(second)
    write_snapshot(tmp_path / "s.jsonl", second)
    _, rows = query(Asked([tmp_path / "s.jsonl"]), "select name, auto_mount_home_efs from user_profile order by name")
    assert dict(rows) == {"ana": "Disabled", "ben": "Disabled", "cleo": "Disabled"}


def test_tags_are_read_again(simulator: Simulator, studio: Any) -> None:
    first = days_ago(night())
    arn = studio.describe_user_profile(DomainId="d-home", UserProfileName="ben")["UserProfileArn"]
    studio.add_tags(ResourceArn=arn, Tags=[{"Key": "owner", "Value": "ben"}])
    second = night([first])
    (ben,) = (r for r in second.records if r.id == BEN)
    assert (ben.tags, ben.described) == ((("owner", "ben"),), first.header.as_of)


def test_what_is_gone_is_gone_and_what_is_new_is_described(simulator: Simulator, studio: Any) -> None:
    first = days_ago(night())
    studio.delete_user_profile(DomainId="d-home", UserProfileName="cleo")
    studio.create_user_profile(DomainId="d-home", UserProfileName="dora")
    second = night([first])
    assert {r.id for r in second.records if r.kind == "user_profile"} == {ANA, BEN, "d-home/dora"}
    assert "d-home/dora" not in carried(second)
    # Made again under the same name: another resource, whatever its times.
    studio.delete_user_profile(DomainId="d-home", UserProfileName="ben")
    studio.create_user_profile(DomainId="d-home", UserProfileName="ben")
    assert BEN not in carried(night([first]))


def test_what_was_not_seen_is_described(simulated: Callable[..., Simulator], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EarlierSnapshots, "_has_its_day", lambda *_: False)
    simulated(SMALL, faults=[Fault("access_denied", "DescribeUserProfile", match="ben", times=1),
                             Fault("access_denied", "GetResources", times=1)])  # fmt: skip
    first = days_ago(night())
    assert {r.id: r.gaps for r in first.records if r.kind == "user_profile"} == {
        ANA: ("Tags",), BEN: ("*", "Tags"), "d-home/cleo": ("Tags",),
    }  # fmt: skip
    second = night([first])
    # Tags are of this night, so their lack then does not matter.
    assert carried(second) == {ANA, "d-home/cleo", "d-home/lab"}
    assert {r.gaps for r in second.records} == {()}


def test_another_botocore_reads_everything(simulator: Simulator) -> None:
    """Its model may have lacked members: they would read as not set."""
    first = days_ago(night())
    older = replace(first, header=replace(first.header, botocore_version="1.35.99"))
    assert carried(night([older])) == set()


def test_another_account_or_region_serves_nothing(simulator: Simulator) -> None:
    first = days_ago(night())
    for scope in (Scope("999999999999", HOME), Scope(ACCOUNT, "us-east-1")):
        assert carried(night([replace(first, header=replace(first.header, scopes=(scope,)))])) == set()
    # Nor does a snapshot from the future.
    assert carried(night([days_ago(first, -3)])) == set()


# Each condition for itself.


def _earlier(now: str, as_of: str, record_: Record, botocore: str = "1.44.5") -> EarlierSnapshots:
    header = Header("1", "aws", as_of, "0", botocore, "", (Scope(ACCOUNT, HOME),))
    earlier = EarlierSnapshots(ACCOUNT, now, "1.44.5", Spool(None))
    earlier.read([Snapshot(header, (record_,))])
    return earlier


MODIFIED = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)


def _record(modified: datetime = MODIFIED, status: str = "InService", described_at: str = "") -> Record:
    document = {
        "LastModifiedTime": modified.isoformat().replace("+00:00", "Z"),
        "CreationTime": "2025-01-01T00:00:00Z",
        "Status": status,
    }
    return Record(ACCOUNT, HOME, "user_profile", ANA, document, described=described_at)


def _item(modified: datetime = MODIFIED, status: str = "InService") -> dict[str, Any]:
    return {"LastModifiedTime": modified, "CreationTime": datetime(2025, 1, 1, tzinfo=UTC), "Status": status}


def _serves(earlier: EarlierSnapshots, item: dict[str, Any] | None = None) -> bool:
    return earlier.unchanged(HOME, "user_profile", ANA, plain(item or _item())) is not None


@pytest.fixture
def no_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EarlierSnapshots, "_has_its_day", lambda *_: False)


@pytest.mark.usefixtures("no_turn")
def test_conditions() -> None:
    now, as_of = "2026-11-10T02:00:00Z", "2026-11-09T02:00:00Z"
    assert _serves(_earlier(now, as_of, _record()))
    later = MODIFIED + timedelta(microseconds=1)
    assert not _serves(_earlier(now, as_of, _record()), _item(later))
    assert not _serves(_earlier(now, as_of, _record()), _item(status="Updating"))
    assert not _serves(_earlier(now, as_of, _record(status="Updating")))
    assert not _serves(_earlier(now, as_of, _record(status="Updating")), _item(status="Updating"))
    assert not _serves(_earlier(now, as_of, _record()), {"Status": "InService"})
    # Changed shortly before it was described, or meanwhile: it may have changed twice in the same moment.
    moment = datetime.fromisoformat(as_of)
    for modified, serves in ((moment - RACE, True), (moment - RACE + timedelta(seconds=1), False), (moment, False)):
        assert _serves(_earlier(now, as_of, _record(modified)), _item(modified)) is serves
    # The age is that of the description, not of the snapshot that carried it.
    old = datetime.fromisoformat(now) - MAX_AGE
    for described_at, serves in ((old, True), (old - timedelta(seconds=1), False)):
        carried_before = _record(datetime(2026, 1, 1, tzinfo=UTC), described_at=described_at.isoformat())
        assert _serves(_earlier(now, as_of, carried_before), _item(datetime(2026, 1, 1, tzinfo=UTC))) is serves


@given(
    name=st.text(min_size=1, max_size=12),
    kind=st.sampled_from(DESCRIBED),
    start=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1)),
)
def test_law_each_resource_has_one_day_of_seven(name: str, kind: Any, start: datetime) -> None:
    record_ = Record(ACCOUNT, HOME, kind, name, {})
    turns = [
        EarlierSnapshots(ACCOUNT, (start.replace(tzinfo=UTC) + timedelta(days=n)).isoformat(), "")._has_its_day(record_)
        for n in range(ROTATION_DAYS)
    ]
    assert turns.count(True) == 1


def test_about_a_seventh_has_its_day() -> None:
    earlier = EarlierSnapshots(ACCOUNT, "2026-11-10T02:00:00Z", "")
    due = sum(earlier._has_its_day(Record(ACCOUNT, HOME, "user_profile", f"d-1/p{n}", {})) for n in range(7000))
    assert 850 < due < 1150


_CHANGES = ("update ana", "update ben", "domain", "delete cleo", "create dora", "space", "tag ben", "wait")


@examples(8)
@given(nights=st.lists(st.lists(st.sampled_from(_CHANGES), max_size=3), min_size=1, max_size=3))
def test_law_incremental_nights_see_what_full_ones_see(
    nights: list[list[str]], simulated: Callable[..., Simulator]
) -> None:
    simulated(SMALL)
    studio = boto3.client("sagemaker", region_name=HOME)
    known = days_ago(night(), len(nights) + 1)
    for number, changes in enumerate(nights):
        for change in changes:
            _apply(studio, change)
        incremental = night([known])
        assert contents(incremental) == contents(night())
        known = days_ago(incremental, len(nights) - number)


def _apply(studio: Any, change: str) -> None:
    names = {p["UserProfileName"] for p in studio.list_user_profiles(DomainIdEquals="d-home")["UserProfiles"]}
    verb, _, name = change.partition(" ")
    of = {"DomainId": "d-home", "UserProfileName": name}
    if verb == "update":
        now = studio.describe_user_profile(**of).get("UserSettings", {}).get("AutoMountHomeEFS")
        studio.update_user_profile(
            **of, UserSettings={"AutoMountHomeEFS": "Disabled" if now == "Enabled" else "Enabled"}
        )
    elif verb == "domain":
        studio.update_domain(DomainId="d-home", DefaultUserSettings={"AutoMountHomeEFS": "Disabled"})
    elif verb == "delete" and name in names:
        studio.delete_user_profile(**of)
    elif verb == "create" and name not in names:
        studio.create_user_profile(**of)
    elif verb == "space":
        studio.update_space(DomainId="d-home", SpaceName="lab", SpaceDisplayName="Lab")
    elif verb == "tag":
        arn = studio.describe_user_profile(**of)["UserProfileArn"]
        studio.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "ml"}])
