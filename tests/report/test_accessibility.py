"""WCAG 2.2 AA by axe-core on every view, in both schemes, wide and narrow. axe finds what a program can find."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from auditor.model.report import Report
from auditor.report.render import Format, render

from .browser import opened, visit
from .estate import large

pytestmark = pytest.mark.browser
#: WCAG's rules up to 2.2 AA and axe's good practice. skip-link takes any link that lies below the fold of a fixed panel
#: for one that skips.
OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"skip-link": {"enabled": False}},
    "resultTypes": ["violations"],
}
#: What the colour scheme can change.
COLOURS = {
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
    "resultTypes": ["violations"],
}
SECTIONS = (
    "",
    "#findings",
    "#causes",
    "#rules",
    "#domains",
    "#resources",
    "#frameworks",
    "#waivers",
    "#unseen",
    "#about",
)
SOME = ("", "#findings", "#rules", "#waivers")


@pytest.fixture(scope="module")
def night() -> Report:
    return large(100, unseen=0.05)


@pytest.fixture(scope="module")
def path(night: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text("".join(render(night, Format.HTML)), encoding="utf-8")
    return file


def axe_complaints(page: Any, options: dict[str, Any] = OPTIONS) -> list[str]:
    """What axe finds on a page, as it stands."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=options).response
    assert found["passes"], "axe looked at nothing"
    return [f"{v['id']}: {n['html'][:120]}" for v in found["violations"] for n in v["nodes"]]


@pytest.mark.parametrize(
    ("scheme", "width", "options", "sections"),
    # A narrow page stacks what a wide one holds, a dark one changes its colours: some sections show all of that.
    [("light", 1280, OPTIONS, SECTIONS), ("light", 360, OPTIONS, SOME), ("dark", 1280, COLOURS, SOME)],
)
def test_no_violation(
    path: Path, night: Report, scheme: str, width: int, options: dict[str, Any], sections: tuple[str, ...]
) -> None:
    finding = night.findings[0]
    domain = night.domains[0].resource
    pages = (f"#rule/{finding.rule_id}", f"#cause/{finding.root_cause}", f"#finding/{finding.fingerprint}",
             f"#resource/{finding.resource.key}", f"#resource/{domain.key}", "#resource/nothing")  # fmt: skip
    violations = []
    with opened(path, color_scheme=scheme, viewport={"width": width, "height": 900}) as page:
        for fragment in (*sections, *(pages if sections is SECTIONS else pages[2:4])):
            visit(page, path, fragment)
            page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
            violations += [(fragment, text) for text in axe_complaints(page, options)]
        visit(page, path, "#findings?severity=medium&q=a")
        page.locator(".vt-body .vt-row:visible").first.click()
        violations += [("drawer", text) for text in axe_complaints(page, options)]
        if width > 1000:
            page.click("#help")
            violations += [("help", text) for text in axe_complaints(page, options)]
    assert violations == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_violation_without_script(path: Path, scheme: str) -> None:
    """axe needs script itself, so the page stands as it is for a reader whose browser cannot unpack the data."""
    with opened(path, color_scheme=scheme) as page:
        page.add_init_script("delete window.DecompressionStream")
        page.goto("about:blank")
        page.goto(path.as_uri())
        page.wait_for_selector("#problem:visible")
        page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert axe_complaints(page) == []


def test_axe_finds_what_is_wrong(path: Path) -> None:
    """A check of the check: it does complain about a page with a fault."""
    with opened(path) as page:
        page.evaluate("document.querySelector('.tile.high a').style.color = '#f5b5a8'")
        assert any(text.startswith("color-contrast") for text in axe_complaints(page))


STYLE = "(rule) => { const s = new CSSStyleSheet(); s.replaceSync(rule); document.adoptedStyleSheets = [s]; }"
#: Upper and lower edge of each row, and the lower edge of its lowest text.
ROWS = """[...document.querySelectorAll('#findings .vt-body .vt-row')].map((row) => {
  const edge = (e) => e.getBoundingClientRect();
  return [edge(row).top, edge(row).bottom, Math.max(...[...row.querySelectorAll('.sub')].map((e) => edge(e).bottom))];
})"""


@pytest.mark.parametrize(
    "rule",
    [
        "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }",
        "html { font-size: 200% !important } body { font-size: 29px !important }",
    ],
    ids=["spaced", "enlarged"],
)
def test_text_may_be_spaced_and_enlarged(path: Path, rule: str) -> None:
    """WCAG 1.4.12 and 1.4.4: no row's text runs out of it, and no row into the next."""
    with opened(path, "#findings") as page:
        page.evaluate(STYLE, rule)
        page.evaluate("dispatchEvent(new Event('resize'))")
        page.wait_for_timeout(200)
        rows = page.evaluate(ROWS)
        assert len(rows) > 5
        for (_, bottom, text), (top, _, _) in itertools.pairwise(rows):
            assert bottom <= top + 1
            assert text <= bottom + 1
