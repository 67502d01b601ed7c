"""Which user profiles deviate from their domain, in what: in report.json and as a part of report.html."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.model.deviation import DeviantValue, Deviation, Deviations
from auditor.model.report import Report
from auditor.report.html.view import DEVIATIONS, html_view
from auditor.report.render import Format, render

from .browser import opened, visit
from .estate import large
from .test_accessibility import COLOURS, axe_complaints

ReportOf = Callable[[str], Report]
PageFile = Callable[[Report], Path]


def test_report_json_says_who_sets_what(report_of: ReportOf) -> None:
    found = json.loads("".join(render(report_of("acme"), Format.JSON)))["deviations"]
    assert found["number"] == len(found["listed"]) > 0
    assert 0 < found["profiles"] < found["of"]
    idle = next(
        d for d in found["listed"] if d["domain_name"] == "research" and d["path"].endswith("LifecycleManagement")
    )
    assert (idle["setting"], idle["domain_value"], idle["profiles"]) == ("jupyterlab_idle_shutdown", "ENABLED", 1)
    assert idle["listed"] == [{"value": "DISABLED", "profiles": 1, "names": ["emma-schmidt"]}]


def test_a_page_lists_a_bounded_number_by_domain() -> None:
    value = DeviantValue("600", 2, ("ann", "<b>bob"))
    many = tuple(
        Deviation("1", "r", f"d-{n % 7}", f"team {n % 7}", "ebs_maximum_gb", f"Path{n}", "100", 2, 1, (value,))
        for n in range(400)
    )
    report = replace(large(10), deviations=Deviations(many, 900, 5, 9))
    view = html_view(report)
    assert sum(len(items) for _, items in view.deviations) == DEVIATIONS
    assert [domain.domain_id for domain, _ in view.deviations] == [f"d-{n}" for n in range(7)]
    assert view.deviations_hidden == 900 - DEVIATIONS
    page = "".join(render(report, Format.HTML))
    assert "600 more settings of domains" in page
    assert "&lt;b&gt;bob" in page
    assert "<b>bob" not in page


def test_nothing_is_said_where_nobody_looked() -> None:
    assert 'id="consistency"' not in "".join(render(large(10), Format.HTML))
    page = "".join(render(replace(large(10), deviations=Deviations(of=3)), Format.HTML))
    assert "No user profile sets anything that its domain has a value for." in page


@pytest.mark.browser
def test_the_part_is_found_from_the_rule_and_leads_to_people(report_of: ReportOf, page_file: PageFile) -> None:
    file = page_file(report_of("acme"))
    with opened(file, "#rule/STU110", viewport={"width": 360, "height": 800}) as page:
        page.locator("#page").get_by_role("link", name="Which user profiles deviate, and in what").click()
        assert page.locator("h1:visible").inner_text() == "Which user profiles deviate, and in what"
        assert page.locator("nav [aria-current]").inner_text() == "Domains"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert axe_complaints(page) == []
        page.emulate_media(color_scheme="dark")
        assert axe_complaints(page, COLOURS) == []
        page.locator("#consistency").get_by_role("link", name="emma-schmidt").first.click()
        assert page.locator("h1:visible").inner_text() == "emma-schmidt"
        visit(page, file)
        assert page.locator("#consistency-card").is_visible()
        assert page.problems == []
