"""report.md, rendered by a GFM renderer: what it says, that it fits, and that text of the account stays text."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.inert_text import without_commands
from auditor.model.report import Gate, Outcome, Report
from auditor.model.rule import Severity
from auditor.report.markdown.markdown_text import code, text
from auditor.report.markdown_format import LIMIT
from auditor.report.render import Format, render

from .handmade import everything, hostile_everything, huge
from .markdown_page import LINKED, MarkdownPage

ReportOf = Callable[[str], Report]


def _markdown(report: Report) -> str:
    return "".join(render(report, Format.MARKDOWN))


def _page(report: Report) -> MarkdownPage:
    return MarkdownPage(_markdown(report))


def test_says_what_failed_the_gate_what_is_new_and_what_to_do_first() -> None:
    page = _page(everything())
    words = " ".join(page.text)
    assert "Failed: 2 findings of severity high or above." in words
    headings = re.findall("^## (.*)", _markdown(everything()), re.MULTILINE)
    assert headings == [
        "What fails the run", "New since 2026-11-22T20:42:00Z", "Resolved", "Top fixes", "Rules", "Already open",
        "Missing data", "Waivers to look at",
    ]  # fmt: skip
    rows = {tuple(c.strip() for c in row) for row in page.cells}
    assert ("critical", "1", "1", "0") in rows
    assert ("high", "2", "0", "1") in rows
    assert "unknown 1" in words
    assert "error 1" in words


def test_every_finding_of_a_small_report_is_there() -> None:
    report = everything()
    page = _page(report)
    for finding in report.findings:
        if finding.status == "fail" and finding.waiver is None:
            assert any(finding.message in cell for row in page.cells for cell in row), finding.message
    assert "Left out here" not in " ".join(page.text)
    joined = " ".join(page.text + page.codes)
    assert "no rule" in joined  # what was not assessed, and why
    assert "has lapsed" in joined
    assert "user profile research/mended" in joined


@pytest.mark.parametrize("count", [0, 1, 1_000, 20_000])
def test_fits_a_comment_and_says_what_it_leaves_out(count: int) -> None:
    report = huge(count)
    markdown = _markdown(report)
    assert len(markdown) <= LIMIT < 65_536
    assert len(markdown.encode()) < 1_048_576
    shown = markdown.count("mounts the EFS home |")
    left = re.search(r"Left out here, to fit a comment: (.*)\. The formats", markdown)
    numbers = (
        {what: int(n.replace(",", "")) for n, what in re.findall(r"([\d,]+) ([a-z]+ findings)", left[1])}
        if left
        else {}
    )
    assert shown + sum(numbers.values()) == count
    assert (left is None) == (count <= 1)


def test_long_texts_do_not_burst_it() -> None:
    report = everything()
    words = "word|" * 5_000
    findings = tuple(replace(f, message=words, resource=replace(f.resource, name=words)) for f in report.findings) * 400
    gaps = tuple(replace(report.gaps[0], detail=words, operation=f"Call{n}") for n in range(500))
    markdown = _markdown(replace(report, findings=findings, gaps=gaps))
    assert len(markdown) <= LIMIT
    assert "gaps and rules that could not be evaluated" in markdown


def test_hostile_text_is_inert() -> None:
    page = _page(hostile_everything())
    assert set(page.tags) <= {
        "h1",
        "h2",
        "p",
        "strong",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "code",
        "blockquote",
    }
    widths = {len(row) for row in page.cells}
    assert widths <= {2, 3, 4, 5, 6, 7}
    assert not any("\u202e" in t or "\x1b" in t for t in page.text + page.codes)


ATTACKS = (
    "@security-team please", "see #1 and GH-12", "https://evil.example", "www.evil.example", "me@evil.example",
    "[x](https://evil.example)", "![x](https://evil.example/x.png)", "<img src=x onerror=alert(1)>", "<!-- -->",
    "a | b | c", "`code` ``more``", "**bold** _it_ ~~gone~~", "$x^2$", "\\", "\\|", "x\\", "a\n# heading", "&lt;b&gt;",
    "<https://a.example>", "```", "| --- |", "mailto:x@y.example", "xmpp:x@y.example", "@org/team",
)  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_is_linked_and_nobody_is_mentioned(attack: str) -> None:
    finding = everything().findings[2]
    origin = replace(finding.evidence[0].origin, resource=attack)
    named = replace(finding, message=attack, evidence=(replace(finding.evidence[0], value=attack, origin=origin),),
                    resource=replace(finding.resource, name=attack, domain_name=attack))  # fmt: skip
    gap = replace(everything().gaps[0], detail=attack)
    report = replace(everything(), findings=(named,), past=(), waivers=(), root_causes=(), gaps=(gap,))
    page = _page(report)
    assert not {"a", "img", "em", "s", "ul", "li", "h3", "pre", "hr"} & set(page.tags)
    assert page.tags.count("h1") == 1
    assert not LINKED.search(" ".join(page.text))
    row = next(r for r in page.cells if r and r[0] == "high" and len(r) == 6 and "STU901" in r[1])
    plain = " ".join(attack.split())
    assert row[2].replace("\u2060", "") == plain


def _cell(markdown: str) -> str:
    page = MarkdownPage(f"| a | b |\n| --- | --- |\n| {markdown} | last |\n")
    assert [len(r) for r in page.cells] == [2, 2]
    assert page.cells[1][1] == "last"
    return page.cells[1][0].replace("\u2060", "")


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60))
def test_any_text_is_shown_as_it_is(value: str) -> None:
    assert _cell(text(value)) == without_commands(" ".join(value.split()))
    assert not LINKED.search("".join(MarkdownPage(text(value)).text))


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=60))
def test_any_value_is_shown_as_it_is(value: str) -> None:
    assert _cell(code(value)) == without_commands(" ".join(value.split()))


@pytest.mark.parametrize(
    "value",
    ["@ana", "ana@b", "#12", "x#y", "HTTPS://x", "gH-12", "WWW.x.org", "mAilto:ana", "XMPP:ana", "é www.x", "GH-1 @b"],
)
def test_what_github_links_is_broken_by_a_joiner(value: str) -> None:
    assert "\N{WORD JOINER}" in text(value)
    assert text(value).replace("\N{WORD JOINER}", "").replace("\\", "") == value


def test_an_empty_account_is_no_praise() -> None:
    decided = everything().by_status | {"unknown": 0, "error": 0}
    nothing = replace(everything(), findings=(), past=(), gaps=(), gate=Gate(Severity.HIGH), by_status=decided,
                      resources={"domain": 0})  # fmt: skip
    assert "No Studio resource was found in what was audited." in _markdown(nothing)
    gate = Gate(Severity.HIGH, incomplete_lists=2, outcome=Outcome.INCOMPLETE)
    said = "Incomplete: no finding of severity high or above, but 2 lists of resources could not be read completely."
    assert said in _markdown(replace(nothing, gaps=everything().gaps, gate=gate))
    undecided = Gate(Severity.HIGH, outcome=Outcome.UNDECIDED)
    assert "Undecided: no check could be evaluated." in _markdown(replace(nothing, gate=undecided))
    empty = Gate(Severity.HIGH, outcome=Outcome.EMPTY)
    assert "Empty: no Studio resource was found" in _markdown(replace(nothing, gate=empty))
    clean = replace(nothing, resources={"domain": 1})
    assert "Passed: no finding of severity high or above." in _markdown(clean)
    assert "Not gated: no finding makes the run fail." in _markdown(replace(clean, gate=Gate(None)))


@pytest.mark.parametrize("estate", ["acme", "clean"])
def test_estates(report_of: ReportOf, estate: str) -> None:
    report = report_of(estate)
    assert len(_markdown(report)) <= LIMIT
    assert _markdown(report) == _markdown(report)
    assert _page(report).tags.count("h1") == 1
