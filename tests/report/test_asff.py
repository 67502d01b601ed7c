"""report.asff.json: botocore's model of BatchImportFindings, and the limits that the API reference states in words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

from auditor.model.finding import Evidence, State
from auditor.model.report import Report
from auditor.report.render import Format, render

from .handmade import AS_OF, EARLIER, everything, hostile_everything, huge
from .samples import HOSTILE

ReportOf = Callable[[str], Report]


@cache
def _model() -> Any:
    return botocore.session.Session().get_service_model("securityhub")


def _findings(report: Report) -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = json.loads("".join(render(report, Format.ASFF)))
    return loaded


def _by_number(report: Report) -> dict[int, dict[str, Any]]:
    return {int(f["Id"].rsplit("/", 1)[1], 16): f for f in _findings(report)}


def _stated(shape: Any, value: Any, path: str, documentation: str = "") -> Iterator[str]:
    """What a value breaks: enumerations and patterns of the model, and lengths and counts that its prose states."""
    longest = re.search(r"[Mm]aximum(?: length)? of (\d+)", documentation)
    if isinstance(value, str):
        if longest and len(value) > int(longest[1]):
            yield f"{path}: {len(value)} characters of {longest[1]}"
        if shape.enum and value not in shape.enum:
            yield f"{path}: {value!r} is none of {shape.enum}"
        pattern = shape.metadata.get("pattern")
        if pattern and not re.search(pattern, value):
            yield f"{path}: {value!r} is not {pattern}"
    elif shape.type_name == "list":
        most = re.search(r"Maximum number of (\d+) items?", documentation)
        if most and len(value) > int(most[1]):
            yield f"{path}: {len(value)} items of {most[1]}"
        for number, one in enumerate(value):
            yield from _stated(shape.member, one, f"{path}[{number}]")
    elif shape.type_name == "map":
        most = re.search(r"up to (\d+) key-value pairs", documentation)
        key = re.search(r"key can contain up to (\d+)", documentation)
        text = re.search(r"value can contain up to (\d+)", documentation)
        if most and len(value) > int(most[1]):
            yield f"{path}: {len(value)} pairs of {most[1]}"
        for name, one in value.items():
            if key and len(name) > int(key[1]):
                yield f"{path}.{name}: the key is too long"
            if text and len(one) > int(text[1]):
                yield f"{path}.{name}: {len(one)} characters of {text[1]}"
            yield from _stated(shape.value, one, f"{path}.{name}")
    elif shape.type_name == "structure":
        for name, one in value.items():
            yield from _stated(shape.members[name], one, f"{path}.{name}", shape.members[name].documentation)


def _wrong(findings: list[dict[str, Any]]) -> list[str]:
    shape = _model().operation_model("BatchImportFindings").input_shape
    found = []
    for finding in findings:
        report = ParamValidator().validate({"Findings": [finding]}, shape).generate_report()
        found += [report] if report else []
    one = _model().shape_for("AwsSecurityFinding")
    return found + [text for f in findings for text in _stated(one, f, "Finding")]


def _long() -> Report:
    report = everything()
    words = "word " * 2_000
    origin = report.findings[1].evidence[0].origin
    evidence = tuple(Evidence(f"setting_{n}", words, replace(origin, path=words)) for n in range(120))
    findings = tuple(
        replace(f, message=words, evidence=evidence, resource=replace(f.resource, name=words, domain_name=words))
        for f in report.findings
    )
    rules = tuple(
        replace(r, title=words, steps=words, practices=tuple(f"P{n}" for n in range(60))) for r in report.rules
    )
    return replace(report, findings=findings, rules=rules)


@pytest.mark.parametrize("make", [everything, hostile_everything, _long])
def test_fits_the_model_and_its_limits(make: Callable[[], Report]) -> None:
    findings = _findings(make())
    assert len(findings) == 10
    assert _wrong(findings) == []
    assert max(len(json.dumps(f).encode()) for f in findings) < 240_000


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_estates_fit_the_model(report_of: ReportOf, estate: str) -> None:
    assert _wrong(_findings(report_of(estate))) == []


def test_the_limits_are_noticed() -> None:
    finding = _findings(everything())[0]
    for change in (
        {"Title": "x" * 257}, {"Description": "x" * 1025}, {"Title": ""}, {"RecordState": "GONE"},
        {"ProductFields": {"k": "v" * 2049}}, {"ProductFields": {str(n): "v" for n in range(51)}},
        {"Compliance": {"Status": "MAYBE"}}, {"Resources": [{"Type": "Other", "Id": "x"}] * 33}, {"Id": "x" * 513},
        {"Compliance": {"Status": "FAILED", "RelatedRequirements": ["x"] * 33}},
    ):  # fmt: skip
        assert _wrong([finding | change]) != [], change


def test_each_verdict_has_its_status() -> None:
    findings = _by_number(everything())
    standing = {
        n: (f["Compliance"]["Status"], f["RecordState"], f.get("Workflow", {}).get("Status"))
        for n, f in findings.items()
    }
    active = ("FAILED", "ACTIVE", None)
    assert standing == {
        1: active, 2: active, 3: active, 4: ("FAILED", "ACTIVE", "SUPPRESSED"), 5: active, 8: active,
        9: ("NOT_AVAILABLE", "ACTIVE", None), 10: ("WARNING", "ACTIVE", None),
        20: ("NOT_AVAILABLE", "ARCHIVED", None), 21: ("WARNING", "ACTIVE", None),
    }  # fmt: skip
    assert findings[4]["Note"] == {
        "Text": "Waived until 2026-12-31 by Jane Roe (SEC-7): moves with the team in spring",
        "UpdatedBy": "sagemaker-studio-auditor", "UpdatedAt": AS_OF,
    }  # fmt: skip
    assert findings[10]["Description"].startswith("Unknown: ")


def test_severity_product_and_times() -> None:
    findings = _by_number(everything())
    labels = [findings[n]["FindingProviderFields"]["Severity"]["Label"] for n in (1, 2, 5, 9, 8)]
    assert labels == ["CRITICAL", "HIGH", "MEDIUM", "LOW", "INFORMATIONAL"]
    one = findings[2]
    assert one["ProductArn"] == "arn:aws:securityhub:eu-west-1:123456789012:product/123456789012/default"
    assert findings[5]["ProductArn"].startswith("arn:aws-us-gov:securityhub:us-gov-west-1:210987654321:product/")
    assert (one["FirstObservedAt"], one["CreatedAt"], one["UpdatedAt"]) == (EARLIER, EARLIER, AS_OF)
    assert one["GeneratorId"] == "sagemaker-studio-auditor/STU901"
    assert one["Compliance"]["RelatedRequirements"] == ["P21", "NIST 800-53 AC-2"]
    assert one["Resources"][0]["Id"] == "arn:aws:sagemaker:eu-west-1:123456789012:user-profile/d-1/alan"


def test_what_is_in_no_region_goes_to_one_that_was_audited() -> None:
    """There is no Security Hub in aws-global."""
    report = everything()
    assert "securityhub:eu-west-1:" in _by_number(report)[1]["ProductArn"]
    more = replace(report.snapshots[0], scopes=(("123456789012", "us-east-1"), ("123456789012", "eu-west-1")))
    assert "securityhub:us-east-1:" in _by_number(replace(report, snapshots=(more,)))[1]["ProductArn"]


def test_templates_are_in_no_account() -> None:
    assert not {6, 7} & set(_by_number(everything()))


def test_an_id_outlives_rewording() -> None:
    report = everything()
    other = replace(report.findings[2], message="other", state=State.NEW, evidence=())
    again = replace(report, findings=(*report.findings[:2], other, *report.findings[3:]))
    assert _by_number(report)[3]["Id"] == _by_number(again)[3]["Id"]
    assert len({f["Id"] for f in _findings(huge(300))}) == 300


def test_control_characters_are_replaced() -> None:
    assert "\x1b" in HOSTILE
    assert not re.search(r"\\u001b|\\u202e|\x1b", json.dumps(_findings(hostile_everything())))
