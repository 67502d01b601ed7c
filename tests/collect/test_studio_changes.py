"""Who changed what of Studio: collected only on request, reduced to what a policy asks about, and without secrets."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from auditor.collect.aws.call_errors import OddAnswerError
from auditor.collect.aws.studio_change_fields import EVENTS, change
from auditor.simulator import Fault
from auditor.simulator.estate import Estate

from .conftest import HOME, SMALL, Collect

TOKEN = "ghp_" + "0123456789abcdefghijABCDEFGHIJ012345"
SETTINGS = {
    "JupyterLabAppSettings": {
        "DefaultResourceSpec": {"InstanceType": "ml.t3.medium"},
        "CodeRepositories": [{"RepositoryUrl": "https://git.acme.example/lab"}],
    }
}


def _with(*changes: dict[str, Any]) -> Estate:
    home = SMALL.data["domains"][0]
    return replace(SMALL, data={**SMALL.data, "domains": [{**home, "changes": list(changes)}]})


def test_a_change_is_kept_with_what_a_policy_asks_about(collected: Collect) -> None:
    created = {
        "call": "CreateUserProfile", "by": "role/ops/kim",
        "request": {"UserProfileName": "ana", "UserSettings": SETTINGS,
                    "Tags": [{"Key": "owner", "Value": "ana"}, {"Key": "token", "Value": TOKEN}]},
    }  # fmt: skip
    found = collected(_with(created), evidence=("changes",))
    (record,) = (r for r in found.snapshot.records if r.kind == "studio_call")
    event = record.document
    assert event["eventName"] == "CreateUserProfile"
    assert event["userIdentity"]["issuerArn"].endswith(":role/ops")
    request = event["requestParameters"]
    assert request["userSettings"] == {
        "jupyterLabAppSettings": {"defaultResourceSpec": {"instanceType": "ml.t3.medium"}}
    }
    assert {tag["key"] for tag in request["tags"]} == {"owner", "token"}
    text = json.dumps(record.document)
    assert TOKEN not in text
    assert "203.0.113.7" not in text
    assert "git.acme.example" not in text
    assert found.gaps == ()


def test_nothing_is_collected_unless_it_is_named(collected: Collect) -> None:
    found = collected(_with({"call": "UpdateDomain", "by": "user/kim"}))
    assert "studio_call" not in found.snapshot.header.kinds
    assert {r.kind for r in found.snapshot.records} & {"studio_call"} == set()


def test_more_events_than_may_be_read_are_a_gap(collected: Collect) -> None:
    changes = [{"call": "UpdateDomain", "by": f"user/u{number}"} for number in range(60)]
    from auditor.collect.aws import CollectOptions, collect
    from auditor.collect.aws.evidence_request import EvidenceOptions

    collected(_with(*changes), evidence=())
    wanted = EvidenceOptions(names=("changes",), max_pages=1)
    found = collect(CollectOptions(regions=(HOME,), evidence=wanted))
    assert [(g.resource_type, g.reason) for g in found.gaps] == [("studio_call", "limit_reached")]
    assert sum(r.kind == "studio_call" for r in found.records) == 50
    (place,) = (r for r in found.records if r.kind == "account_region")
    assert "studio_call" in place.gaps


def test_a_refusal_is_a_gap(collected: Collect) -> None:
    found = collected(_with(), evidence=("changes",), faults=[Fault("access_denied", "LookupEvents")])
    assert {(g.resource_type, g.reason) for g in found.gaps} == {("studio_call", "access_denied")}
    assert found.simulator.calls["cloudtrail:LookupEvents"] <= len(EVENTS)


@pytest.mark.parametrize(
    "event", [{"eventName": "CreatePresignedDomainUrl"}, {"eventName": "UpdateDomain", "requestParameters": "x"}]
)
def test_an_event_that_does_not_say_is_odd(event: dict[str, Any]) -> None:
    with pytest.raises(OddAnswerError):
        change(event)
