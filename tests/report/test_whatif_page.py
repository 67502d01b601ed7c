"""The page of auditor whatif: the numbers of the difference, whatever names are in it, without a script."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from pathlib import Path

import jinja2.meta
import pytest

from auditor.cli.whatif_view import render
from auditor.model.finding import Finding
from auditor.model.report import Report
from auditor.model.rule import Verdict
from auditor.report.html.page_parts import html_environment, policy
from auditor.report.html.whatif_page import ROWS, STYLES, WhatIfView, page, whatif_view
from auditor.resources import templates_dir
from auditor.whatif.changes import Change, Clash, gone
from auditor.whatif.consequences import Findings, NotTried, SettingMove, Settings, WhatIf
from auditor.whatif.replay import Replay, Stopped

from .browser import opened
from .handmade import everything, hostile_everything
from .samples import HOSTILE
from .test_accessibility import axe_complaints

TEMPLATE = templates_dir() / "whatif.html.j2"
NONE = Findings({}, ())
KEY = ("123456789012", "eu-west-1", "user_profile", f"d-1/{HOSTILE}")


def _difference(report: Report, text: str) -> WhatIf:
    """Everything that a page may show, once or more, with a text wherever somebody else chooses it."""
    failures = tuple(f for f in report.findings if f.status is Verdict.FAIL)
    half = len(failures) // 2
    return WhatIf(
        changes=(Change(KEY, f"--set {text}", text, gone), Change((*KEY[:2], "permission", "r"), "", "", gone)),
        clashes=(Clash(KEY, "UserSettings.ExecutionRole", text, "STU201 abcd"),),
        not_tried=tuple(NotTried("STU202", f"{n:016x}", text, "its command needs a value for X") for n in range(9)),
        gone=Findings.of(failures[:half]),
        came=Findings.of(failures[half:]),
        unknown=Findings.of(f for f in report.findings if f.status is Verdict.UNKNOWN),
        settings=Settings((
            SettingMove("domain", "default_auto_mount_home_efs", "Enabled", None, 1, (text,)),
            SettingMove("domain", "default_auto_mount_home_efs_set", "", text, 1, (text,)),
            SettingMove("user_profile", "experience", "studio", "x", 400, tuple(f"d/{text}{n}" for n in range(ROWS))),
        )),
        apps=tuple(f"123456789012/eu-west-1/app/d-1/profile/{text}/JupyterLab/{n}" for n in range(7)),
        before=len(failures),
        after=half,
        report=report,
        titles={rule.id: rule.title for rule in report.rules},
        replay=Replay({"caller": 320, "audit": 9}, 2, (
            *(Stopped("caller", text, "sagemaker:UpdateDomain", f"d/{n}", "denied", 1, (text,), ())
              for n in range(310)),
            Stopped("caller", "kim", "sagemaker:CreateDomain", "", "unknown", 3, ("statement 1",), (text,)),
        ), (), collected=True),
    )  # fmt: skip


@pytest.fixture(scope="module")
def found() -> WhatIf:
    return _difference(hostile_everything(), HOSTILE)


def test_it_counts_as_the_difference_does(found: WhatIf) -> None:
    view = whatif_view(found)
    numbers = {label: number for label, number, _ in view.tiles}
    assert (numbers["resolved"], numbers["new"]) == (len(found.gone), len(found.came))
    for (_, _, rules), those in zip(view.findings, (found.gone, found.came, found.unknown), strict=True):
        assert those.listed
        assert sum(item.number for item in rules) == len(those) == len(those.listed)
        assert [item.severity.rank for item in rules if item.severity] == sorted(_worst(those.listed))
    assert view.changes.number == 1
    assert [(label, number) for label, number, _ in view.tiles][-3:] == [
        ("calls denied", 310), ("calls undecided", 3), ("calls allowed", 16),
    ]  # fmt: skip
    assert [(id_, [(c.head, c.number, c.left_out) for c in callers]) for _, id_, callers in view.stopped] == [
        ("denied-caller", [(HOSTILE, 310, 10)]), ("unknown-caller", [("kim", 1, 0)]),
    ]  # fmt: skip
    assert [(s.setting, s.who.number, s.who.left_out) for s in view.settings] == [
        ("DefaultUserSettings.AutoMountHomeEFS", 1, 0),
        ("DefaultUserSettings.AutoMountHomeEFS as it is set", 1, 0),
        ("experience", 400, 400 - ROWS),
    ]
    assert (view.settings[0].before, view.settings[0].after) == ("Enabled", None)


def _worst(findings: tuple[Finding, ...]) -> list[int]:
    """The rank of each rule's worst finding."""
    by_rule: dict[str, int] = {}
    for finding in findings:
        by_rule[finding.rule_id] = min(finding.severity.rank, by_rule.get(finding.rule_id, finding.severity.rank))
    return list(by_rule.values())


def test_secrets_of_values_are_masked(found: WhatIf) -> None:
    secret = "https://ana:pa55w0rd-of-ana@example.com/x"
    change = replace(found.changes[0], said=f"domain d-1: Tags.url = {secret}")
    setting = replace(found.settings.moves[0], after=secret)
    made = "".join(page(replace(found, changes=(change,), settings=Settings((setting,)))))
    assert "pa55w0rd-of-ana" not in made


def test_the_context_is_what_is_documented() -> None:
    text = TEMPLATE.read_text(encoding="utf-8")
    assert jinja2.meta.find_undeclared_variables(html_environment().parse(text)) <= {"view", "policy", "style"}
    assert set(re.findall(r"\bview\.(\w+)", text)) == {f.name for f in fields(WhatIfView)}


def test_hostile_names_are_text_and_nothing_runs_or_loads(found: WhatIf, tmp_path: Path) -> None:
    made = "".join(page(found))
    style = "".join((templates_dir() / "report" / name).read_text(encoding="utf-8") for name in STYLES)
    assert policy(style).replace("'", "&#39;") in made
    assert not re.search(r"<(script|img|link|a) |<script", made)
    path = tmp_path / "whatif.html"
    path.write_text(made, encoding="utf-8")
    with opened(path, viewport={"width": 400, "height": 800}) as shown:
        assert HOSTILE[:20] in shown.locator("section:has(#changes)").inner_text()
        assert shown.locator("section:has(#unknown) details").count() == len(whatif_view(found).findings[2][2])
        shown.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        assert shown.evaluate("document.documentElement.scrollWidth") <= 400
        assert axe_complaints(shown) == []
        assert shown.problems == []


def test_a_policy_alone_has_no_empty_cards(found: WhatIf) -> None:
    """Nothing in the audit changes, so nothing is said of that."""
    report = everything()
    alone = WhatIf((), (), (), NONE, NONE, NONE, Settings(), (), 0, 0, report, {}, found.replay)
    made = "".join(page(alone))
    assert "<h1>What if: 329 calls: 310 denied, 3 undecided, 16 allowed</h1>" in made
    assert "No policy was attached" in made
    assert "None." not in made
    assert list(render(alone, "text"))[-1].startswith("No policy was attached: ")
    # Other parameters change no resource, and all the same an audit would say something else.
    beside = list(render(replace(found, changes=()), "text"))
    assert beside[-2:] == [
        f"{found.headline}.", "Nothing was changed: this is what an audit of the same snapshot would say.",
    ]  # fmt: skip
    assert re.findall(r'<h2 id="([^"]+)"', made) == ["calls", "denied-caller", "unknown-caller"]


def test_nothing_of_it_is_left_empty() -> None:
    """A what-if that changes nothing says so under each heading."""
    report = everything()
    none = WhatIf((), (), (), NONE, NONE, NONE, Settings(), (), 0, 0, report, {})
    made = "".join(page(none))
    assert made.count("None.") == 3
    assert "No resource changes: other rules or parameters were tried." in made
