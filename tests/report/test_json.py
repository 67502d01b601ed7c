"""report.json: held to its schema, complete, and the schema itself not toothless."""

from __future__ import annotations

import copy
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from auditor.model.report import Report
from auditor.report.json_format import schema
from auditor.report.render import Format, render

from .samples import hostile

ReportOf = Callable[[str], Report]


def _document(report: Report) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads("".join(render(report, Format.JSON)))
    return loaded


def _validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema(), format_checker=jsonschema.FormatChecker())


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_fits_its_schema(report_of: ReportOf, estate: str) -> None:
    assert [e.message for e in _validator().iter_errors(_document(report_of(estate)))] == []


def test_hostile_text_stays_text(report_of: ReportOf) -> None:
    document = _document(hostile(report_of("acme")))
    assert list(_validator().iter_errors(document)) == []
    assert all("<script>" in f["message"] for f in document["findings"])


def test_holds_what_the_contract_names(report_of: ReportOf) -> None:
    document = _document(report_of("acme"))
    assert {
        "schema_version",
        "tool",
        "as_of",
        "source",
        "summary",
        "coverage",
        "gaps",
        "root_causes",
        "findings",
    } <= set(document)
    assert {"by_status", "by_severity", "by_rule", "resources"} <= set(document["summary"])
    finding = next(f for f in document["findings"] if f["rule"]["id"] == "STU402" and f["status"] == "fail")
    assert {"fingerprint", "rule", "status", "severity", "resource", "message", "evidence", "root_cause", "remediation",
            "waiver", "first_seen"} <= set(finding)  # fmt: skip
    assert {"type", "id", "arn", "name", "account", "region", "domain_id", "file", "line"} <= set(finding["resource"])
    evidence = next(e for e in finding["evidence"] if e["setting"] == "hidden_app_types")
    assert {"layer", "resource", "path"} <= set(evidence["origin"])


def test_totals_are_those_of_the_findings(report_of: ReportOf) -> None:
    document = _document(report_of("acme"))
    failed = [f for f in document["findings"] if f["status"] == "fail"]
    summary = document["summary"]
    assert summary["by_status"]["fail"] == len(failed) > 0
    assert {k: v for k, v in summary["by_severity"].items() if v} == Counter(f["severity"] for f in failed)
    assert {r["id"]: r["fail"] for r in summary["by_rule"] if r["fail"]} == Counter(f["rule"]["id"] for f in failed)
    affected = Counter(f["root_cause"] for f in failed)
    assert {c["id"]: c["affects"] for c in document["root_causes"]} == affected


def test_the_unified_studio_domain_is_named_once(report_of: ReportOf) -> None:
    named = [entry["resource"]["name"] for entry in _document(report_of("acme"))["out_of_scope"]]
    assert named == ["unified-project-7f3k"]


def _set(*keys: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for key in keys[:-1]:
            place = place[key]
        place[keys[-1]] = value

    return change


def _drop(*keys: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        place: Any = document
        for key in keys[:-1]:
            place = place[key]
        del place[keys[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        _drop("schema_version"),
        _drop("coverage"),
        _drop("findings", 0, "fingerprint"),
        _drop("findings", 0, "resource", "account"),
        _drop("findings", 0, "evidence", 0, "origin", "layer"),
        _set("source", value="azure"),
        _set("findings", 0, "status", value="pass"),
        _set("findings", 0, "severity", value="urgent"),
        _set("findings", 0, "fingerprint", value="short"),
        _set("summary", "by_status", "fail", value=-1),
        _set("root_causes", 0, "affects", value=-1),
        _set("gaps", 0, "reason", value="because"),
        _set("unheard_of", value=1),
    ],
    ids=lambda c: None,
)
def test_the_schema_refuses(report_of: ReportOf, change: Callable[[dict[str, Any]], None]) -> None:
    document = copy.deepcopy(_document(report_of("acme")))
    change(document)
    assert list(_validator().iter_errors(document)) != []
