"""report.html in a real browser: filters, drill-down, keyboard."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect

from auditor.model.accounts import Account, AccountStatus
from auditor.model.finding import Finding, State
from auditor.model.report import Report
from auditor.report.first_screen import examples, standing, wrong
from auditor.report.html.view import html_view

from .browser import CURRENT, address, current, expect_listed, opened, visit

pytestmark = pytest.mark.browser
ReportOf = Callable[[str], Report]
PageFile = Callable[[Report], Path]


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


def test_accounts_are_found_by_name_and_domains_that_are_called_alike_are_told_apart(
    page_file: PageFile, night: Report
) -> None:
    account = night.findings[40].resource.account
    name = 'Zeta <b> "prod", west'
    twins = [replace(f, resource=replace(f.resource, domain_name="research")) for f in night.findings]
    lost = Account("9" * 12, "n" * 300, "o" * 300, AccountStatus.DENIED, "r" * 600)
    report = replace(night, findings=tuple(twins), inventory=None, accounts=(Account(account, name), lost))
    with opened(page_file(report), "#findings") as page:
        page.fill("#q", "zeta west")
        expect_listed(page, current(report, lambda f: f.resource.account == account))
        page.fill("#q", account)
        expect_listed(page, current(report, lambda f: f.resource.account == account))
        page.fill("#q", "")
        shown = page.locator("label:has(input[name=domain])").all_inner_texts()
        labels = [text.split("\n")[0] for text in shown if text.startswith("research")]
        assert len(labels) > 1
        assert len({label.partition(" · ")[2] for label in labels}) > 1, "each says where it lies"
        assert all(" · " in label for label in labels)
        page.click("nav a[href='#unseen']")
        expect(page.locator("#unseen th:has-text('nnn')")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "no name makes the page wider"
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
    said = examples(report)[cause.id]
    with opened(page_file(report), "#rules") as page:
        page.click(f"#rules a[href='#rule/{rule.id}']")
        expect(page.locator("h1:visible")).to_have_text(rule.title)
        assert rule.why in page.locator("#page").inner_text()
        page.click(f"#page a[href='#cause/{cause.id}']")
        expect(page.locator("#page .vt")).to_have_attribute("aria-rowcount", str(len(names) + 1))
        assert cause.resource.name in page.locator("#page .statement").inner_text()
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
        expect(page.locator("h1:visible")).to_have_text(wrong(cause, said))
        assert page.problems == []


def test_a_persons_page_has_everything_about_the_profile(page_file: PageFile, report_of: ReportOf) -> None:
    key = "123456789012/eu-west-1/user_profile/d-quicksetup01/grace-hopper"
    with opened(page_file(report_of("acme")), f"#resource/{key}") as page:
        text = page.locator("#page").inner_text()
        for part in (
            "grace-lab", "JupyterLab", "arn:aws:iam::123456789012:user/grace", "AmazonSageMakerFullAccess",
            "AmazonSageMaker-ExecutionRole-20250513T204284", "Inherited from the domain", "AuthMode",
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


def test_findings_are_grouped_by_choice_and_count_as_everywhere(page_file: PageFile, night: Report) -> None:
    """Accounts, domains and changes, rules, owners: each in the report's one order, and the address remembers it."""
    with opened(page_file(night), "#findings?group=rule") as page:
        total = f"{len(standing(night))}, {night.by_status['unknown']} not evaluated"
        expect(page.locator("#findings-title .count")).to_have_text(total)
        first = page.locator("#findings .group").first
        # What fails the run comes first, and of that what is new.
        expect(first.locator(".title")).to_contain_text(
            next(f for f in night.findings if f.gates and f.is_news).rule_id
        )
        first.locator("summary").click()
        expect(first.locator(".news > li > b.num").first).to_be_visible()
        number = sum(int(n) for n in first.locator(".news > li > b.num").all_inner_texts())
        rule = first.locator(".title").inner_text().split()[0]
        assert number == sum(f.rule_id == rule for f in standing(night))
        page.select_option("#findings select", "account")
        expect(page.locator("#findings .group > .body > .groups > .group")).to_have_count(len(night.domains))
        assert "group=account" in address(page)
        page.select_option("#findings select", "")
        expect(page.locator("#findings .vt")).to_be_visible()
        assert page.problems == []


def test_an_address_with_what_the_report_lacks_lists_nothing_and_says_so(page_file: PageFile, night: Report) -> None:
    with opened(page_file(night), "#findings?rule=STU999") as page:
        expect(page.locator("#findings-title .count")).to_have_text("0")
        expect(page.locator("#findings .empty-list")).to_contain_text("This report has no rule “STU999”.")
        page.click("#findings .empty-list button")
        expect(page.locator("#findings-title .count")).to_contain_text(f"{len(standing(night))}")
        # A rule of this run that finds nothing any more is not unknown: its list is empty.
        clean = next(r.id for r in night.rules if r.id not in {f.rule_id for f in night.findings})
        visit(page, Path(page.url.removeprefix("file://").partition("#")[0]), f"#findings?rule={clean}")
        expect(page.locator("#findings-title .count")).to_have_text("0")


def test_lists_and_pages_have_the_keyboard_too(page_file: PageFile, night: Report) -> None:
    with opened(page_file(night), "#causes") as page:
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        expect(page.locator("h1:visible")).to_have_text(html_view(night).causes[0].wrong)
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        assert page.evaluate("location.hash").startswith("#finding/")
