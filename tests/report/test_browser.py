"""report.html in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from auditor.model.report import Report
from auditor.report.render import Format, render

from .browser import opened
from .samples import hostile, multiplied

pytestmark = pytest.mark.browser
ReportOf = Callable[[str], Report]
VISIBLE = "tr[data-f=finding]:not([hidden])"


@pytest.fixture
def page_file(report_of: ReportOf, tmp_path: Path) -> Callable[..., Path]:
    def write(report: Report | None = None, name: str = "report.html") -> Path:
        path = tmp_path / name
        path.write_text("".join(render(report or report_of("acme"), Format.HTML)), encoding="utf-8")
        return path

    return write


def test_opens_without_a_request_or_a_complaint(page_file: Callable[..., Path], report_of: ReportOf) -> None:
    with opened(page_file()) as page:
        assert page.problems == []
        assert page.locator("h1").inner_text().startswith("167 findings come from")
        assert page.locator(VISIBLE).count() == len(report_of("acme").findings)
        # The style was let through by the policy: a tile has its colour.
        assert page.locator(".tile.high").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(253, 234, 230)"


def test_filters_search_and_the_address(page_file: Callable[..., Path], report_of: ReportOf) -> None:
    findings = report_of("acme").findings
    path = page_file()
    with opened(path) as page:
        page.keyboard.press("/")
        page.keyboard.type("felix-becker")
        expected = sum("felix-becker" in f.resource.name for f in findings)
        expect(page.locator(VISIBLE)).to_have_count(expected)
        assert f"{expected} of {len(findings)}" in page.locator("#shown").inner_text()
        assert page.evaluate("location.hash") == "#q=felix-becker"
        page.keyboard.press("Escape")
        page.check("input[name=severity][value=high]")
        high = sum(f.severity == "high" for f in findings)
        expect(page.locator(VISIBLE)).to_have_count(high)
        # Another query makes it a page of its own rather than a move within this one.
        page.goto(path.as_uri() + "?sent-by-a-colleague#severity=high&domain=d-legacy000001")
        both = sum(f.severity == "high" and f.resource.domain_id == "d-legacy000001" for f in findings)
        expect(page.locator(VISIBLE)).to_have_count(both)
        page.fill("#q", "nobody is called this")
        page.wait_for_selector("#nothing:visible")
        page.click("#clear")
        expect(page.locator(VISIBLE)).to_have_count(len(findings))
        assert page.problems == []


def test_links_unfold_what_they_point_at(page_file: Callable[..., Path]) -> None:
    with opened(page_file()) as page:
        target = page.locator("#rule-STU402 .cause").first
        assert not target.is_visible()
        page.locator(f"#first a[href='#{target.get_attribute('id')}']").click()
        target.wait_for(state="visible")


def test_keyboard_theme_and_copy(page_file: Callable[..., Path]) -> None:
    with opened(page_file(), permissions=["clipboard-read", "clipboard-write"]) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        light = page.evaluate("getComputedStyle(document.body).backgroundColor")
        page.click("#theme")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        block = page.locator(".copyable").first
        block.locator("button.copy").click()
        expect(block.locator("button.copy")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == block.locator("pre").inner_text()
        assert page.problems == []


def test_dark_is_the_systems_choice(page_file: Callable[..., Path]) -> None:
    with opened(page_file(), color_scheme="dark") as page:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 28)"


def test_works_without_javascript(page_file: Callable[..., Path]) -> None:
    with opened(page_file(), java_script_enabled=False) as page:
        assert not page.locator("#filters").is_visible()
        assert not page.locator("#theme").is_visible()
        rule = page.locator("#rule-STU402")
        rule.locator("summary").first.click()
        assert rule.locator("tr[data-f=finding]").first.is_visible()


def test_prints_everything(page_file: Callable[..., Path], tmp_path: Path) -> None:
    with opened(page_file()) as page:
        page.emulate_media(media="print")
        assert not page.locator("#filters").is_visible()
        pdf = page.pdf(format="A4", print_background=True)
        # Chromium writes "/Type /Page" once a page; folded parts are printed as well, so there are many.
        assert pdf.startswith(b"%PDF")
        assert pdf.count(b"/Type /Page") - pdf.count(b"/Type /Pages") > 8


def test_narrow_screens_scroll_tables_not_the_page(page_file: Callable[..., Path]) -> None:
    with opened(page_file()) as page:
        page.set_viewport_size({"width": 380, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= 380


def test_hostile_text_does_nothing(page_file: Callable[..., Path], report_of: ReportOf) -> None:
    with opened(page_file(hostile(report_of("acme")))) as page:
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
        page.fill("#q", "<script>")
        page.wait_for_timeout(200)
        assert page.problems == []
        assert page.locator("main img, main script").count() == 0
        assert "<img src=x onerror=alert(1)>" in page.locator("main").inner_text()


def test_the_greatest_page_still_answers(page_file: Callable[..., Path], report_of: ReportOf) -> None:
    with opened(page_file(multiplied(report_of("acme"), 200))) as page:
        page.fill("#q", "felix-becker-199")
        expect(page.locator("#shown")).to_contain_text(" of ")
        assert page.problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(page_file: Callable[..., Path], scheme: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for the text of badges, links, dimmed text and tiles on what is behind them."""
    measure = """() => {
      const light = (c) => { const f = c.match(/[\\d.]+/g).slice(0, 3).map(Number).map((v) => v / 255)
        .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * f[0] + 0.7152 * f[1] + 0.0722 * f[2]; };
      const behind = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!c.startsWith('rgba(0, 0, 0, 0)') && c !== 'transparent') return c; } return 'rgb(255,255,255)'; };
      document.querySelectorAll('details').forEach((d) => { d.open = true; });
      const bad = new Set();
      for (const e of document.querySelectorAll('body *')) {
        if (![...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()) || !e.checkVisibility()) continue;
        if (e.closest('.skip')) continue;
        const a = light(getComputedStyle(e).color), b = light(behind(e));
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < 4.5) bad.add(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
      }
      return [...bad]; }"""
    with opened(page_file(), color_scheme=scheme) as page:
        assert page.evaluate(measure) == []
