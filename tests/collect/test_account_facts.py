"""Cost allocation tags, quotas, and what raises an event: asked for once, and only where there is a domain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL
from auditor.simulator import Fault

from .conftest import AWAY, HOME, SMALL, Collect


def test_active_tags_are_asked_for_once_an_account(collected: Collect) -> None:
    tags = {"team": "Active", "owner": "Inactive"}
    found = collected(
        replace(SMALL, data={**SMALL.data, "cost_tags": tags}), regions=(HOME, AWAY), evidence=("cost-tags",)
    )
    assert found.simulator.calls["ce:ListCostAllocationTags"] == 1
    (kept,) = [r for r in found.snapshot.records if r.kind == "cost_tag"]
    assert (kept.region, kept.document) == (GLOBAL, {"TagKeys": ["team"]})


def test_a_member_account_may_not_list_them(collected: Collect) -> None:
    """In AWS's words, whatever the account's policies say: github.com/aws/aws-parallelcluster-ui/issues/242."""
    found = collected(
        replace(SMALL, data={**SMALL.data, "cost_tags": False}), regions=(HOME, AWAY), evidence=("cost-tags",)
    )
    assert [(g.resource_type, g.reason) for g in found.gaps] == [("cost_tag", "access_denied")]
    for region in (HOME, AWAY):
        assert found.record("account_region", region, region).gaps == ("cost_tag",)


def test_nobody_is_asked_about_an_account_without_domains(collected: Collect) -> None:
    found = collected(replace(SMALL, data={**SMALL.data, "domains": []}), evidence=("cost-tags", "quotas"))
    assert not {name for name in found.simulator.calls if name.startswith(("ce:", "service-quotas:"))}
    assert found.record("account_region", HOME).gaps == ("cost_tag", "quota")
    assert found.gaps == ()


def test_of_quotas_those_on_apps_with_a_gpu_are_kept(collected: Collect) -> None:
    g5 = "Studio CodeEditor Apps running on ml.g5.xlarge instances"
    named = [{"name": g5, "value": 3}, {"name": "ml.g5.xlarge for endpoint usage", "value": 8}]
    found = collected(replace(SMALL, data={**SMALL.data, "quotas": named}), regions=(HOME, AWAY), evidence=("quotas",))
    quotas = {r.region: r.document for r in found.snapshot.records if r.kind == "quota"}
    assert quotas[HOME] == {"Named": 3, "Applied": [{"QuotaName": g5, "Value": 3}]}
    assert quotas[AWAY] == {"Named": 3, "Applied": []}


def test_of_rules_the_judgement_is_kept_and_no_pattern(collected: Collect) -> None:
    """A rule that is off, or for something else, is asked nothing more."""
    told = {"source": ["aws.sagemaker"], "detail": {"eventName": ["UpdateDomain"]}}
    rules = [
        {"name": "changes", "pattern": told},
        {"name": "off", "pattern": told, "state": "DISABLED"},
        {"name": "jobs", "pattern": {"detail-type": ["SageMaker Training Job State Change"]}},
        {"name": "root", "pattern": {"detail": {"userIdentity": {"type": ["Root"]}}}, "targets": 0},
    ]
    found = collected(replace(SMALL, data={**SMALL.data, "event_rules": rules}), evidence=("alarms",))
    assert {r.id: r.document for r in found.snapshot.records if r.kind == "event_rule"} == {
        "changes": {"Certain": ["UpdateDomain"], "Possible": [], "Targets": 1},
        "root": {"Certain": [], "Possible": ["UpdateDomain", "CreatePresignedDomainUrl"], "Targets": 0},
    }
    assert found.simulator.calls["events:ListTargetsByRule"] == 2


COUNTED = ["{ $.eventName = StopLogging }", "{ $.eventName = Update* }"]


def _filters(collected: Collect, evidence: tuple[str, ...] = ("account", "alarms"), **trail: Any) -> Any:
    entry = {"name": "home", "multi_region": False, "filters": COUNTED, **trail}
    return collected(replace(SMALL, data={**SMALL.data, "trails": [entry]}), evidence=evidence)


def _kept(found: Any) -> list[Any]:
    return [r.document for r in found.snapshot.records if r.kind == "metric_filter"]


def test_a_filter_without_an_alarm_tells_nobody(collected: Collect) -> None:
    found = _filters(collected, alarms=[{"filter": 0}])
    assert found.simulator.calls["cloudtrail:DescribeTrails"] == 1
    assert _kept(found) == []
    assert "metric_filter" not in found.record("account_region", HOME).gaps


#: (what the trail has, the record): one event is enough for an alarm, or it may take more, or another looks at it.
ALARMS = [
    ({"alarms": [{"filter": 1}]}, {"Certain": ["UpdateDomain"], "Possible": []}),
    ({"alarms": [{"filter": 1, "threshold": 2}]}, {"Certain": [], "Possible": ["UpdateDomain"]}),
    ({"alarms": [{"filter": 1, "actions": False}]}, {"Certain": [], "Possible": ["UpdateDomain"]}),
    # The trail records no changes, or nothing at all.
    ({"alarms": [{"filter": 1}], "logging": False}, {"Certain": [], "Possible": ["UpdateDomain"]}),
    ({"alarms": [{"filter": 1}], "read_write": "ReadOnly"}, {"Certain": [], "Possible": ["UpdateDomain"]}),
    ({"alarms": [{"filter": 0}], "filters": ["{ $.userIdentity.userName = root }"]},
     {"Certain": [], "Possible": ["UpdateDomain", "CreatePresignedDomainUrl"]}),
]  # fmt: skip


@pytest.mark.parametrize(("trail", "expected"), ALARMS)
def test_filters_with_alarms(collected: Collect, trail: dict[str, Any], expected: dict[str, Any]) -> None:
    assert _kept(_filters(collected, **trail)) == [expected]


def test_what_a_trail_records_is_not_known_without_the_trails(collected: Collect) -> None:
    found = _filters(collected, ("alarms",), alarms=[{"filter": 1}])
    assert _kept(found) == [{"Certain": [], "Possible": ["UpdateDomain"]}]


def test_alarms_are_asked_for_where_a_filter_may_count_the_calls(collected: Collect) -> None:
    assert _filters(collected).simulator.calls["cloudwatch:DescribeAlarms"] == 1
    assert not _filters(collected, filters=COUNTED[:1]).simulator.calls["cloudwatch:DescribeAlarms"]


@pytest.mark.parametrize("evidence", [("account", "alarms"), ("alarms",)])
def test_where_the_trails_are_not_known_the_filters_are_not_either(
    collected: Collect, evidence: tuple[str, ...]
) -> None:
    found = collected(SMALL, evidence=evidence)
    assert "metric_filter" not in found.record("account_region", HOME).gaps
    found = collected(SMALL, evidence=evidence, faults=[Fault("access_denied", "DescribeTrails")])
    assert "metric_filter" in found.record("account_region", HOME).gaps
