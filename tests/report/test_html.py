"""report.html without a browser: self-contained, its policy exact, everything escaped, useful without its script."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields, replace
from html.parser import HTMLParser
from urllib.parse import unquote

import jinja2
import jinja2.meta
import pytest

from auditor.model.finding import priority
from auditor.model.report import Report
from auditor.model.waiver import WaiverProblem
from auditor.report import html_format
from auditor.report.html import whatif_page
from auditor.report.html.view import HtmlView, html_view
from auditor.report.html_format import html_environment, policy, script, style
from auditor.report.render import Format, render
from auditor.resources import templates_dir

from .estate import large
from .samples import HOSTILE, hostile

ReportOf = Callable[[str], Report]
PARTS = templates_dir() / "report"
#: Addresses that the script makes a page for; all others must be an element of the page.
SCRIPTED = ("resource/", "cause/", "rule/", "findings")


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.data: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.data.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.data).split())


def page_of(report: Report) -> Page:
    return Page("".join(render(report, Format.HTML)))


@pytest.fixture(scope="module", params=["acme", "clean", "large", "hostile"])
def page(request: pytest.FixtureRequest, report_of: ReportOf) -> Page:
    made = {"large": lambda: large(400), "hostile": lambda: hostile(large(200), rules=True)}
    return page_of(made[request.param]() if request.param in made else report_of(request.param))


def test_is_self_contained(page: Page) -> None:
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "audio", "video", "image", "use"}
        assert not {"src", "srcset", "style", "action", "formaction", "xlink:href"} & set(attributes)
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "a":
            assert re.match(r"#|https://", attributes["href"] or "")
    for source in (style(), script()):
        assert "url(" not in source.replace("_url(", "")
        assert "@import" not in source


def test_the_policy_allows_this_style_and_script_only(page: Page) -> None:
    metas = [a for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    assert [m["content"] for m in metas] == [policy(style(), script())]
    assert "default-src 'none'" in policy(style(), script())
    assert "require-trusted-types-for 'script'" in policy(style(), script())
    assert "unsafe" not in policy(style(), script())
    assert policy(style(), script()) != policy(style(), script() + " ")
    # One script runs; the other is data, of a type that no browser runs.
    assert [a.get("type") for t, a in page.tags if t == "script"] == ["application/octet-stream", None]


def test_the_script_makes_no_markup_and_no_request() -> None:
    assert "</script" not in script()
    assert "</style" not in style()
    markup = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function"
    assert re.findall(markup, script()) == []
    assert re.findall(r"fetch\(|XMLHttpRequest|import\(|WebSocket|sendBeacon", script()) == []


def test_every_part_is_used_and_short() -> None:
    listed = {*html_format.STYLES, *html_format.SCRIPTS, *whatif_page.STYLES}
    assert {p.name for p in PARTS.iterdir() if p.suffix in (".js", ".css")} == listed
    for path in PARTS.iterdir():
        assert len(path.read_text(encoding="utf-8").splitlines()) < 400, path.name


def test_ids_are_unique_and_every_link_arrives(page: Page) -> None:
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        if tag == "a" and (attributes["href"] or "").startswith("#"):
            target = unquote((attributes["href"] or "")[1:])
            assert target in ids or target.startswith(SCRIPTED), target


def test_hostile_text_is_inert() -> None:
    page = page_of(hostile(large(200), rules=True))
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert sum(tag == "script" for tag, _ in page.tags) == 2
    text = "".join(page.data)
    assert HOSTILE.split("\u202e")[0] in text
    # No template of the data's is run, and nothing steers the display.
    assert "{{7*7}}" in text
    assert not set("\u202e\x1b\x02") & set(text)


def test_says_what_to_do_without_its_script(report_of: ReportOf) -> None:
    report = report_of("acme")
    page = page_of(report)
    assert "report.json holds everything" in page.text
    for rule in report.rules:
        assert rule.title in page.text
    worst = html_view(report).causes[0]
    assert worst.rule.steps.split(".")[0] in page.text
    ids = {a["id"] for _, a in page.tags if "id" in a}
    assert f"cause/{worst.cause.id}" in ids
    assert {f"rule/{r.id}" for r in report.rules} <= ids
    assert {f"resource/{d.resource.key}" for d in report.domains} <= ids


def test_a_first_run_does_not_claim_that_nothing_is_new(report_of: ReportOf) -> None:
    text = page_of(report_of("acme")).text
    assert "there is no earlier run and no baseline" in text
    assert "Nothing new" not in text
    assert "there is no earlier run" not in page_of(large(200)).text


def test_the_clean_estate_says_so(report_of: ReportOf) -> None:
    text = page_of(report_of("clean")).text
    assert "No findings: every check that could be evaluated passed." in text
    assert "Nothing to change." in text
    assert "Every call that the audit needs was answered." in text
    assert "Passed: no finding" in text


def test_an_empty_account_is_no_praise(report_of: ReportOf) -> None:
    empty = replace(report_of("clean"), resources={"domain": 0, "user_profile": 0, "space": 0, "app": 0}, domains=())
    assert "No Studio resource was found" in page_of(empty).text


def test_tags_that_cannot_be_read_as_waivers_are_listed(report_of: ReportOf) -> None:
    problem = WaiverProblem("1/eu-west-1/space/d-1/lab", "until <soon>", "the day is missing")
    text = page_of(replace(report_of("acme"), waivers=(), waiver_problems=(problem,))).text
    assert "1 tag can’t be read as a waiver and waives nothing." in text
    assert "1/eu-west-1/space/d-1/labuntil <soon>the day is missing" in text  # three cells
    assert "Tags that can’t be read as waivers" not in page_of(report_of("acme")).text


def test_templates_are_not_called_accounts(report_of: ReportOf) -> None:
    report = report_of("acme")
    info = replace(report.snapshots[0], source="terraform", scopes=(("infra/main", "template"),))
    text = page_of(replace(report, snapshots=(info,))).text.partition("// ")[0]
    assert "Template infra/main · as of" in text
    assert not re.search(r"\baccounts?\b", text.partition("By domain")[0], re.IGNORECASE)
    assert "Account 123456789012" in page_of(report).text


def test_what_was_carried_over_is_said(report_of: ReportOf) -> None:
    report = report_of("acme")
    first, *rest = report.coverage
    text = page_of(replace(report, coverage=(replace(first, carried=1234), *rest))).text
    assert "1,234 resources were not read again" in text
    assert "Carried over" in text
    assert "Carried over" not in page_of(report).text


def test_the_causes_come_in_one_order_everywhere(report_of: ReportOf) -> None:
    report = report_of("acme")
    assert [view.cause for view in html_view(report).causes] == list(
        report.open_root_causes[: len(html_view(report).causes)]
    )
    urgent = [(bool(cause.gates), priority(cause.severity, cause.affects)) for cause in report.open_root_causes]
    assert urgent == sorted(urgent, reverse=True)
    # It is not by severity alone: else this would hold nothing.
    ranks = [cause.severity.rank for cause in report.open_root_causes]
    assert ranks != sorted(ranks)
    assert json.loads("".join(render(report, Format.JSON)))["root_causes"][0]["id"] == report.open_root_causes[0].id


def test_the_context_is_what_is_documented(report_of: ReportOf) -> None:
    """The templates read ``view`` and the page's own parts and nothing else; an undefined name is an error."""
    made = html_environment()
    allowed = {"view", "policy", "style", "script"}
    files = [templates_dir() / "report.html.j2", *sorted(PARTS.glob("*.j2"))]
    for path in files:
        assert jinja2.meta.find_undeclared_variables(made.parse(path.read_text())) <= allowed, path.name
    assert made.undefined is jinja2.StrictUndefined
    with pytest.raises(jinja2.UndefinedError):
        made.from_string("{{ view.nothing_of_that_name }}").render(view=html_view(report_of("clean")))
    used = set(re.findall(r"\bview\.(\w+)", "".join(p.read_text() for p in files)))
    assert used == {f.name for f in fields(HtmlView)}
    for field in fields(HtmlView):
        assert f"``{field.name}``" in (HtmlView.__doc__ or "") or field.name == "report", field.name


def test_the_same_report_gives_the_same_page() -> None:
    assert "".join(render(large(300), Format.HTML)) == "".join(render(large(300), Format.HTML))
