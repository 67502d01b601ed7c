"""report.executive.html: the numbers of the report, on one printed page, with no part of a text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import jinja2.meta

from auditor.model.report import Report
from auditor.report.executive_format import FIXES, ExecutiveView, executive_view
from auditor.report.first_screen import fixes, posture, standing
from auditor.report.html.page_parts import html_environment, policy
from auditor.report.render import Format, render
from auditor.resources import templates_dir

from .browser import opened
from .estate import large

ReportOf = Callable[[str], Report]
TEMPLATE = templates_dir() / "executive.html.j2"


def test_the_sheet_counts_as_the_report_does(report_of: ReportOf) -> None:
    report = report_of("acme")
    view = executive_view(report)
    assert view.total == len(standing(report)) == sum(view.severities.values())
    assert view.posture == posture(report)
    assert [line.number for line in view.fixes] == [fix.resolves for fix in fixes(report)[:FIXES]]
    assert view.changes is None
    night = executive_view(large(900))
    assert night.changes is not None
    assert {title: number for title, number, _ in night.changes}["Resolved"] == 30
    assert night.late is not None
    assert executive_view(large(900, history=False)).late is None


def test_a_sentence_that_does_not_fit_gives_way_to_the_title(report_of: ReportOf) -> None:
    report = report_of("acme")
    cause = report.open_root_causes[0]
    long = "word " * 100
    findings = tuple(replace(f, message=long) if f.root_cause == cause.id else f for f in report.findings)
    (first, *_) = executive_view(replace(report, findings=findings)).fixes
    assert first.said == report.rule(cause.rule_id).title
    assert "…" not in "".join(render(replace(report, findings=findings), Format.EXECUTIVE))


def test_the_context_is_what_is_documented() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert jinja2.meta.find_undeclared_variables(html_environment().parse(text)) <= {"view", "policy", "style"}
    assert set(re.findall(r"\bview\.(\w+)", text)) == {f.name for f in fields(ExecutiveView)}


def test_nothing_loads_and_no_script_runs() -> None:
    page = "".join(render(large(66), Format.EXECUTIVE))
    assert "<script" not in page
    assert "script-src" not in page
    assert policy((templates_dir() / "executive.css").read_text(encoding="utf-8")).replace("'", "&#39;") in page


def test_it_prints_on_one_page(tmp_path: Path) -> None:
    """A4 and Letter, with a history and every list full; on a phone nothing is wider than the screen."""
    path = tmp_path / "report.executive.html"
    path.write_text("".join(render(large(20_000), Format.EXECUTIVE)), encoding="utf-8")
    with opened(path) as page:
        for size in ("A4", "Letter"):
            assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format=size))) == 1, size
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 400
        assert page.problems == []
