"""The user's own templates: what they are given, that they cannot do harm, and errors with file and line."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from auditor.errors import ConfigError
from auditor.model.report import Report
from auditor.report.custom import load_template
from auditor.report.render import write

from .handmade import everything, hostile_everything
from .samples import HOSTILE


@pytest.fixture
def template(tmp_path: Path) -> Callable[..., Path]:
    def make(text: str, name: str = "summary.txt.j2") -> Path:
        path = tmp_path / "templates" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return make


def _render(path: Path, report: Report | None = None) -> str:
    return "".join(load_template(path).render(report or everything()))


def test_every_member_of_the_report_is_there(template: Callable[..., Path]) -> None:
    names = [field.name for field in dataclasses.fields(Report)]
    path = template("".join(f"{{{{ report.{name} | json }}}}\n" for name in names))
    lines = _render(path).splitlines()
    assert len(lines) == len(names)
    assert json.loads(lines[names.index("gate")])["failed"] == 2


def test_the_filters_that_are_documented(template: Callable[..., Path]) -> None:
    path = template(
        "{% set f = report.findings[3] %}{{ f | status }}|{{ f.resource | resource_name }}|"
        "{{ (report.findings[5] | place).line }}|{{ 1234567 | thousands }}|{{ [1, none] | shown }}|{{ '=1' | csv }}|"
        "{{ '@a' | markdown }}|{{ 'a\n b' | one_line }}|"
        "{{ f.waiver.expires | json }}|{{ f.waiver.expires.year }}|{{ report.rule('STU901').name }}"
    )
    assert _render(path) == (
        'waived|user profile research/ada|17|1,234,567|1, None|\'=1|@\u2060a|a b|"2026-12-31"|2026|rule-high'
    )


@pytest.mark.parametrize("name", ["page.html.j2", "PAGE.HTM.jinja", "feed.xml.jinja2", "picture.svg.j2"])
def test_markup_is_escaped(template: Callable[..., Path], name: str) -> None:
    text = _render(template("<p>{{ report.findings[0].message }}</p>", name), hostile_everything())
    assert "<script" not in text
    assert text.startswith("<p>&lt;img")


def test_other_text_is_not(template: Callable[..., Path]) -> None:
    assert _render(template("{{ report.findings[0].message }}"), hostile_everything()) == HOSTILE


@pytest.mark.parametrize(
    ("name", "written"),
    [("team.md.j2", "team.md"), ("a.b.html.jinja", "a.b.html"), ("x.jinja2", "x")],
)
def test_the_name_is_the_templates(template: Callable[..., Path], tmp_path: Path, name: str, written: str) -> None:
    made = load_template(template("{{ report.as_of }}", name))
    (path,) = write(everything(), [], tmp_path / "out", [made])
    assert path == tmp_path / "out" / written
    assert path.read_text() == "2026-11-23T20:42:00Z"


@pytest.mark.parametrize("name", ["summary.txt", ".j2", "j2"])
def test_a_name_without_the_ending_is_refused(template: Callable[..., Path], name: str) -> None:
    with pytest.raises(ConfigError, match="a template's name ends in"):
        load_template(template("x", name))


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("one\n{% if %}", 2, "Expected an expression"),
        ("one\ntwo\n{{ reprot.as_of }}", 3, "there is no 'reprot'; a template is given 'report' only"),
        ("{% for f in report.findings %}\n{{ x }}{% endfor %}", 2, "there is no 'x'"),
    ],
)
def test_what_can_be_seen_before_the_audit_is(
    template: Callable[..., Path], text: str, line: int, message: str
) -> None:
    path = template(text)
    with pytest.raises(ConfigError) as caught:
        load_template(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("\n\n{{ report.nothing }}", 3, "has no attribute 'nothing'"),
        ("a\n{{ report.findings[0].evidence[0].origin.collar }}", 2, "has no attribute 'collar'"),
        ("a\n{{ 1 / 0 }}", 2, "ZeroDivisionError: division by zero"),
        ("a\n{{ 'x' + 1 }}", 2, "TypeError"),
        ("a\n{{ 'x' * 10**15 }}", 2, "MemoryError"),
        ("a\n{{ report.findings | first | attr }}", 2, "TypeError"),
        ("{% macro m() %}\n{{ m() }}{% endmacro %}{{ m() }}", 2, "RecursionError"),
        ("a\nb\n{% include 'missing.j2' %}", 3, "there is no template 'missing.j2' in its folder"),
        ("a\n{% include '../outside.j2' %}", 2, "there is no template '../outside.j2' in its folder"),
        ("a\n{% include '/etc/passwd' %}", 2, "there is no template '/etc/passwd' in its folder"),
    ],
)
def test_what_fails_names_file_and_line(
    template: Callable[..., Path], tmp_path: Path, text: str, line: int, message: str
) -> None:
    path = template(text)
    (tmp_path / "outside.j2").write_text("secret")
    (tmp_path / "out").mkdir()
    with pytest.raises(ConfigError) as caught:
        write(everything(), [], tmp_path / "out", [load_template(path)])
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)
    assert list((tmp_path / "out").iterdir()) == []


def test_an_included_template_is_named_where_it_fails(template: Callable[..., Path]) -> None:
    part = template("fine\n{{ report.findings[0].colour }}", "part.j2")
    with pytest.raises(ConfigError) as caught:
        _render(template("{% include 'part.j2' %}"))
    assert str(caught.value).startswith(f"{part}:2: ")


@pytest.mark.parametrize(
    "text",
    [
        "{{ report.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ report.rule.__globals__ }}",
        "{{ report.rule.__func__.__globals__['__builtins__'] }}",
        "{{ report.resources.clear() }}",
        "{{ report.by_status.update({'fail': 0}) }}",
        "{{ (report.findings[0] | place).__init__ }}",
        "{{ '{0.__class__}'.format(report) }}",
        "{{ range(10000000) | list | length }}",
    ],
)
def test_the_sandbox_holds(template: Callable[..., Path], text: str) -> None:
    report = everything()
    before = everything()
    with pytest.raises(ConfigError):
        _render(template(text), report)
    assert report == before


def test_a_file_that_is_no_text_or_is_not_there(template: Callable[..., Path], tmp_path: Path) -> None:
    binary = template("", "b.j2")
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_template(binary)
    with pytest.raises(ConfigError, match="cannot read the template"):
        load_template(tmp_path / "nowhere.j2")


def test_the_guide_lists_the_context_and_the_filters(template: Callable[..., Path]) -> None:
    import jinja2.filters

    guide = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    section = guide[guide.index("## Your own templates") :]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    listed = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    filters = set(load_template(template(""))._environment.filters) - set(jinja2.filters.FILTERS)
    assert listed == {field.name for field in dataclasses.fields(Report)} | filters


def test_the_guides_example_works(template: Callable[..., Path]) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    example = guide.split("```jinja\n")[1].split("```")[0]
    assert _render(template(example)).splitlines() == [
        "2 findings fail the gate as of 2026-11-23T20:42:00Z.",
        "- UserSettings.X on user profile research/alan: resolves 2",
    ]
