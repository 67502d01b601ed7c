"""Trails, logs and MLflow servers of an account and Region."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from auditor.model.snapshot import Record
from auditor.studio.trails import records_management

from .builder import Apart, Together, domain, place, profile, record

together = Together()


def _classic(read_write: str = "All", management: bool = True) -> dict[str, Any]:
    return {"EventSelectors": [{"ReadWriteType": read_write, "IncludeManagementEvents": management}]}


def _advanced(*fields: Mapping[str, Any]) -> dict[str, Any]:
    return {"AdvancedEventSelectors": [{"FieldSelectors": list(fields)}]}


#: The two sources that a trail can leave out of its management events (CloudTrail API, EventSelector).
NOISY = ("kms.amazonaws.com", "rdsdata.amazonaws.com")
MANAGEMENT = {"Field": "eventCategory", "Equals": ["Management"]}


def _trail(logging: bool | None, selectors: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"Status": {} if logging is None else {"IsLogging": logging}}
    return document if selectors is None else {**document, "Selectors": selectors}


#: whether it is logging, its selectors -> whether it records that somebody opens a profile
TRAILS: list[tuple[bool | None, Any, bool | None]] = [
    (True, _classic(), True),
    (True, _classic("WriteOnly"), True),
    # Opening a profile writes.
    (True, _classic("ReadOnly"), False),
    (True, _classic(management=False), False),
    # ReadWriteType is one of three (API_EventSelector); what another one records nobody knows.
    (True, _classic("DeleteOnly"), None),
    (True, {"EventSelectors": [None]}, None),
    (False, _classic(), False),
    (False, None, False),
    (None, _classic(), None),
    (True, None, None),
    (True, _advanced(MANAGEMENT), True),
    (True, _advanced(MANAGEMENT, {"Field": "readOnly", "Equals": ["false"]}), True),
    (True, _advanced(MANAGEMENT, {"Field": "readOnly", "Equals": ["true"]}), False),
    (True, _advanced({"Field": "eventCategory", "Equals": ["Data"]}), False),
    # The console's "Exclude AWS KMS events" and "Exclude Amazon RDS Data API events" leave SageMaker's in.
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "NotEquals": list(NOISY)}), True),
    (
        True,
        {"EventSelectors": [{"IncludeManagementEvents": True, "ExcludeManagementEventSources": list(NOISY)}]},
        True,
    ),
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "NotEquals": ["sagemaker.amazonaws.com"]}), False),
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "Equals": ["s3.amazonaws.com"]}), False),
    (True, _advanced(MANAGEMENT, {"Field": "eventSource", "StartsWith": ["sagemaker"]}), True),
    # Users and names leave some events out, or may.
    (True, _advanced(MANAGEMENT, {"Field": "userIdentity.arn", "NotStartsWith": ["arn:aws:iam::1"]}), None),
    (True, _advanced(MANAGEMENT, {"Field": "eventName", "Equals": ["CreateApp"]}), None),
    (True, _advanced({"Field": "readOnly", "Equals": ["false"]}), None),
    (True, {"EventSelectors": [{"ReadWriteType": "All"}]}, None),
    (True, {"AdvancedEventSelectors": [{}]}, None),
    (
        True,
        {
            "EventSelectors": [{"IncludeManagementEvents": False}],
            "AdvancedEventSelectors": _advanced(MANAGEMENT)["AdvancedEventSelectors"],
        },
        True,
    ),
]


@pytest.mark.parametrize(
    ("document", "tables", "records"),
    [
        (document, together(record("trail", "arn", document)), records)
        for document, records in ((_trail(logging, selectors), records) for logging, selectors, records in TRAILS)
    ],
)
def test_what_a_trail_records(document: Mapping[str, Any], tables: Apart, records: bool | None) -> None:
    assert records_management(document) is records
    (row,) = tables.rows("account_region")
    assert row["management_events_recorded"] is records


GOOD = record("trail", "arn-1", _trail(True, _classic()))
UNCLEAR = record("trail", "arn-2", _trail(True, None))
OFF = record("trail", "arn-3", _trail(False, None))
SEVERAL_TRAILS = [
    (together(GOOD, UNCLEAR, OFF), True),
    (together(UNCLEAR, OFF), None),
    (together(OFF), False),
    (together(), False),
    (together(place(["trail"]), OFF), None),
    (together(place(["trail"]), GOOD), True),
]


def test_one_trail_that_records_is_enough() -> None:
    for tables, recorded in SEVERAL_TRAILS:
        assert tables.rows("account_region")[0]["management_events_recorded"] is recorded


def _log_group(name: str, kept: int | None) -> Record:
    return record("log_group", name, {"logGroupName": name, **({"retentionInDays": kept} if kept else {})})


@pytest.mark.parametrize(
    ("tables", "exists", "days"),
    [
        (together(place(), _log_group("/aws/sagemaker/studio", 30)), True, 30),
        (together(place(), _log_group("/aws/sagemaker/studio", None)), True, 0),
        # The prefix finds others as well.
        (together(place(), _log_group("/aws/sagemaker/studio-archive", 30)), False, 0),
        (together(place()), False, 0),
        (together(place(["log_group"])), None, None),
    ],
)
def test_studios_log_group(tables: Apart, exists: bool | None, days: int | None) -> None:
    (row,) = tables.rows("account_region")
    assert (row["studio_log_group"], row["studio_log_retention_days"]) == (exists, days)


SERVER = record("mlflow_server", "a", {})
MLFLOW = [
    (together(domain(), profile("ana"), place()), 0),
    (together(domain(), profile("ana"), place(), SERVER, record("mlflow_app", "b", {})), 2),
    # One that was seen is there, whatever else could not be listed.
    (together(domain(), profile("ana"), place(["mlflow_app"]), SERVER), 1),
    (together(domain(), profile("ana"), place(["mlflow_app"])), None),
]


def test_mlflow_servers_and_apps_are_counted_together() -> None:
    for tables, number in MLFLOW:
        assert tables.rows("account_region")[0]["mlflow_servers"] == number
        assert tables.rows("user_profile")[0]["mlflow_servers"] == number


WHOLE = {"LogFileValidationEnabled": True, "IsMultiRegionTrail": True, "KmsKeyId": "arn:aws:kms:eu-west-1:1:key/1"}


def _recording(name: str, **also: Any) -> Record:
    return record("trail", name, {**_trail(True, _classic()), **also})


#: trails, kinds that could not be listed -> what the one that records lacks
WEAK: list[tuple[list[Record], list[str], list[str] | None]] = [
    ([_recording("one", **WHOLE)], [], []),
    ([_recording("one", **{**WHOLE, "KmsKeyId": ""})], [], ["a KMS key"]),
    ([_recording("one", LogFileValidationEnabled=False, IsMultiRegionTrail=False)], [],
     ["log file validation", "all Regions", "a KMS key"]),
    # Of several the one that lacks least; one that does not record is none.
    ([_recording("one", LogFileValidationEnabled=False, IsMultiRegionTrail=True), _recording("two", **WHOLE)], [], []),
    ([_recording("one", LogFileValidationEnabled=True, IsMultiRegionTrail=True),
      record("trail", "two", {**_trail(False, _classic()), **WHOLE})], [], ["a KMS key"]),
    # An answer that lacks a flag, or a list that is not whole, may hide a better one.
    ([_recording("one")], [], None),
    ([_recording("one", **{**WHOLE, "KmsKeyId": ""})], ["trail"], None),
    ([_recording("one", **WHOLE)], ["trail"], []),
    ([], [], []),
]  # fmt: skip


@pytest.mark.parametrize(
    ("tables", "weaknesses"),
    [(together(place(unlisted), domain(), *trails), weaknesses) for trails, unlisted, weaknesses in WEAK],
)
def test_what_a_trail_lacks(tables: Apart, weaknesses: list[str] | None) -> None:
    """Source: API_Trail (CloudTrail): both flags come with each trail, a key where there is one."""
    (row,) = tables.rows("account_region")
    assert row["trail_weaknesses"] == weaknesses
