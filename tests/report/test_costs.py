"""The estimated cost in report.json and as a part of report.html: an interval everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.model.cost import CostSum
from auditor.model.report import Report
from auditor.report.html.page_parts import usd
from auditor.report.render import Format, render

from .browser import opened, visit
from .estate import large
from .test_accessibility import COLOURS, axe_complaints

ReportOf = Callable[[str], Report]
PageFile = Callable[[Report], Path]


def test_dollars_are_rounded_outwards() -> None:
    assert usd(CostSum(8.8, 40.15, 1, 0, 0)) == "8 to 41 USD"
    assert usd(CostSum(1234.0, 56789.01, 1, 0, 0)) == "1,234 to 56,790 USD"


def test_report_json_has_sums_by_cause_owner_and_domain(report_of: ReportOf) -> None:
    found = json.loads("".join(render(report_of("acme"), Format.JSON)))["costs"]
    assert (found["currency"], found["per"], found["hours"]) == ("USD", "month", {"low": 160, "high": 730})
    assert all(source["date"] and source["origin"] for source in found["prices"])
    total = found["total"]
    assert 0 < total["low"] < total["high"]
    # An EFS, and an app on an instance of which AWS gives no type.
    assert total["unknown"] == 2
    for name in ("by_owner", "by_domain"):
        # Everything has one owner and one domain here.
        assert round(sum(item["cost"]["high"] for item in found[name]), 2) == total["high"]
    assert sum(item["cost"]["high"] for item in found["by_cause"]) > total["high"]
    space = next(item for item in found["by_cause"] if item["rule"] == "STU713")
    # ml.g5.2xlarge in eu-west-1.
    assert space["cost"] == {"low": 270.4, "high": 1233.7, "priced": 1, "unknown": 0, "widened": 0}


def test_nothing_about_money_is_nothing() -> None:
    assert json.loads("".join(render(large(10), Format.JSON)))["costs"] is None
    assert 'id="costs"' not in "".join(render(large(10), Format.HTML))


@pytest.mark.browser
def test_the_page_shows_intervals_and_leads_to_causes(report_of: ReportOf, page_file: PageFile) -> None:
    file = page_file(report_of("acme"))
    with opened(file, viewport={"width": 360, "height": 800}) as page:
        page.locator("#costs-card").locator("xpath=..").locator("a").click()
        assert page.locator("h1:visible").inner_text() == "Estimated cost of what findings are about"
        assert page.locator("nav [aria-current]").inner_text() == "Causes"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        shown = page.locator("#costs td:nth-child(2)").all_inner_texts()
        assert shown
        assert all(text == "unknown" or re.fullmatch(r"[0-9,]+ to [0-9,]+", text) for text in shown)
        assert "not what fixing the findings would save" in page.locator("#costs .lead").inner_text()
        assert axe_complaints(page) == []
        page.emulate_media(color_scheme="dark")
        assert axe_complaints(page, COLOURS) == []
        page.emulate_media(color_scheme="light")
        page.locator("#costs a[href^='#cause/']").first.click()
        assert "Not in this page" not in page.title()
        visit(page, file, "#causes")
        assert axe_complaints(page) == []
        assert page.problems == []
