"""Cost allocation tags, quotas, and what raises an event: asked for once, and only where there is a domain."""

from __future__ import annotations

from dataclasses import replace

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


def test_filters_of_the_log_groups_that_trails_write_to(collected: Collect) -> None:
    filters = ["{ $.eventName = StopLogging }", "{ $.eventName = Update* }"]
    trail = {"name": "home", "multi_region": False, "filters": filters}
    found = collected(replace(SMALL, data={**SMALL.data, "trails": [trail]}), evidence=("account", "alarms"))
    assert found.simulator.calls["cloudtrail:DescribeTrails"] == 1
    (kept,) = [r.document for r in found.snapshot.records if r.kind == "metric_filter"]
    assert kept == {"Possible": ["UpdateDomain"]}


@pytest.mark.parametrize("evidence", [("account", "alarms"), ("alarms",)])
def test_where_the_trails_are_not_known_the_filters_are_not_either(
    collected: Collect, evidence: tuple[str, ...]
) -> None:
    found = collected(SMALL, evidence=evidence)
    assert "metric_filter" not in found.record("account_region", HOME).gaps
    found = collected(SMALL, evidence=evidence, faults=[Fault("access_denied", "DescribeTrails")])
    assert "metric_filter" in found.record("account_region", HOME).gaps
