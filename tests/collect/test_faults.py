"""What cannot be seen is a gap with its reason, and everything else is collected all the same."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.httpsession import URLLib3Session

from auditor.collect.aws import run
from auditor.collect.aws.specs import SPECS
from auditor.model.snapshot import Coverage, Gap
from auditor.simulator import Fault
from auditor.simulator.estate import generate
from auditor.simulator.injected_faults import FaultKind
from auditor.simulator.operations import token
from auditor.store.snapshot_file import write_snapshot
from auditor.store.snapshot_reader import SnapshotReader
from auditor.studio.evidence_sources import EVIDENCE

from .conftest import ACCOUNT, AWAY, HOME, Collect, Collected

BEN = "d-home/ben"
PROFILES = {"d-home/ana", BEN, "d-home/cleo"}
WHOLE = {
    "domain": {"d-home"},
    "user_profile": PROFILES,
    "space": {"d-home/lab"},
    "app": {"d-home/space/lab/JupyterLab/default"},
}


@pytest.fixture
def collected(collected: Collect) -> Collect:
    """Without most of the evidence, which the faults of this module do not concern and which takes half the time."""
    return partial(collected, evidence=("network", "partner-apps"))


def _all_but(found: Collected, kind: str = "", region: str = HOME) -> None:
    """Every other kind is complete and without gaps."""
    for other, ids in WHOLE.items():
        if other != kind:
            assert found.ids(other, region) == {i.replace("home", "away") if region == AWAY else i for i in ids}
            assert {r.gaps for r in found.snapshot.records if (r.kind, r.region) == (other, region)} == {()}


def _only_ben_is_missed(found: Collected, reason: str) -> Gap:
    (gap,) = found.gaps
    assert (gap.account, gap.region, gap.resource_type, gap.resource_id) == (ACCOUNT, HOME, "user_profile", BEN)
    assert (gap.setting, gap.operation, gap.reason) == ("*", "DescribeUserProfile", reason)
    assert found.ids("user_profile") == PROFILES
    # What the list said stays, marked as not all.
    record = found.record("user_profile", BEN)
    assert record.gaps == ("*",)
    assert set(record.document) == {"DomainId", "UserProfileName", "Status", "CreationTime", "LastModifiedTime"}
    others = [found.record("user_profile", other) for other in PROFILES - {BEN}]
    assert [r.gaps for r in others] == [(), ()]
    assert all("UserProfileArn" in r.document for r in others)
    _all_but(found, "user_profile")
    return gap


def _list_is_lost(found: Collected, kind: str, operation: str, reason: str, region: str = HOME) -> Gap:
    (gap,) = found.gaps
    assert (gap.region, gap.resource_type, gap.resource_id, gap.setting) == (region, kind, "*", "*")
    assert (gap.operation, gap.reason) == (operation, reason)
    assert found.record("account_region", region, region).gaps == (kind,)
    assert found.coverage(operation, region).failed == 1
    return gap


# One call of many


@pytest.mark.parametrize(
    ("kind", "reason", "error", "retried"),
    [
        ("access_denied", "access_denied", "AccessDeniedException", False),
        ("throttle", "throttled", "ThrottlingException", True),
        ("server_error", "server_error", "InternalFailure", True),
        ("drop", "unreachable", "ConnectionClosedError", True),
        ("garbage", "unexpected_response", "", False),
    ],
)
def test_a_description_that_fails_is_a_gap_on_its_resource(
    collected: Collect, kind: FaultKind, reason: str, error: str, retried: bool
) -> None:
    found = collected(faults=[Fault(kind, "DescribeUserProfile", match="ben")])
    _only_ben_is_missed(found, reason)
    line = found.coverage("DescribeUserProfile")
    assert (line.calls, line.failed, line.dropped) == (3, 1, 0)
    assert error in line.error
    assert line.error
    # Two attempts for what may pass, one for what will not.
    assert found.simulator.calls["sagemaker:DescribeUserProfile"] == (4 if retried else 3)
    if kind in ("throttle", "server_error"):
        assert line.retries == 1


@pytest.mark.parametrize("kind", ["throttle", "server_error", "drop"])
def test_what_fails_once_is_tried_again(collected: Collect, kind: FaultKind) -> None:
    found = collected(faults=[Fault(kind, "DescribeUserProfile", match="ben", times=1)])
    assert found.gaps == ()
    _all_but(found)
    line = found.coverage("DescribeUserProfile")
    assert (line.calls, line.failed, line.retries, line.error) == (3, 0, 1, "")
    assert found.record("user_profile", BEN).gaps == ()


def test_an_audit_makes_as_many_attempts_as_it_was_told_to(collected: Collect) -> None:
    """Two failures are no loss where three attempts are allowed."""
    found = collected(faults=[Fault("server_error", "ListSpaces", times=2)], max_attempts=3)
    assert found.gaps == ()
    assert found.coverage("ListSpaces").retries == 2
    _all_but(found)


def test_what_was_deleted_meanwhile_is_dropped_and_counted(collected: Collect) -> None:
    found = collected(faults=[Fault("not_found", "DescribeUserProfile", match="ben")])
    assert found.gaps == ()
    assert found.ids("user_profile") == PROFILES - {BEN}
    line = found.coverage("DescribeUserProfile")
    assert (line.calls, line.failed, line.dropped, line.error) == (3, 0, 1, "")
    _all_but(found, "user_profile")


def test_what_lay_in_a_domain_that_was_deleted_meanwhile_is_gone_with_it(collected: Collect) -> None:
    """A domain can only be deleted once nothing is in it: what was listed just before is not there any more."""
    found = collected(faults=[Fault("not_found", "DescribeDomain", match="d-home")])
    assert found.gaps == ()
    assert {kind for kind in WHOLE if found.ids(kind)} == set()


def test_the_commonest_error_is_named(collected: Collect) -> None:
    faults = [
        Fault("server_error", "DescribeUserProfile", match="ana"),
        Fault("access_denied", "DescribeUserProfile"),
    ]
    found = collected(faults=faults)
    line = found.coverage("DescribeUserProfile")
    assert (line.failed, line.error) == (3, "AccessDeniedException")
    assert {g.reason for g in found.gaps} == {"access_denied", "server_error"}


def test_a_domain_that_cannot_be_described_is_still_there(collected: Collect) -> None:
    found = collected(faults=[Fault("access_denied", "DescribeDomain")])
    (gap,) = found.gaps
    assert (gap.resource_type, gap.resource_id, gap.reason) == ("domain", "d-home", "access_denied")
    assert "sagemaker:DescribeDomain" in gap.detail
    record = found.record("domain", "d-home")
    assert record.gaps == ("*",)
    assert record.document["DomainName"] == "home"
    assert record.tags == (("team", "home"),)
    _all_but(found, "domain")


# A whole list


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        ("user_profile", "ListUserProfiles"),
        ("space", "ListSpaces"),
        ("app", "ListApps"),
        ("partner_app", "ListPartnerApps"),
    ],
)
def test_a_list_that_is_denied_is_a_gap_on_its_region(collected: Collect, kind: str, operation: str) -> None:
    found = collected(faults=[Fault("access_denied", operation, region=AWAY)], regions=(HOME, AWAY))
    gap = _list_is_lost(found, kind, operation, "access_denied", AWAY)
    assert f"sagemaker:{operation}" in gap.detail
    assert found.ids(kind, AWAY) == set()
    assert found.record("account_region", HOME).gaps == ()
    assert found.coverage(operation).failed == 0
    _all_but(found, region=HOME)
    _all_but(found, kind, region=AWAY)


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("throttle", "throttled"),
        ("server_error", "server_error"),
        ("drop", "unreachable"),
        ("garbage", "unexpected_response"),
    ],
)
def test_a_list_that_fails_is_a_gap_with_its_reason(collected: Collect, kind: FaultKind, reason: str) -> None:
    found = collected(faults=[Fault(kind, "ListUserProfiles")])
    _list_is_lost(found, "user_profile", "ListUserProfiles", reason)
    assert found.ids("user_profile") == set()
    _all_but(found, "user_profile")


def test_what_the_first_pages_held_is_kept(collected: Collect) -> None:
    faults = [Fault("access_denied", "ListUserProfiles", match=token(4))]
    found = collected(generate(1, 9), faults=faults, short_pages=4)
    _list_is_lost(found, "user_profile", "ListUserProfiles", "access_denied")
    assert len(found.ids("user_profile")) == 4
    assert found.coverage("ListUserProfiles").calls == 2


def test_a_list_without_end_is_a_gap_and_ends(collected: Collect) -> None:
    found = collected(faults=[Fault("loop", "ListUserProfiles")])
    (gap,) = found.gaps
    assert (gap.resource_type, gap.resource_id, gap.reason) == ("user_profile", "*", "unexpected_response")
    assert "NextToken" in gap.detail
    assert len(found.ids("user_profile")) == 1
    assert found.coverage("ListUserProfiles").calls == 2
    assert found.record("account_region", HOME).gaps == ("user_profile",)


def test_a_list_that_brings_nothing_new_ends(collected: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a token of its own on every page, which no repetition gives away."""
    monkeypatch.setattr(run, "_IDLE_PAGES", 5)
    found = collected(faults=[Fault("endless", "ListUserProfiles")])
    (gap,) = found.gaps
    assert (gap.resource_type, gap.resource_id, gap.reason) == ("user_profile", "*", "unexpected_response")
    assert found.coverage("ListUserProfiles").calls == 6


def test_a_list_has_a_limit(collected: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "LIST_SECONDS", 0.0)
    found = collected(generate(1, 9), short_pages=4)
    assert {(g.resource_type, g.reason) for g in found.gaps} >= {("user_profile", "unreachable")}
    assert len(found.ids("user_profile")) == 4


def test_a_call_has_a_limit_over_all_of_its_answer(collected: Collect, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that drips in a byte a second never meets the timeout of a socket."""
    send = URLLib3Session.send

    def slow(session: URLLib3Session, request: AWSPreparedRequest) -> AWSResponse:
        target = request.headers.get("X-Amz-Target", b"")
        if b"ListSpaces" in (target if isinstance(target, bytes) else target.encode()):
            time.sleep(5)
        return send(session, request)

    monkeypatch.setattr(URLLib3Session, "send", slow)
    monkeypatch.setattr(run, "CALL_SECONDS", 2.0)
    found = collected()
    (gap,) = found.gaps
    assert (gap.operation, gap.reason) == ("ListSpaces", "unreachable")
    assert "no answer after 2 seconds" in gap.detail
    _all_but(found, "space")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("access_denied", "access_denied"), ("garbage", "unexpected_response"), ("server_error", "server_error")],
)
def test_tags_that_cannot_be_read_are_not_taken_for_none(collected: Collect, kind: FaultKind, reason: str) -> None:
    found = collected(faults=[Fault(kind, "GetResources")])
    _list_is_lost(found, "tags", "GetResources", reason)
    for record in found.snapshot.records:
        taggable = record.kind in ("domain", "user_profile", "space", "app")
        assert record.tags is None
        if record.kind != "account_region":
            assert record.gaps == (("Tags",) if taggable else ())


@pytest.mark.parametrize(
    ("kind", "reason"),
    [("access_denied", "access_denied"), ("garbage", "unexpected_response")],
)
def test_vpcs_that_cannot_be_read_are_a_gap(collected: Collect, kind: FaultKind, reason: str) -> None:
    found = collected(faults=[Fault(kind, "DescribeVpcs")])
    _list_is_lost(found, "vpc", "DescribeVpcs", reason)
    assert found.ids("vpc") == set()
    _all_but(found)


# A whole region


def test_a_region_that_is_not_enabled_is_a_gap_and_the_other_is_collected(collected: Collect) -> None:
    found = collected(faults=[Fault("not_enabled", region=AWAY)], regions=(HOME, AWAY), evidence=tuple(EVIDENCE))
    assert {(g.region, g.resource_id, g.reason) for g in found.gaps} == {(AWAY, "*", "region_not_enabled")}
    # One gap says it all, and every list of the region is unknown.
    assert [(g.region, g.resource_type, g.operation) for g in found.gaps] == [(AWAY, "domain", "ListDomains")]
    lost = {spec.kind for spec in SPECS} | {"sign_in", "trail", "log_group", "event_rule", "metric_filter", "quota"}
    assert set(found.record("account_region", AWAY, AWAY).gaps) == lost
    assert [r.kind for r in found.snapshot.records if r.region == AWAY] == ["account_region"]
    _all_but(found, region=HOME)
    assert found.record("account_region", HOME).gaps == ()


def test_credentials_that_expire_on_the_way_are_a_gap_that_says_so(collected: Collect) -> None:
    found = collected(faults=[Fault("expired_token", "DescribeUserProfile", match="ben")])
    assert {gap.reason for gap in found.gaps} == {"credentials_expired"}
    assert (BEN, "DescribeUserProfile") in {(gap.resource_id, gap.operation) for gap in found.gaps}
    assert all("expired" in gap.detail for gap in found.gaps)
    assert found.coverage("DescribeUserProfile").error == "ExpiredTokenException"


def test_nothing_is_asked_with_credentials_that_have_expired(collected: Collect) -> None:
    """One answer is enough to know: tags and networks come after the profiles, and are not asked for."""
    found = collected(faults=[Fault("expired_token", "ListSpaces")])
    assert found.simulator.calls["tagging:GetResources"] == 0
    assert found.simulator.calls["ec2:DescribeVpcs"] == 0
    assert {"tags", "vpc"} <= {gap.resource_type for gap in found.gaps if gap.reason == "credentials_expired"}
    assert all("Tags" in r.gaps for r in found.snapshot.records if r.kind == "domain")


# An AWS that is ahead of the SDK


def test_values_of_the_future_are_kept_as_they_are(collected: Collect) -> None:
    found = collected(faults=[Fault("future")])
    assert found.gaps == ()
    _all_but(found)
    ana = found.record("user_profile", "d-home/ana").document
    assert ana["Status"] == "Hibernating"
    assert ana["UserSettings"]["StudioWebPortalSettings"] == {
        "HiddenMlTools": ["ToolOfTheFuture"],
        "HiddenAppTypes": ["AppOfTheFuture"],
    }
    assert ana["UserSettings"]["AutoMountHomeEFS"] == "Disabled"
    assert found.record("domain", "d-home").document["Status"] == "Hibernating"


# In the file


def test_gaps_and_coverage_come_back_from_the_file(collected: Collect, tmp_path: Path) -> None:
    faults = [
        Fault("access_denied", "DescribeUserProfile", match="ben"),
        Fault("server_error", "ListApps"),
        Fault("not_found", "DescribeSpace"),
    ]
    snapshot = collected(faults=faults).snapshot
    path = tmp_path / "snapshot.jsonl"
    write_snapshot(path, snapshot)
    read = SnapshotReader(path).snapshot()
    assert read.gaps == tuple(sorted(snapshot.gaps))
    assert [(g.resource_type, g.reason) for g in read.gaps] == [
        ("app", "server_error"),
        ("user_profile", "access_denied"),
    ]
    assert read.coverage == tuple(sorted(snapshot.coverage))
    assert Coverage(ACCOUNT, HOME, "DescribeSpace", calls=1, dropped=1) in read.coverage
    assert {r.id for r in read.records if r.gaps == ("*",)} == {BEN}
