"""report.html in a real browser: filters, drill-down, keyboard, what can be taken away, paper, and without script."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from playwright.sync_api import expect

from auditor.model.report import Finding, Report, State
from auditor.model.rule import Verdict
from auditor.report.html_view import html_view
from auditor.report.render import Format, render

from .browser import opened, visit
from .estate import large
from .samples import HOSTILE, hostile

pytestmark = pytest.mark.browser
ReportOf = Callable[[str], Report]
PageFile = Callable[[Report], Path]
CURRENT = (None, State.NEW, State.OPEN, State.REGRESSED)


@pytest.fixture
def page_file(tmp_path: Path) -> PageFile:
    def write(report: Report) -> Path:
        path = tmp_path / "report.html"
        path.write_text("".join(render(report, Format.HTML)), encoding="utf-8")
        return path

    return write


@pytest.fixture(scope="module")
def night() -> Report:
    """A report with a history, small enough to be quick."""
    return large(900)


def listed(page: Any) -> int:
    """How many findings the list says that it has."""
    return int(page.locator("#findings .vt").get_attribute("aria-rowcount")) - 1


def expect_listed(page: Any, number: int) -> None:
    expect(page.locator("#findings .vt")).to_have_attribute("aria-rowcount", str(number + 1))


def current(report: Report, fits: Callable[[Finding], bool] = lambda f: True) -> int:
    """Findings that are listed when no state is asked for."""
    return sum(f.state in CURRENT and fits(f) for f in report.findings)


def address(page: Any) -> str:
    page.wait_for_timeout(350)
    found: str = page.evaluate("location.hash")
    return found


def test_opens_without_a_request_or_a_complaint(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    with opened(page_file(report)) as page:
        assert page.locator("h1:visible").inner_text() == html_view(report).headline
        # The style was let through by the policy: a tile has its colour.
        assert page.locator(".tile.high a").evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(253, 234, 230)"
        page.click("nav a[href='#findings']")
        expect_listed(page, len(report.findings))
        assert page.problems == []


def test_filters_search_and_the_address(page_file: PageFile, night: Report) -> None:
    path = page_file(night)
    name = night.findings[40].resource.name
    with opened(path, "#findings") as page:
        expect_listed(page, current(night))
        page.keyboard.press("/")
        page.keyboard.type(name)
        expect_listed(page, current(night, lambda f: name in f.resource.name))
        assert address(page) == f"#findings?q={name}"
        page.keyboard.press("Escape")
        expect_listed(page, current(night))
        page.check("input[name=severity][value=high]")
        expect_listed(page, current(night, lambda f: f.severity == "high"))
        page.check("input[name=severity][value=medium]")
        expect_listed(page, current(night, lambda f: f.severity in ("high", "medium")))
        page.check("input[name=state][value=new]")
        wanted = sum(f.severity in ("high", "medium") and f.state is State.NEW for f in night.findings)
        expect_listed(page, wanted)
        assert address(page) == "#findings?severity=high,medium&state=new"
        page.reload()
        page.wait_for_selector("html.ready")
        expect_listed(page, wanted)
        expect(page.locator("input[name=state][value=new]")).to_be_checked()
        page.click(".chips button:has-text('Clear all')")
        expect_listed(page, current(night))
        page.fill("#q", "nobody is called this")
        page.wait_for_selector(".empty-list:visible")
        assert page.problems == []


@pytest.mark.parametrize("facet", ["rule", "account", "region", "domain", "owner", "type", "practice", "framework"])
def test_each_filter_gives_what_it_says(page_file: PageFile, night: Report, facet: str) -> None:
    rules = {r.id: r for r in night.rules}
    assert night.inventory is not None
    owners = {
        r.key: owner for t in night.inventory.tables for r, owner in zip(t.resources, t.owners, strict=True)
    }  # fmt: skip
    framework = night.frameworks[0]
    values: dict[str, Callable[[Finding], list[str]]] = {
        "rule": lambda f: [f.rule_id],
        "account": lambda f: [f.resource.account],
        "region": lambda f: [f.resource.region],
        "domain": lambda f: [f.resource.domain_id],
        "owner": lambda f: [owners[f.resource.key] or "none"],
        "type": lambda f: [f.resource.type],
        "practice": lambda f: list(rules[f.rule_id].practices),
        "framework": lambda f: [f"{framework.name}/{r.id}" for r in framework.requirements if f.rule_id in r.rules],
    }  # fmt: skip
    value = next(v for f in night.findings[5:] if f.state in CURRENT for v in values[facet](f))
    with opened(page_file(night), f"#findings?{facet}={value}") as page:
        wanted = current(night, lambda f: value in values[facet](f))
        assert wanted > 0
        expect_listed(page, wanted)
        # The number beside the value is the number of rows.
        box = page.locator(f"input[name={facet}]:checked")
        expect(box.locator("xpath=..").locator(".num")).to_have_text(f"{wanted:,}")
        assert page.problems == []


def test_waived_and_past_findings_are_a_click_away(page_file: PageFile, night: Report) -> None:
    waived = sum(f.state is State.WAIVED for f in night.findings)
    resolved = sum(p.state is State.RESOLVED for p in night.past)
    with opened(page_file(night), "#findings") as page:
        page.click(f"button:has-text('{waived} waived')")
        expect_listed(page, waived)
        page.locator(".vt-body .vt-row").first.click()
        drawer = page.locator(".drawer").inner_text()
        assert "Waived until" in drawer
        assert "SEC-1042" in drawer
        visit(page, Path(page.url.split("#")[0].removeprefix("file://")), "#findings?state=resolved")
        expect_listed(page, resolved)
        page.locator(".vt-body .vt-row").first.click()
        assert "passes now" in page.locator(".drawer").inner_text()


def test_rule_to_cause_to_resource_to_its_settings(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    cause = next(c for c in report.root_causes if c.affects > 5 and c.resource.type == "domain")
    rule = next(r for r in report.rules if r.id == cause.rule_id)
    names = [f.resource.name for f in report.findings if f.root_cause == cause.id]
    with opened(page_file(report), "#rules") as page:
        page.click(f"#rules a[href='#rule/{rule.id}']")
        expect(page.locator("h1:visible")).to_have_text(rule.title)
        assert rule.why in page.locator("#page").inner_text()
        page.click(f"#page a[href='#cause/{cause.id}']")
        expect(page.locator("#page .vt")).to_have_attribute("aria-rowcount", str(len(names) + 1))
        assert cause.resource.name in page.locator(".statement").inner_text()
        page.locator(f"#page .vt a.name:has-text('{names[0]}')").first.click()
        expect(page.locator("h1:visible")).to_have_text(names[0])
        text = page.locator("#page").inner_text()
        own = [f for f in report.findings if f.resource.name == names[0]]
        assert f"Findings ({len(own)})" in text
        assert "Inherited from the domain" in text
        assert "DefaultUserSettings.ExecutionRole" in text
        # The focus goes to the new page's title, and back leads to where the reader was.
        assert page.evaluate("document.activeElement.tagName") == "H1"
        page.go_back()
        expect(page.locator("h1:visible")).to_have_text(rule.title)
        assert page.problems == []


def test_a_persons_page_has_everything_about_the_profile(page_file: PageFile, report_of: ReportOf) -> None:
    key = "123456789012/eu-west-1/user_profile/d-quicksetup01/grace-hopper"
    with opened(page_file(report_of("acme")), f"#resource/{key}") as page:
        text = page.locator("#page").inner_text()
        for part in (
            "grace-lab", "JupyterLab", "arn:aws:iam::123456789012:user/grace", "AmazonSageMakerFullAccess",
            "AmazonSageMaker-ExecutionRole-20250513T204284", "Inherited from the domain", "auth_mode",
        ):  # fmt: skip
            assert part in text, part
        page.click("#page a.name:has-text('grace-lab')")
        expect(page.locator("h1:visible")).to_have_text("grace-lab")


def test_a_domains_page_has_its_profiles_and_what_to_change(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    domain = next(d for d in report.domains if d.resource.name == "legacy-analytics")
    with opened(page_file(report), f"#resource/{domain.resource.key}") as page:
        text = page.locator("#page").inner_text()
        assert "What to change here" in text
        held = domain.user_profiles + domain.spaces + domain.apps
        assert f"Profiles, spaces and apps ({held})" in text
        assert f"{domain.user_profiles} profiles, {domain.spaces} spaces, {domain.apps} apps" in text
        page.click("#page a:has-text('filter and export them')")
        expect_listed(page, sum(f.resource.domain_id == domain.resource.id for f in report.findings))


def test_an_address_that_leads_nowhere_says_so(page_file: PageFile, night: Report) -> None:
    path = page_file(night)
    with opened(path, "#resource/1/2/3/4") as page:
        for fragment in (
            "#resource/1/2/3/4",
            "#cause/ffff",
            "#rule/STU999",
            "#finding/%",
            "#findings?rule=x&sort=y&open=z",
        ):
            visit(page, path, fragment)
            text = page.locator("main").inner_text()
            assert "Not in this page" in text or "Findings" in text
        assert page.problems == []


def test_keyboard(page_file: PageFile, night: Report) -> None:
    with opened(page_file(night)) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.className") == "skip"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        page.click("nav a[href='#findings']")
        for key in ("j", "j", "ArrowDown", "k"):
            page.keyboard.press(key)
        row = page.locator("#findings .vt-row.current")
        assert row.get_attribute("aria-rowindex") == "3"
        message = row.locator(".open").inner_text()
        page.keyboard.press("Enter")
        expect(page.locator("#drawer-title")).to_have_text(message)
        assert page.evaluate("document.activeElement.id") == "drawer-title"
        page.keyboard.press("j")
        assert page.locator("#findings .vt-row.current").get_attribute("aria-rowindex") == "4"
        expect(page.locator("#drawer-title")).to_have_text(page.locator("#findings .current .open").inner_text())
        opened_address = address(page)
        assert "open=" in opened_address
        page.keyboard.press("Escape")
        assert not page.locator(".drawer").is_visible()
        assert page.evaluate("document.activeElement.className") == "open"
        for _ in range(60):
            page.keyboard.press("j")
        assert page.locator("#findings .vt-row.current").is_visible()
        page.keyboard.press("?")
        assert page.locator("dialog").is_visible()
        page.keyboard.press("Tab")
        page.locator("dialog input[type=checkbox]").uncheck()
        page.keyboard.press("Escape")
        # Keys of one character can be turned off (WCAG 2.1.4).
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") != "q"
        visit(page, Path(page.url.split("#")[0].removeprefix("file://")), opened_address)
        assert page.locator(".drawer").is_visible()
        assert page.problems == []


def test_lists_and_pages_have_the_keyboard_too(page_file: PageFile, night: Report) -> None:
    with opened(page_file(night), "#causes") as page:
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("h1:visible")).to_have_text(html_view(night).causes[0].rule.title)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash").startswith("#finding/")


def test_copies_commands_and_waivers(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    finding = next(f for f in report.findings if f.rule_id == "STU201")
    context: dict[str, Any] = {"permissions": ["clipboard-read", "clipboard-write"]}
    with opened(page_file(report), f"#finding/{finding.fingerprint}", **context) as page:
        assert finding.remediation is not None
        block = page.locator("#page details:has(> summary:text('AWS CLI')) .copyable")
        block.locator("button").click()
        expect(block.locator("button")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == finding.remediation.aws
        page.click("summary:has-text('Waive it')")
        page.locator("details:has(> summary:text('Waive it')) button.copy").click()
        stub = yaml.safe_load("waivers:\n" + page.evaluate("navigator.clipboard.readText()"))["waivers"][0]
        resource = finding.resource
        assert stub["rules"] == ["STU201"]
        assert stub["resources"] == {
            "type": "user_profile", "account": resource.account, "region": resource.region,
            "domain": resource.domain_id, "name": resource.name,
        }  # fmt: skip
        # Somebody must say why and who: the entry is refused until they do.
        assert (stub["reason"], stub["owner"]) == ("", "")
        assert stub["expires"].isoformat() > report.as_of[:10]
        assert stub["value"] == finding.evidence[0].value


def test_a_waiver_of_hostile_text_is_still_yaml(page_file: PageFile) -> None:
    report = hostile(large(60), rules=True)
    finding = next(f for f in report.findings if f.status is Verdict.FAIL and f.waiver is None)
    with opened(page_file(report), f"#finding/{finding.fingerprint}") as page:
        page.click("summary:has-text('Waive it')")
        text = page.locator("details:has(> summary:text('Waive it')) pre").inner_text()
        stub = yaml.safe_load(text)[0]
        assert stub["resources"]["name"].startswith(HOSTILE.split("\u202e")[0])
        assert set(stub) == {"rules", "resources", "reason", "owner", "ticket", "expires", "value"}


def test_exports_the_filtered_rows_as_csv(page_file: PageFile) -> None:
    report = hostile(large(300), rules=True)
    with opened(page_file(report), "#findings?severity=medium") as page:
        with page.expect_download() as download:
            page.click("button:has-text('Export CSV')")
        text = Path(download.value.path()).read_bytes().decode("utf-8")
        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        wanted = {f.fingerprint for f in report.findings if f.severity == "medium" and f.state in CURRENT}
        assert {r["fingerprint"] for r in rows} == wanted
        assert len(rows) == len(wanted) > 0
        for row in rows:
            for cell in row.values():
                assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
                assert not set("\u202e\x1b\x02") & set(cell)
        assert page.problems == []


def test_a_formula_does_not_leave_the_page(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    first = replace(report.findings[0], message='=HYPERLINK("http://x");+1')
    with opened(page_file(replace(report, findings=(first,))), "#findings") as page:
        with page.expect_download() as download:
            page.click("button:has-text('Export CSV')")
        text = Path(download.value.path()).read_bytes().decode("utf-8")
        row = next(csv.DictReader(io.StringIO(text, newline="")))
        assert row["message"] == "'=HYPERLINK(\"http://x\");'+1"


def test_sorts(page_file: PageFile, night: Report) -> None:
    with opened(page_file(night), "#findings") as page:
        page.click("#findings .vt-head button:has-text('Resource')")
        names = sorted({f.resource.name for f in night.findings if f.state in CURRENT})
        expect(page.locator("#findings .vt-body .c-resource a").first).to_have_text(names[0])
        assert page.locator("#findings [aria-sort=ascending]").inner_text().startswith("Resource")
        page.click("#findings .vt-head button:has-text('Resource')")
        expect(page.locator("#findings .vt-body .c-resource a").first).to_have_text(names[-1])
        assert address(page) == "#findings?sort=resource.down"


def test_dark_is_the_systems_choice_until_the_reader_makes_one(page_file: PageFile, report_of: ReportOf) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with opened(page_file(report_of("clean")), color_scheme="dark") as page:
        assert page.evaluate(ground) == "rgb(16, 20, 28)"
        page.click("#theme")
        assert page.evaluate(ground) == "rgb(246, 247, 249)"


def test_works_without_javascript(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    view = html_view(report)
    with opened(page_file(report), java_script_enabled=False) as page:
        for part in ("#search", "#theme", "#help", "nav a[href='#findings']"):
            assert not page.locator(part).is_visible()
        text = page.locator("main").inner_text()
        assert "Without script" in text
        assert view.headline in text
        first = page.locator(f"[id='cause/{view.causes[0].cause.id}']")
        first.locator("summary").first.click()
        assert view.causes[0].cause.remediation is not None
        assert view.causes[0].cause.remediation.steps in first.inner_text()
        rule = page.locator("[id='rule/STU402']")
        rule.locator("summary").click()
        assert "Why" in rule.inner_text()
        assert page.locator("#domains tbody tr").count() == len(report.domains)


def test_prints_the_first_screen_and_the_list(page_file: PageFile, night: Report) -> None:
    path = page_file(night)
    with opened(path) as page:
        pdf = page.pdf(format="A4", print_background=True)
        assert pdf.startswith(b"%PDF")
        visit(page, path, "#findings")
        page.emulate_media(media="print")
        assert not page.locator(".facets").is_visible()
        assert not page.locator(".top").is_visible()
        page.emulate_media(media="screen")
        # Rows beyond the screen are printed as well, up to a number that says so.
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        assert page.locator("#findings .vt-body .vt-row").count() == 500
        assert "The first 500 of" in page.locator("#findings").text_content()
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator("#findings .vt-body .vt-row").count() < 60


@pytest.mark.parametrize("width", [320, 360, 768, 1024])
def test_narrow_screens_scroll_tables_not_the_page(page_file: PageFile, night: Report, width: int) -> None:
    path = page_file(night)
    key = night.findings[0].resource.key
    with opened(path, viewport={"width": width, "height": 800}) as page:
        for fragment in (
            "", "#findings", "#causes", "#rules", "#domains", "#resources", "#waivers", "#unseen", "#about",
            f"#resource/{key}", f"#cause/{night.findings[0].root_cause}",
        ):  # fmt: skip
            visit(page, path, fragment)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, fragment


def test_hostile_text_does_nothing(page_file: PageFile) -> None:
    report = hostile(large(200), rules=True)
    path = page_file(report)
    with opened(path) as page:
        shown = HOSTILE.split("\u202e")[0]
        assert shown in page.locator("main").inner_text()
        finding = report.findings[0]
        for fragment in (
            "#findings", f"#finding/{finding.fingerprint}", f"#cause/{finding.root_cause}", "#causes",
            f"#rule/{finding.rule_id}", "#resources", "#domains", "#waivers", "#unseen", "#frameworks",
        ):  # fmt: skip
            visit(page, path, fragment)
            assert shown in page.locator("main").inner_text(), fragment
        page.fill("#q", "<script>")
        page.wait_for_timeout(200)
        page.locator(".vt-body .vt-row:visible").first.click()
        page.click(".drawer a[href^='#resource']")
        expect(page.locator("h1:visible")).to_contain_text(shown)
        assert page.locator("main img, main script").count() == 0
        assert page.problems == []


def test_a_hundred_thousand_findings(page_file: PageFile) -> None:
    """The limits as facts that do not hang on the machine; the times are measured by benchmarks/html_report.py."""
    report = large(100_000)
    path = page_file(report)
    assert path.stat().st_size < 20_000_000
    with opened(path, "#findings") as page:
        expect_listed(page, current(report))
        assert page.evaluate("document.querySelectorAll('#findings *').length") < 1_500
        assert page.evaluate("document.querySelectorAll('*').length") < 12_000
        page.keyboard.press("/")
        page.keyboard.type("grace hopper")
        words = ("grace", "hopper")
        expect_listed(page, current(report, lambda f: all(w in f.resource.name for w in words)))
        page.fill("#q", "")
        page.keyboard.press("Enter")
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        last = current(report) + 1
        page.wait_for_selector(f".vt-row[aria-rowindex='{last}']")
        assert page.locator("#findings .vt-body .vt-row").count() < 60
        assert page.problems == []


@pytest.mark.parametrize("fragment", ["#findings", "#causes", "#resources", "#rules"])
def test_heads_stay_in_sight(page_file: PageFile, night: Report, fragment: str) -> None:
    with opened(page_file(night), fragment) as page:
        page.evaluate("scrollTo(0, 1500)")
        page.wait_for_timeout(100)
        assert page.evaluate("scrollY") > 500
        head = page.locator(f"{fragment} .vt-head, {fragment} > .scroll thead th").first
        top = head.evaluate("e => e.getBoundingClientRect().top")
        bar = page.locator(".top").evaluate("e => e.getBoundingClientRect().bottom")
        assert abs(top - bar) <= 2
