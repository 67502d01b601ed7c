"""Trails and log groups of an account."""

from __future__ import annotations

from auditor.simulator import Fault
from auditor.simulator.estate import Estate

from .conftest import ACCOUNT, HOME, Collect
from .rich import RICH


def test_trails_come_with_their_status_and_selectors(collected: Collect) -> None:
    found = collected(RICH)
    (trail,) = (r for r in found.snapshot.records if r.kind == "trail")
    assert trail.document["Status"] == {"IsLogging": True}
    assert trail.document["Selectors"]["EventSelectors"][0]["IncludeManagementEvents"] is True


def test_a_trail_that_does_not_tell_leaves_the_others(collected: Collect) -> None:
    found = collected(RICH, faults=[Fault("access_denied", "GetEventSelectors")])
    (gap,) = found.gaps
    assert (gap.resource_type, gap.operation) == ("trail", "GetEventSelectors")
    (trail,) = (r for r in found.snapshot.records if r.kind == "trail")
    assert trail.gaps == ("Selectors",)
    assert found.record("account_region", HOME).gaps == ()


def test_a_trail_that_refuses_is_no_gap_where_another_records(collected: Collect) -> None:
    """An organisation's trail refuses GetTrailStatus to its member accounts; the account's own trail counts."""
    two = Estate("two", ACCOUNT, HOME, {**RICH.data, "trails": [{"name": "organisation"}, {"name": "own"}]})
    found = collected(two, faults=[Fault("access_denied", "GetTrailStatus", match="organisation")])
    assert found.gaps == ()
    gaps = {r.document["Name"]: r.gaps for r in found.snapshot.records if r.kind == "trail"}
    assert gaps == {"organisation": ("Status",), "own": ()}
    off = {"trails": [{"name": "organisation"}, {"name": "own", "logging": False}]}
    found = collected(
        Estate("off", ACCOUNT, HOME, {**RICH.data, **off}),
        faults=[Fault("access_denied", "GetTrailStatus", match="organisation")],
    )
    assert [g.operation for g in found.gaps] == ["GetTrailStatus"]


def test_only_studios_log_group_is_asked_for(collected: Collect) -> None:
    (group,) = (r for r in collected(RICH).snapshot.records if r.kind == "log_group")
    assert group.document["retentionInDays"] == 30
