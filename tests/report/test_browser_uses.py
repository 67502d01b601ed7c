"""report.html in a real browser: what can be taken away, dark, paper, without script, large, hostile."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import expect

from auditor.model.report import Report
from auditor.model.rule import Verdict
from auditor.model.snapshot import GLOBAL
from auditor.report.html.view import html_view

from .browser import CURRENT, address, current, expect_listed, opened, visit
from .estate import large
from .markdown_page import LINKED, MarkdownPage
from .samples import HOSTILE, hostile

pytestmark = pytest.mark.browser
ReportOf = Callable[[str], Report]
PageFile = Callable[[Report], Path]
CLIPBOARD = ["clipboard-read", "clipboard-write"]


def test_copies_commands_and_waivers(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    finding = next(f for f in report.findings if f.rule_id == "STU201")
    with opened(page_file(report), f"#finding/{finding.fingerprint}", permissions=CLIPBOARD) as page:
        assert finding.remediation is not None
        block = page.locator("#page details:has(> summary:text('AWS CLI')) .copyable")
        button = block.locator("button").first
        button.click()
        expect(button).to_have_text("Copied")
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


@pytest.mark.parametrize(
    ("rule", "words", "host", "page_of"),
    [
        (
            "STU201",
            "Its domain",
            "eu-west-1.console.aws.amazon.com",
            "/sagemaker/home?region=eu-west-1#/studio/{domain}",
        ),
        (
            "STU603",
            "The domain",
            "eu-west-1.console.aws.amazon.com",
            "/sagemaker/home?region=eu-west-1#/studio/{domain}",
        ),
        ("STU204", "The role", "console.aws.amazon.com", "/iam/home#/roles/details/{name}"),
    ],
)
def test_a_finding_leads_to_the_console(
    page_file: PageFile, report_of: ReportOf, rule: str, words: str, host: str, page_of: str
) -> None:
    report = report_of("acme")
    finding = next(
        f for f in report.findings if (f.rule_id, f.resource.region) in ((rule, "eu-west-1"), (rule, GLOBAL))
    )
    name = finding.resource.arn.rpartition("/")[2]
    with opened(page_file(report), f"#finding/{finding.fingerprint}") as page:
        link = page.locator("#page dl a", has_text=words).last
        expect(link).to_have_attribute(
            "href", f"https://{host}" + page_of.format(domain=finding.resource.domain_id, name=name)
        )
        expect(link).to_have_attribute("rel", "noopener noreferrer")


@pytest.mark.parametrize(
    ("arn", "address"),
    [
        ("arn:aws-cn:sagemaker:cn-north-1:123456789012:domain/d-1", "https://cn-north-1.console.amazonaws.cn/"),
        ("arn:aws-us-gov:sagemaker:us-gov-west-1:123456789012:domain/d-1",
         "https://us-gov-west-1.console.amazonaws-us-gov.com/"),
        ("arn:aws-iso:sagemaker:us-iso-east-1:123456789012:domain/d-1", ""),
        ("arn:constructor:sagemaker:eu-west-1:123456789012:domain/d-1", ""),
        ("arn:aws:sagemaker:evil.example/:123456789012:domain/d-1", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_the_console_is_the_partitions_and_nobody_elses(
    page_file: PageFile, report_of: ReportOf, arn: str, address: str
) -> None:
    report = report_of("acme")
    first = next(f for f in report.findings if f.resource.type == "domain")
    moved = replace(first, resource=replace(first.resource, arn=arn), root_cause="")
    alone = replace(report, findings=(moved,), root_causes=(), inventory=None)
    with opened(page_file(alone), f"#finding/{first.fingerprint}") as page:
        links = [
            a
            for a in page.eval_on_selector_all("#page a", "all => all.map(a => a.href)")
            if a.startswith("https://") and "console" in a
        ]
        assert [a[: len(address)] for a in links] == ([address] if address else [])
        assert "evil" not in " ".join(links)


def test_a_finding_becomes_a_ticket(page_file: PageFile, report_of: ReportOf) -> None:
    report = report_of("acme")
    finding = next(f for f in report.findings if f.rule_id == "STU201")
    with opened(page_file(report), f"#finding/{finding.fingerprint}", permissions=CLIPBOARD) as page:
        page.click("button:has-text('Copy as ticket')")
        written = page.evaluate("navigator.clipboard.readText()")
    assert finding.remediation is not None
    rule = next(r for r in report.rules if r.id == "STU201")
    shown = MarkdownPage(written)
    said = " ".join(shown.text)
    for part in (finding.message, rule.title, rule.why, finding.resource.name, finding.fingerprint, "eu-west-1"):
        assert " ".join(part.split()) in said.replace("\u2060", ""), part
    assert f"```sh\n{finding.remediation.aws}\n```" in written


def test_a_ticket_of_hostile_text_shows_it(page_file: PageFile) -> None:
    report = hostile(large(60), rules=True)
    finding = next(f for f in report.findings if f.status is Verdict.FAIL and f.waiver is None)
    with opened(page_file(report), f"#finding/{finding.fingerprint}", permissions=CLIPBOARD) as page:
        page.click("button:has-text('Copy as ticket')")
        written = page.evaluate("navigator.clipboard.readText()")
    shown = MarkdownPage(written)
    assert "onerror=alert(1)" in " ".join(shown.text)
    assert set(shown.tags) <= {"h2", "h3", "ul", "li", "p", "pre", "code"}
    assert not LINKED.search(" ".join(shown.text))


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


WIDTHS = (320, 360, 768, 1024, 1200)


def test_narrow_screens_scroll_tables_not_the_page(page_file: PageFile, night: Report) -> None:
    path = page_file(night)
    key = night.findings[0].resource.key
    fragments = (
        "", "#findings", "#causes", "#rules", "#domains", "#resources", "#waivers", "#unseen", "#about",
        f"#resource/{key}", f"#cause/{night.findings[0].root_cause}",
    )  # fmt: skip
    with opened(path) as page:
        for number, fragment in enumerate(fragments):
            # Each width is the first that some section is shown at, and the others are what it is made narrower to.
            first = WIDTHS[number % len(WIDTHS)]
            page.set_viewport_size({"width": first, "height": 800})
            visit(page, path, fragment)
            for width in (first, *(width for width in WIDTHS if width != first)):
                page.set_viewport_size({"width": width, "height": 800})
                page.evaluate(FRAMES)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (fragment, width)
                # Every part of the report is named at the top, whole.
                assert page.locator(".top nav").evaluate("nav => nav.scrollWidth <= nav.clientWidth"), width


#: Waits for what a change of the window's size asks for.
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def test_hostile_text_does_nothing(page_file: PageFile) -> None:
    # Of few findings none may be unknown by chance, and then nothing is missing.
    report = hostile(large(200, unseen=0.05), rules=True)
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
        page.locator("#findings .vt-body .vt-row .open").first.click()
        page.click(".drawer a[href^='#resource']")
        expect(page.locator("h1:visible")).to_contain_text(shown)
        assert page.locator("main img, main script").count() == 0
        assert page.problems == []


LABELS_CUT = """() => [...document.querySelectorAll("svg .tick")].filter((label) => {
  const edge = label.closest("svg").getBoundingClientRect().left;
  return label.getBoundingClientRect().width && label.getBoundingClientRect().left < edge - 1;
}).map((label) => label.textContent)"""


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
        # Before that, the page is as high as the few rows that were found.
        expect_listed(page, current(report))
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        last = current(report) + 1
        page.wait_for_selector(f".vt-row[aria-rowindex='{last}']")
        assert page.locator("#findings .vt-body .vt-row").count() < 60
        visit(page, path, "")
        for width in (1400, 400):
            # Six digits have room beside a chart.
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(LABELS_CUT) == []
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
