"""report.html without a browser: self-contained, its policy exact, everything escaped, bounded, complete."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser

import jinja2
import jinja2.meta
import pytest

from auditor.model.report import Report
from auditor.report import html_view as views
from auditor.report.html_format import html_environment, policy
from auditor.report.html_view import html_view
from auditor.report.render import Format, render
from auditor.resources import templates_dir

from .samples import HOSTILE, hostile, multiplied

ReportOf = Callable[[str], Report]


class _Page(HTMLParser):
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


def _page(report: Report) -> _Page:
    return _Page("".join(render(report, Format.HTML)))


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_is_self_contained(report_of: ReportOf, estate: str) -> None:
    page = _page(report_of(estate))
    for tag, attributes in page.tags:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base", "audio", "video"}
        assert "src" not in attributes
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        if tag == "a":
            assert re.match(r"#|https://", attributes["href"] or "")
    assert "url(" not in (templates_dir() / "report.css").read_text()
    assert "@import" not in (templates_dir() / "report.css").read_text()


def test_the_policy_allows_this_style_and_script_only(report_of: ReportOf) -> None:
    page = _page(report_of("acme"))
    metas = [a for t, a in page.tags if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"]
    style, script = ((templates_dir() / f"report.{end}").read_text() for end in ("css", "js"))
    assert [m["content"] for m in metas] == [policy(style, script)]
    assert "default-src 'none'" in policy(style, script)
    assert "unsafe" not in policy(style, script)
    assert policy(style, script) != policy(style, script + " ")
    assert "</script" not in script
    assert "</style" not in style
    # Nothing that a policy of hashes would not stop anyway, but that nobody should have to think about.
    assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|eval\(", script)


def test_ids_are_unique_and_every_link_arrives(report_of: ReportOf) -> None:
    page = _page(report_of("acme"))
    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for tag, attributes in page.tags:
        if tag == "a" and (attributes["href"] or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids


def test_hostile_text_is_inert(report_of: ReportOf) -> None:
    page = _page(hostile(report_of("acme")))
    assert sum(tag == "script" for tag, _ in page.tags) == 1
    assert not [tag for tag, _ in page.tags if tag == "img"]
    assert not [a for _, a in page.tags if any(name.startswith("on") for name in a)]
    assert HOSTILE.split("\x1b")[0] in "".join(page.data)
    assert "49" not in re.findall(r"\{\{(.*?)\}\}", "".join(page.data))


def test_says_every_finding_and_its_origin(report_of: ReportOf) -> None:
    report = report_of("acme")
    page = _page(report)
    rows = [a["id"] for t, a in page.tags if t == "tr" and a.get("data-f") == "finding"]
    assert sorted(rows) == sorted(f"f-{f.fingerprint}" for f in report.findings)
    assert "unified-project-7f3k" in page.text
    assert "explains 12 findings" in page.text
    assert "inherited from the domain" in page.text
    assert "unknown" in page.text


def test_the_clean_estate_says_so(report_of: ReportOf) -> None:
    text = _page(report_of("clean")).text
    assert "No finding: every rule that could be decided holds." in text
    assert "Nothing to change." in text
    assert "Every call that the audit needs was answered." in text


def test_an_empty_account_is_no_praise(report_of: ReportOf) -> None:
    empty = replace(report_of("clean"), resources={"domain": 0, "user_profile": 0, "space": 0, "app": 0}, domains=())
    assert html_view(empty).headline.startswith("No Studio resource was found")


def test_huge_reports_are_cut_and_say_so(report_of: ReportOf) -> None:
    report = multiplied(report_of("acme"), 200)
    view = html_view(report)
    shown = sum(len(c.findings) for r in view.rules for c in r.causes) + sum(len(r.others) for r in view.rules)
    assert len(report.findings) > views.TOTAL_ROWS
    assert shown == views.TOTAL_ROWS
    assert view.hidden == len(report.findings) - shown
    assert f"{view.hidden:,} findings are not listed here" in _page(report).text


def test_the_context_is_what_is_documented(report_of: ReportOf) -> None:
    """The template reads nothing but ``view`` and the page's own parts, and an undefined name is an error."""
    source = (templates_dir() / "report.html.j2").read_text()
    made = html_environment()
    assert jinja2.meta.find_undeclared_variables(made.parse(source)) == {"view", "policy", "style", "script"}
    with pytest.raises(jinja2.UndefinedError):
        made.from_string("{{ view.nothing_of_that_name }}").render(view=html_view(report_of("clean")))


def test_the_same_report_gives_the_same_page(report_of: ReportOf) -> None:
    report = report_of("acme")
    assert "".join(render(report, Format.HTML)) == "".join(render(report, Format.HTML))
