"""report.sarif: OASIS's schema (2.1.0 with errata 01), and what GitHub's documentation asks for beyond it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import jsonschema
import pytest

from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.report import sarif_format
from auditor.report.render import Format, render

from .handmade import AS_OF, everything, hostile_everything, huge

ReportOf = Callable[[str], Report]
SCHEMA = Path(__file__).parent / "schemas" / "sarif-schema-2.1.0.json"


@cache
def _validator() -> Any:
    schema = json.loads(SCHEMA.read_text())
    return jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())


def _log(report: Report) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads("".join(render(report, Format.SARIF)))
    return loaded


def _run(report: Report) -> dict[str, Any]:
    run: dict[str, Any] = _log(report)["runs"][0]
    return run


def _result(run: dict[str, Any], number: int) -> dict[str, Any]:
    """The result of the finding with that number in the report by hand."""
    name = f"{number:032x}"
    found: dict[str, Any] = next(r for r in run["results"] if r["partialFingerprints"]["auditorFingerprint/v1"] == name)
    return found


@pytest.mark.parametrize("make", [everything, hostile_everything, lambda: replace(everything(), findings=(), past=())])
def test_fits_the_schema(make: Callable[[], Report]) -> None:
    assert [e.message for e in _validator().iter_errors(_log(make()))] == []


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_estates_fit_the_schema(report_of: ReportOf, estate: str) -> None:
    assert [e.message for e in _validator().iter_errors(_log(report_of(estate)))] == []


def test_the_schema_refuses_what_is_wrong() -> None:
    log = _log(everything())
    log["runs"][0]["results"][0]["level"] = "terrible"
    assert list(_validator().iter_errors(log)) != []


def test_has_what_github_requires() -> None:
    """GitHub docs, "SARIF support for code scanning": every property marked required, none of them empty."""
    log = _log(everything())
    assert log["$schema"]
    assert log["version"] == "2.1.0"
    run = log["runs"][0]
    assert run["tool"]["driver"]["name"]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["id"]
        assert 0 < len(rule["shortDescription"]["text"]) <= 1024
        assert 0 < len(rule["fullDescription"]["text"]) <= 1024
        assert rule["help"]["text"]
        assert len(rule.get("name", "")) <= 255
        assert len(rule.get("properties", {}).get("tags", [])) <= 20
    for result in run["results"]:
        assert result["message"]["text"]
        assert result["partialFingerprints"]["primaryLocationLineHash"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        # "unrecognized SARIF location URI scheme" is GitHub's answer to any scheme but file.
        assert re.match(r"[^:/?#]+/", place["artifactLocation"]["uri"])
        assert {"startLine", "startColumn", "endLine", "endColumn"} <= set(place["region"])
        assert place["region"]["startLine"] >= 1


def test_levels_and_scores_follow_the_severity() -> None:
    """GitHub: over 9.0 critical, from 7.0 high, from 4.0 medium, from 0.1 low."""
    rules = {r["id"]: r for r in _run(everything())["tool"]["driver"]["rules"]}
    bands = {"STU900": (9.1, 10.0), "STU901": (7.0, 8.9), "STU902": (4.0, 6.9), "STU903": (0.1, 3.9)}
    for rule, (low, high) in bands.items():
        assert low <= float(rules[rule]["properties"]["security-severity"]) <= high
        assert "security" in rules[rule]["properties"]["tags"]
    assert "security-severity" not in rules["STU904"]["properties"]
    levels = [rules[f"STU90{n}"]["defaultConfiguration"]["level"] for n in range(5)]
    assert levels == ["error", "error", "warning", "note", "note"]


def test_a_doubt_is_open_and_never_missing() -> None:
    """GitHub closes the alert of a result that is missing; SARIF 3.27.9: open is "insufficient information"."""
    run = _run(everything())
    for number in (9, 10, 21):
        result = _result(run, number)
        assert (result["kind"], result["level"]) == ("open", "none")
    assert _result(run, 10)["message"]["text"].startswith("Unknown: ")
    assert _result(run, 9)["message"]["text"].startswith("Error: ")
    assert _result(run, 21)["message"]["text"].startswith("Not assessed in this run (no rule)")
    carried = _result(run, 22)
    assert (carried["kind"], carried["level"]) == ("fail", "warning")
    # What is resolved must not be an alert again, and nothing is there twice.
    names = [r["partialFingerprints"]["auditorFingerprint/v1"] for r in run["results"]]
    assert sorted(names) == [f"{n:032x}" for n in (*range(1, 11), 21, 22)]


def test_a_waiver_is_a_suppression_and_every_result_says_so_or_not() -> None:
    run = _run(everything())
    assert all("suppressions" in r for r in run["results"])
    waived = _result(run, 4)
    assert (waived["kind"], waived["level"]) == ("fail", "error")
    (suppression,) = waived["suppressions"]
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert suppression["justification"] == "moves with the team in spring"
    assert suppression["properties"] == {"owner": "Jane Roe", "expires": "2026-12-31", "ticket": "SEC-7"}
    assert sum(bool(r["suppressions"]) for r in run["results"]) == 1
    plain = replace(everything(), findings=tuple(f for f in everything().findings if f.waiver is None))
    assert not any("suppressions" in r for r in _run(plain)["results"])


def test_the_baseline_state_follows_the_history() -> None:
    run = _run(everything())
    states = {n: _result(run, n).get("baselineState") for n in range(1, 11)}
    assert states == {
        1: "new", 2: "new", 3: "unchanged", 4: "unchanged", 5: "new", 6: "new", 7: "unchanged", 8: "new",
        9: None, 10: "updated",
    }  # fmt: skip
    alone = replace(
        everything(), previous=None, past=(), findings=tuple(replace(f, state=None) for f in everything().findings)
    )
    assert not any("baselineState" in r for r in _run(alone)["results"])


def test_templates_have_their_file_and_line() -> None:
    run = _run(everything())
    result = _result(run, 6)
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "stacks/my%20studio.yaml", "uriBaseId": "%SRCROOT%"}
    # The line of the setting, since the profile itself writes it; the resource begins at 12.
    assert place["region"]["startLine"] == 17
    assert result["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Studio/Research/Grace/Resource"
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "stacks/domain.yaml"
    assert related["physicalLocation"]["region"]["startLine"] == 4
    terraform = _result(run, 7)["locations"][0]["physicalLocation"]
    assert (terraform["artifactLocation"]["uri"], terraform["region"]["startLine"]) == ("infra/main.tf", 3)
    assert _result(run, 6)["properties"]["fix"] == "AutoMountHomeEFS: Disabled"
    assert _result(run, 7)["properties"]["fix"] == 'auto_mount_home_efs = "Disabled"'
    assert "%SRCROOT%" in run["originalUriBaseIds"]


def test_live_resources_have_a_path_that_stands_for_them() -> None:
    run = _run(everything())
    place = _result(run, 3)["locations"][0]
    uri = place["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "aws/123456789012/eu-west-1/user_profile/d-1/kurt"
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "123456789012/eu-west-1/user_profile/d-1/kurt"
    assert _result(run, 3)["properties"]["resource"]["arn"].startswith("arn:aws:sagemaker:")
    role = _result(run, 1)["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(role) == "aws/123456789012/aws-global/execution_role/arn:aws:iam::123456789012:role/x"
    assert ":" not in role


def test_an_absolute_file_has_the_scheme_that_github_knows() -> None:
    finding = everything().findings[5]
    outside = replace(finding, evidence=(), resource=replace(finding.resource, file="/srv/stacks/a b.yaml"))
    run = _run(replace(everything(), findings=(outside,), past=()))
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location == {"uri": "file:///srv/stacks/a%20b.yaml"}


def test_gaps_and_errors_are_notifications() -> None:
    (invocation,) = _run(everything())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["startTimeUtc"] == AS_OF
    notes = {n["descriptor"]["id"]: n for n in invocation["toolExecutionNotifications"]}
    assert set(notes) == {"rule-error", "gap-access-denied", "gap-throttled"}
    assert notes["rule-error"]["associatedRule"]["id"] == "STU903"
    assert "DescribeUserProfile in 123456789012/eu-west-1" in notes["gap-access-denied"]["message"]["text"]
    clean = replace(everything(), findings=(), gaps=())
    assert _run(clean)["invocations"][0] == {
        "executionSuccessful": True, "startTimeUtc": AS_OF, "toolExecutionNotifications": [],
    }  # fmt: skip


def test_more_than_github_takes_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sarif_format.MAX_RESULTS == 25_000
    monkeypatch.setattr(sarif_format, "MAX_RESULTS", 5)
    run = _run(everything())
    assert len(run["results"]) == 5
    assert {r["kind"] for r in run["results"]} == {"fail"}
    note = run["invocations"][0]["toolExecutionNotifications"][-1]
    assert note["descriptor"]["id"] == "results-left-out"
    assert "Left out: 7 results. GitHub accepts" in note["message"]["text"]


def test_runs_of_one_account_replace_each_other() -> None:
    """GitHub: the category is everything before the last slash."""
    report = everything()
    one = replace(report, source="aws", snapshots=(replace(report.snapshots[0], scopes=(("123456789012", "x"),)),))
    category, _, run = _run(one)["automationDetails"]["id"].rpartition("/")
    assert (category, run) == ("sagemaker-studio/aws/123456789012", AS_OF)
    assert _run(report)["automationDetails"]["id"].startswith("sagemaker-studio/mixed/accounts/")


def test_names_make_no_links() -> None:
    finding = replace(everything().findings[2], message="[click](https://evil.example) [x](1)")
    text = _run(replace(everything(), findings=(finding,), past=()))["results"][0]["message"]["text"]
    assert "](" not in text
    assert "https://evil.example" in text


@pytest.mark.parametrize(
    ("version", "semantic"),
    [("1.2.0", "1.2.0"), ("1.2", "1.2.0"), ("1.2.0.dev3", "1.2.0-dev3"), ("2.0.0rc1", "2.0.0-rc1"), ("x", "0.0.0")],
)
def test_the_version_is_a_semantic_one(version: str, semantic: str) -> None:
    driver = _run(replace(everything(), tool_version=version))["tool"]["driver"]
    assert driver["semanticVersion"] == semantic


def test_the_same_report_gives_the_same_log() -> None:
    assert "".join(render(everything(), Format.SARIF)) == "".join(render(everything(), Format.SARIF))


def test_fingerprints_know_no_line_and_no_message() -> None:
    report = everything()
    moved = replace(report.findings[6], message="other words", severity=Severity.HIGH,
                    resource=replace(report.findings[6].resource, line=99))  # fmt: skip
    before, after = _run(report), _run(replace(report, findings=(*report.findings[:6], moved, *report.findings[7:])))
    assert _result(before, 7)["partialFingerprints"] == _result(after, 7)["partialFingerprints"]
    assert len({r["partialFingerprints"]["primaryLocationLineHash"] for r in _run(huge(500))["results"]}) == 500
