"""report.ocsf.json: OCSF's own schema.

The class is held against schema.ocsf.io's export of 1.8.0 (package ocsf-json-schema), the objects that it shares with
other findings against that of 1.9.0, and all of it against prowler's models (py-ocsf-models).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema
from py_ocsf_models.events.findings.compliance_finding import ComplianceFinding

from auditor.model.report import Report
from auditor.report.json_text import milliseconds
from auditor.report.render import Format, render

from .handmade import AS_OF, EARLIER, everything, hostile_everything

ReportOf = Callable[[str], Report]
NEWEST = Path(__file__).parent / "schemas" / "ocsf-1.9.0-detection_finding.schema.json"
#: Members that the profile cloud adds to objects; the export of 1.9.0 is one without profiles.
CLOUD = {"resource_details": {"cloud_partition", "region"}}


@cache
def _class() -> Any:
    made = OcsfJsonSchemaEmbedded(get_ocsf_schema(version="1.8.0"))
    return jsonschema.Draft202012Validator(made.get_class_schema("compliance_finding", profiles=["cloud"]))


@cache
def _object(name: str) -> Any:
    schema = json.loads(NEWEST.read_text())
    return jsonschema.Draft7Validator({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


def _events(report: Report) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads("".join(render(report, Format.OCSF)))
    return loaded


def _by_number(report: Report) -> dict[int, dict[str, Any]]:
    return {int(e["finding_info"]["uid"], 16): e for e in _events(report)}


@pytest.mark.parametrize("make", [everything, hostile_everything])
def test_fits_the_class(make: Callable[[], Report]) -> None:
    events = _events(make())
    assert len(events) == 12
    for event in events:
        assert [e.message for e in _class().iter_errors(event)] == []
        ComplianceFinding.model_validate(event)


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_estates_fit_the_class(report_of: ReportOf, estate: str) -> None:
    for event in _events(report_of(estate)):
        assert [e.message for e in _class().iter_errors(event)] == []


def test_the_objects_fit_the_newest_schema() -> None:
    for event in _events(everything()):
        assert event["metadata"]["version"] == "1.9.0"
        objects = [
            ("metadata", event["metadata"]), ("finding_info", event["finding_info"]), ("cloud", event["cloud"]),
            *(("resource_details", resource) for resource in event["resources"]),
            *(("evidences", evidence) for evidence in event.get("evidences", ())),
            *(("remediation", event[k]) for k in ("remediation",) if k in event),
        ]  # fmt: skip
        for name, value in objects:
            bare = {k: v for k, v in value.items() if k not in CLOUD.get(name, ())}
            assert [e.message for e in _object(name).iter_errors(bare)] == []


def test_the_schema_refuses_what_is_wrong() -> None:
    event = _events(everything())[0]
    for change in ({"class_uid": 2004}, {"severity_id": 9}, {"made_up": 1}, {"compliance": {"status_id": 7}}):
        assert list(_class().iter_errors(event | change)) != []
    assert list(_object("finding_info").iter_errors({"title": "no uid"})) != []


def test_identifiers_go_together() -> None:
    """type_uid = class_uid * 100 + activity_id (OCSF, base event)."""
    for event in _events(everything()):
        assert (event["class_uid"], event["category_uid"]) == (2003, 2)
        assert event["type_uid"] == 200300 + event["activity_id"]


def test_each_verdict_has_its_status() -> None:
    events = _by_number(everything())
    compliance = {n: (e["compliance"]["status_id"], e["compliance"]["status"]) for n, e in events.items()}
    fail, doubt = (3, "Fail"), (2, "Warning")
    assert compliance == {
        **dict.fromkeys(range(1, 9), fail),
        9: (99, "Error"),
        10: doubt,
        20: (0, "Unknown"),
        21: doubt,
    }
    assert not any(e["compliance"]["status_id"] == 1 for e in events.values())
    standing = {n: (e["activity_name"], e["status"]) for n, e in events.items()}
    assert standing[1] == standing[5] == ("Create", "New")
    assert standing[2] == standing[3] == standing[7] == ("Update", "New")
    assert standing[4][1] == "Suppressed"
    assert standing[20] == ("Close", "Resolved")
    # What was not part of this run has not changed.
    assert 22 not in events
    assert events[10]["message"].startswith("Unknown: ")


def test_severity_time_place_and_control() -> None:
    events = _by_number(everything())
    assert [events[n]["severity_id"] for n in (1, 2, 5, 6, 8)] == [5, 4, 3, 2, 1]
    event = events[2]
    assert event["time"] == milliseconds(AS_OF)
    assert event["finding_info"]["first_seen_time"] == milliseconds(EARLIER)
    account = {"uid": "123456789012", "type_id": 10, "type": "AWS Account"}
    assert event["cloud"] == {"provider": "AWS", "region": "eu-west-1", "cloud_partition": "aws", "account": account}
    assert events[5]["cloud"]["cloud_partition"] == "aws-us-gov"
    assert events[6]["cloud"] == {"provider": "AWS"}
    assert event["compliance"]["control"] == event["metadata"]["event_code"] == "STU901"
    assert event["compliance"]["requirements"] == ["P21", "NIST 800-53 AC-2"]
    assert event["resources"][0]["uid"] == "arn:aws:sagemaker:eu-west-1:123456789012:user-profile/d-1/alan"
    assert event["evidences"][0]["data"]["value"] == "Enabled"
    assert events[4]["unmapped"]["waiver"]["expires"] == "2026-12-31"


def test_milliseconds() -> None:
    assert milliseconds("1970-01-01T00:00:01Z") == 1000
    assert milliseconds("2026-01-01T00:00:00.5+01:00") == 1767222000500


def test_nothing_found_is_an_empty_list() -> None:
    assert _events(replace(everything(), findings=(), past=())) == []
