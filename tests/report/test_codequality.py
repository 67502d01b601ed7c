"""report.codequality.json: GitLab's documented format, and GitLab's own way of comparing two reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema
import pytest

from auditor.model.report import Report
from auditor.report.render import Format, render

from .handmade import everything, hostile_everything, huge

ReportOf = Callable[[str], Report]
#: GitLab docs, "Code Quality report format": these members, one of five severities, a relative path without "./".
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^[^./]"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def _entries(report: Report) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads("".join(render(report, Format.CODEQUALITY)))
    return loaded


@pytest.mark.parametrize("make", [everything, hostile_everything, lambda: huge(300)])
def test_fits_the_format(make: Callable[[], Report]) -> None:
    entries = _entries(make())
    jsonschema.validate(entries, SCHEMA)
    names = [e["fingerprint"] for e in entries]
    assert len(names) == len(set(names)) > 0


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_estates_fit_the_format(report_of: ReportOf, estate: str) -> None:
    jsonschema.validate(_entries(report_of(estate)), SCHEMA)


def test_nothing_found_is_an_empty_list() -> None:
    assert _entries(replace(everything(), findings=(), past=())) == []


def test_severities_and_places() -> None:
    entries = {int(e["fingerprint"], 16): e for e in _entries(everything())}
    severities = {number: e["severity"] for number, e in entries.items()}
    assert severities == {1: "blocker", 2: "critical", 3: "critical", 5: "major", 6: "minor", 7: "minor", 8: "info",
                          9: "info", 10: "info", 21: "info", 22: "major"}  # fmt: skip
    assert entries[6]["location"] == {"path": "stacks/my studio.yaml", "lines": {"begin": 17}}
    assert entries[3]["location"]["path"] == "aws/123456789012/eu-west-1/user_profile/d-1/kurt"
    assert entries[3]["check_name"] == "STU901 rule-high"


def test_a_doubt_is_not_called_fixed() -> None:
    """GitLab calls fixed what the target branch has and the merge request lacks, by fingerprint."""
    report = everything()
    failing = replace(report.findings[2], fingerprint=report.findings[9].fingerprint)
    target = {e["fingerprint"] for e in _entries(replace(report, findings=(failing,), past=()))}
    request = {e["fingerprint"]: e for e in _entries(report)}
    assert target <= set(request)
    assert request[failing.fingerprint]["description"].startswith("Unknown: ")
    # A waived failure is nobody's task here; a resolved one is gone.
    assert f"{4:032x}" not in request
    assert f"{20:032x}" not in request
