"""report.junit.xml: the schema of Jenkins' xUnit plugin, and another reader (junitparser)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import junitparser
import pytest
import xmlschema

from auditor.model.report import Report
from auditor.report.render import Format, render

from .handmade import everything, hostile_everything, huge

ReportOf = Callable[[str], Report]
SCHEMA = xmlschema.XMLSchema(Path(__file__).parent / "schemas" / "junit-10.xsd")


def _text(report: Report) -> str:
    return "".join(render(report, Format.JUNIT))


def _root(report: Report) -> ElementTree.Element:
    return ElementTree.fromstring(_text(report))


def _suite(report: Report, name: str) -> ElementTree.Element:
    return next(s for s in _root(report) if (s.get("name") or "").split(" ")[0] == name)


@pytest.mark.parametrize("make", [everything, hostile_everything, lambda: replace(everything(), findings=(), gaps=())])
def test_fits_the_schema(make: Callable[[], Report]) -> None:
    SCHEMA.validate(_text(make()))


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_estates_fit_the_schema(report_of: ReportOf, estate: str) -> None:
    SCHEMA.validate(_text(report_of(estate)))


def test_the_schema_refuses_what_is_wrong() -> None:
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        SCHEMA.validate(_text(everything()).replace("<failure", "<failed").replace("</failure", "</failed"))


def test_each_verdict_is_what_it_reads_as() -> None:
    cases = {
        (case.get("name"), case.get("classname")): case
        for suite in _root(everything())
        for case in suite.iter("testcase")
    }
    live = "123456789012.eu-west-1"

    def outcome(name: str, classname: str) -> tuple[str, str | None]:
        (element,) = cases[name, classname]
        return element.tag, element.get("type")

    assert outcome("user_profile d-1/alan", f"STU901.{live}") == ("failure", "high")
    assert outcome("user_profile Grace", "STU903") == ("failure", "low")
    assert outcome("user_profile d-1/rosa", f"STU902.{live}") == ("error", "unknown")
    assert outcome("user_profile d-1/sofia", f"STU903.{live}") == ("error", "error")
    assert outcome("user_profile d-1/ada", f"STU901.{live}") == ("skipped", "waived")
    assert outcome("user_profile d-1/unjudged", f"STU990.{live}") == ("error", "not_assessed")
    assert outcome("user_profile d-1/abroad", "STU902.123456789012.us-east-1") == ("skipped", "carried_over")
    assert outcome("resources", "STU905") == ("skipped", "not_applicable")
    assert list(cases["resources that pass", "STU906"]) == []
    waived = cases["user_profile d-1/ada", f"STU901.{live}"][0].get("message")
    assert waived == "Waived until 2026-12-31 by Jane Roe (SEC-7): moves with the team in spring"
    assert ("user_profile d-1/mended", f"STU901.{live}") not in cases


def test_only_what_passed_reads_as_passed() -> None:
    """A case without an element passed. Nothing unknown, failed, waived or unseen may be one."""
    passed = {
        (suite.get("name"), case.get("name"))
        for suite in _root(everything())
        for case in suite.iter("testcase")
        if not len(case)
    }
    expected = {"STU900 rule-critical", "STU902 rule-medium", "STU906 rule-low"}
    assert passed == {(name, "resources that pass") for name in expected}


def test_another_reader_counts_the_same() -> None:
    read = junitparser.JUnitXml.fromstring(_text(everything()).encode())
    assert [s.name.split(" ")[0] for s in read] == ["coverage", *(f"STU90{n}" for n in range(7)), "STU990"]
    stated = (read.tests, read.failures, read.errors)
    sizes = [(s.tests, s.failures, s.errors, s.skipped) for s in read]
    read.update_statistics()
    assert stated == (read.tests, read.failures, read.errors)
    assert sizes == [(s.tests, s.failures, s.errors, s.skipped) for s in read]
    # Seven failures; two gaps, one unknown, one error, one that was not assessed.
    assert (read.failures, read.errors, read.skipped) == (7, 5, 3)


def test_what_passes_is_counted_not_listed() -> None:
    suite = _suite(everything(), "STU900")
    properties = {p.get("name"): p.get("value") for p in suite.iter("property")}
    assert (properties["pass"], properties["fail"], properties["severity"]) == ("7", "1", "critical")
    assert len(list(suite.iter("testcase"))) == 2


def test_gaps_are_errors_of_the_first_suite() -> None:
    suite = _suite(everything(), "coverage")
    assert [e.get("type") for case in suite.iter("testcase") for e in case] == ["access_denied", "throttled"]
    seen = _suite(replace(everything(), gaps=()), "coverage")
    assert [(case.get("name"), len(case)) for case in seen.iter("testcase")] == [("everything was seen", 0)]
    nothing = replace(everything(), gaps=(), coverage=(), resources={"domain": 0})
    assert [e.tag for case in _suite(nothing, "coverage").iter("testcase") for e in case] == ["error"]


def test_a_failure_says_where_why_and_how_to_mend_it() -> None:
    suite = _suite(everything(), "STU903")
    text = next(c for c in suite.iter("testcase") if c.get("name") == "user_profile Grace")[0].text or ""
    assert text.splitlines()[0] == "stacks/my studio.yaml:17"
    assert "AutoMountHomeEFS = Enabled" in text
    assert "AutoMountHomeEFS: Disabled" in text


def test_what_xml_cannot_hold_is_replaced() -> None:
    finding = replace(everything().findings[2], message='a\x00b\x1b]0;\ufffe"<&>\r\nc\td')
    root = _root(replace(everything(), findings=(finding,), past=()))
    message = next(root.iter("failure")).get("message")
    assert message == 'a\ufffdb\ufffd]0;\ufffd"<&>\n\nc\td'


def test_names_are_unique_and_the_bytes_the_same() -> None:
    report = huge(2_000)
    names = [(c.get("classname"), c.get("name")) for c in _root(report).iter("testcase")]
    assert len(names) == len(set(names))
    assert _text(report) == _text(report)
