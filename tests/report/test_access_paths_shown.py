"""Access paths in report.json and on the pages of roles and user profiles, with their pictures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.evaluate.listed_paths import access_paths, owned
from auditor.model.access_path import AccessPath, AccessPaths, Goal
from auditor.model.report import Report
from auditor.report.html.path_picture import PICTURES, WIDTH, packed_paths, path_picture, path_pictures
from auditor.report.render import Format, render
from auditor.store.connection import connect

from .browser import opened, visit
from .estate import large
from .test_accessibility import COLOURS, axe_complaints

ReportOf = Callable[[str], Report]
PageFile = Callable[[Report], Path]
ACCOUNT = "123456789012"


def path(
    name: str, goal: Goal = Goal.ADMINISTRATOR, steps: tuple[str, ...] = ("is there",), via: str = ""
) -> AccessPath:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{name}"
    roles = (f"arn:aws:iam::{ACCOUNT}:role/x/{via}",) if via else ()
    return AccessPath(ACCOUNT, arn, name, Goal.ADMINISTRATOR, 1, steps, roles, arn)


TWO_STEPS = path("team", steps=("passes admin to a SageMaker job", "admin is an administrator"), via="admin")


def test_a_picture_has_a_box_for_each_role_and_one_for_the_goal() -> None:
    picture = path_picture(3, TWO_STEPS)
    assert [[line.text for line in box.lines] for box in picture.boxes] == [["team"], ["admin"],
                                                                            ["Administrator access"]]  # fmt: skip
    assert [box.is_goal for box in picture.boxes] == [False, False, True]
    assert [line.text for arrow in picture.arrows for line in arrow.lines] == list(TWO_STEPS.steps)
    assert picture.summary == "The role team: passes admin to a SageMaker job; admin is an administrator"
    # One below the other, nothing over anything.
    edges = [box.y for box in picture.boxes] + [box.y + box.height for box in picture.boxes]
    assert max([*edges, *(a.top for a in picture.arrows), *(a.bottom for a in picture.arrows)]) < picture.height
    assert all(arrow.bottom - arrow.top >= 17 for arrow in picture.arrows)


def test_long_names_are_broken_and_hostile_ones_are_text() -> None:
    picture = path_picture(0, path("r" * 64, steps=("opens the user profile \u202e<script>",)))
    assert len(picture.boxes[0].lines) == 2
    assert picture.boxes[0].height > picture.boxes[1].height
    assert max(len(line.text) * 8 for box in picture.boxes for line in box.lines) < WIDTH
    assert "\u202e" not in picture.summary
    page = "".join(render(replace(large(10), access_paths=AccessPaths((path("<b>x"),), 1)), Format.HTML))
    assert "&lt;b&gt;x" in page
    assert "<b>x" not in page


def test_many_roles_have_few_pictures() -> None:
    paths = AccessPaths(tuple(path(f"r{n}") for n in range(3_000)), 5_000)
    assert len(path_pictures(paths)) == PICTURES
    packed = packed_paths(paths)
    assert packed["hidden"] == 5_000 - len(packed["listed"]) > 0
    assert [row[3] for row in packed["listed"][PICTURES - 1 : PICTURES + 1]] == [PICTURES - 1, -1]


def _template(report: Report) -> str:
    """What the page holds of pictures, apart from the script that looks for them."""
    page = "".join(render(report, Format.HTML))
    return page[page.index("</main>") : page.index('<script type="application')]


def test_without_a_path_nothing_is_drawn() -> None:
    assert "<template" not in _template(large(10))
    assert "<template" in _template(replace(large(10), access_paths=AccessPaths((TWO_STEPS,), 1)))


def test_those_to_administrator_access_and_of_most_profiles_are_listed() -> None:
    with connect() as con:
        con.execute("create table access_path as select '1' as account, unnest(['c', 'b', 'a']) as id, 'n' as name,"
                    " unnest(['other user profiles', 'administrator', 'administrator']) as goal,"
                    " unnest([9, 2, 3]) as profiles, ['s'] as steps, []::varchar[] as via, 't' as target")  # fmt: skip
        paths = access_paths(con, limit=2)
    assert ([p.role for p in paths.listed], paths.number) == (["a", "b"], 3)
    assert owned(paths, {paths.listed[1].key}) == AccessPaths((paths.listed[1],), 1)


def test_report_json_has_every_step(report_of: ReportOf) -> None:
    found = json.loads("".join(render(report_of("acme"), Format.JSON)))["access_paths"]
    assert found["number"] == len(found["listed"]) > 0
    way = next(p for p in found["listed"] if p["name"] == "studio-karin" and p["goal"] == "administrator")
    assert way["steps"] == [
        "starts an app in a shared space of legacy-analytics, which runs as studio-legacy",
        "studio-legacy is an administrator",
    ]
    assert [arn.rpartition("/")[2] for arn in way["via"]] == ["studio-legacy"]


@pytest.mark.browser
def test_roles_and_people_show_their_way(report_of: ReportOf, page_file: PageFile) -> None:
    report = report_of("acme")
    file = page_file(report)
    role = next(p.key for p in report.access_paths.listed if p.name == "studio-karin")
    keys = {r.name: r.key for t in report.inventory.tables for r in t.resources} if report.inventory else {}
    with opened(file, f"#resource/{role}", viewport={"width": 360, "height": 800}) as page:
        ways = page.locator(".access-path")
        assert ways.locator("h3").all_inner_texts() == ["To administrator access", "To other people’s user profiles"]
        assert ways.first.locator("li").count() == 2
        assert ways.first.locator("svg[role=img] title").text_content() == "To administrator access from studio-karin"
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert axe_complaints(page) == []
        visit(page, file, f"#resource/{keys['karin-lund']}")
        assert ways.first.locator("li").first.inner_text() == "has the execution role studio-karin"
        page.emulate_media(color_scheme="dark")
        assert axe_complaints(page, COLOURS) == []
        visit(page, file, f"#resource/{keys['ana-silva']}")
        assert ways.count() == 0
        assert axe_complaints(page, COLOURS) == []
        assert page.problems == []
