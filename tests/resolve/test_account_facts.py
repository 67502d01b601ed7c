"""The bill's tags, quotas, logs of jobs, and what raises an event, of an account and Region."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from auditor.model.snapshot import GLOBAL, Record
from auditor.studio.quota_names import gpu_app

from .builder import Apart, Together, domain, place, record

together = Together()
G5, G4 = (
    "Studio JupyterLab Apps running on ml.g5.xlarge instances",
    "Studio KernelGateway Apps running on ml.g4dn.xlarge instance",
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # As Service Quotas calls them (general reference, "Amazon SageMaker AI endpoints and quotas").
        (G5, ("JupyterLab", "ml.g5.xlarge")),
        (G4, ("KernelGateway", "ml.g4dn.xlarge")),
        ("Studio CodeEditor Apps running on ml.p4d.24xlarge instances", ("CodeEditor", "ml.p4d.24xlarge")),
        ("Studio JupyterLab Apps running on ml.p6-b200.48xlarge instances", ("JupyterLab", "ml.p6-b200.48xlarge")),
        ("Studio JupyterLab Apps running on ml.gr6.4xlarge instances", ("JupyterLab", "ml.gr6.4xlarge")),
        ("Studio JupyterLab Apps running on ml.m5.large instances", None),
        ("Studio JupyterLab Apps running on ml.geospatial.interactive instances", None),
        ("ml.g5.xlarge for training job usage", None),
        ("RSession Apps running on ml.g5.xlarge instances", None),
    ],
)
def test_names_of_quotas(name: str, expected: tuple[str, str] | None) -> None:
    assert gpu_app(name) == expected


def _quota(named: int, **values: int) -> Record:
    applied = [{"QuotaName": {"g5": G5, "g4": G4}[short], "Value": value} for short, value in values.items()]
    return record("quota", "studio-gpu-apps", {"Named": named, "Applied": applied})


#: records, kinds that could not be listed -> the quotas, whether these are all
QUOTAS: list[tuple[list[Record], list[str], list[str], bool | None]] = [
    ([_quota(9)], [], [], True),
    ([_quota(9, g5=22, g4=1)], [], ["JupyterLab on ml.g5.xlarge: 22", "KernelGateway on ml.g4dn.xlarge: 1"], True),
    # Part of the list was lost.
    ([_quota(1, g5=22)], ["quota"], ["JupyterLab on ml.g5.xlarge: 22"], None),
    # A list that names none of these quotas says nothing about them.
    ([_quota(0)], [], [], None),
    ([], ["quota"], [], None),
    ([], [], [], None),
]


@pytest.mark.parametrize(
    ("tables", "quotas", "complete"),
    [(together(place(lost), domain(), *records), quotas, complete) for records, lost, quotas, complete in QUOTAS],
)
def test_quotas_on_apps_with_a_gpu(tables: Apart, quotas: list[str], complete: bool | None) -> None:
    (row,) = tables.rows("account_region")
    assert (row["gpu_app_quotas"], row["gpu_app_quotas_complete"]) == (quotas, complete)


def _tags(*keys: str) -> Record:
    return record("cost_tag", "active", {"TagKeys": list(keys)}, region=GLOBAL)


#: records, kinds that could not be listed -> active keys
TAGS: list[tuple[list[Record], list[str], list[str] | None]] = [
    ([_tags("owner", "team")], [], ["owner", "team"]),
    ([_tags()], [], []),
    ([], ["cost_tag"], None),
    ([_tags("owner")], ["cost_tag"], None),
    ([], [], None),
]


@pytest.mark.parametrize(
    ("tables", "keys"), [(together(place(lost), domain(), *records), keys) for records, lost, keys in TAGS]
)
def test_active_cost_allocation_tags(tables: Apart, keys: list[str] | None) -> None:
    (row,) = tables.rows("account_region")
    assert row["active_cost_tags"] == keys


#: Regions of the account, those with a domain -> the one that speaks for it
FIRST: list[tuple[list[str], list[str], str]] = [
    (["eu-west-1", "us-east-1"], ["eu-west-1", "us-east-1"], "eu-west-1"),
    (["eu-west-1", "us-east-1"], ["us-east-1"], "us-east-1"),
    (["eu-west-1", "us-east-1"], [], "eu-west-1"),
]


@pytest.mark.parametrize(
    ("tables", "first"),
    [
        (together(*(place(region=region) for region in regions), *(domain(region=region) for region in used)), first)
        for regions, used, first in FIRST
    ],
)
def test_one_region_speaks_for_the_account(tables: Apart, first: str) -> None:
    rows: list[dict[str, Any]] = tables.rows("account_region")
    assert [row["region"] for row in rows if row["first_region"]] == [first]


BOTH = ["UpdateDomain", "CreatePresignedDomainUrl"]


def _rule(certain: list[str], possible: list[str], targets: int | None = 1) -> Record:
    document: dict[str, Any] = {"Certain": certain, "Possible": possible}
    return record("event_rule", "rule", document if targets is None else {**document, "Targets": targets})


def _filter(*calls: str) -> Record:
    return record("metric_filter", "group/filter", {"Possible": list(calls)})


#: records, kinds that could not be listed -> calls that raise an event, calls that don't, whether that is all of them
ALERTS: list[tuple[list[Record], list[str], list[str], list[str], bool | None]] = [
    ([_rule(BOTH, [])], [], BOTH, [], True),
    ([_rule(["UpdateDomain"], [])], [], ["UpdateDomain"], ["CreatePresignedDomainUrl"], True),
    ([_rule(["UpdateDomain"], ["CreatePresignedDomainUrl"])], [], ["UpdateDomain"], [], None),
    # A rule without a target tells nobody; one of which that is not known may.
    ([_rule(BOTH, [], 0)], [], [], BOTH, True),
    ([_rule(BOTH, [], None)], [], [], [], None),
    ([_filter("UpdateDomain")], [], [], ["CreatePresignedDomainUrl"], None),
    # An alarm that one event raises.
    ([record("metric_filter", "group/filter", {"Certain": BOTH, "Possible": []})], [], BOTH, [], True),
    ([], [], [], BOTH, True),
    ([], ["event_rule"], [], [], None),
    ([], ["metric_filter"], [], [], None),
    ([], ["trail"], [], BOTH, True),  # whose filters could not be read, the list of filters says
    # What is known to raise an event does, whatever else could not be listed.
    ([_rule(BOTH, [])], ["event_rule", "metric_filter"], BOTH, [], True),
]


@pytest.mark.parametrize(
    ("tables", "alerted", "unalerted", "known"),
    [(together(place(lost), domain(), *records), *expected) for records, lost, *expected in ALERTS],
)
def test_calls_that_raise_an_event(tables: Apart, alerted: list[str], unalerted: list[str], known: bool | None) -> None:
    (row,) = tables.rows("account_region")
    assert (row["alerted_calls"], row["unalerted_calls"], row["alerts_known"]) == (alerted, unalerted, known)


def _group(name: str, days: int | None = None, gaps: Sequence[str] = ()) -> Record:
    told = {"logGroupName": name} if days is None else {"logGroupName": name, "retentionInDays": days}
    return record("log_group", name, told, gaps)


TRAINING, ENDPOINT = "/aws/sagemaker/TrainingJobs", "/aws/sagemaker/Endpoints/churn"
#: records, kinds that could not be listed -> days of groups that don't keep for ever, whether these are all
LOGS: list[tuple[list[Record], list[str], list[str], bool | None]] = [
    ([_group(TRAINING, 30), _group(ENDPOINT, 7)], [], [f"{ENDPOINT}: 7", f"{TRAINING}: 30"], True),
    # Kept for ever, and groups of something else.
    ([_group(TRAINING), _group("/aws/sagemaker/studio", 1)], [], [], True),
    ([_group(TRAINING, gaps=["retentionInDays"])], [], [], None),
    ([_group(TRAINING, 30)], ["log_group"], [f"{TRAINING}: 30"], None),
    ([], ["log_group"], [], None),
]


@pytest.mark.parametrize(
    ("tables", "days", "complete"),
    [(together(place(lost), domain(), *records), days, complete) for records, lost, days, complete in LOGS],
)
def test_how_long_logs_of_jobs_are_kept(tables: Apart, days: list[str], complete: bool | None) -> None:
    (row,) = tables.rows("account_region")
    assert (row["job_log_days"], row["job_log_days_complete"]) == (days, complete)
