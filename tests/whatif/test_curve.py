"""How far the commands of a report lead, with an audit after each lot of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from auditor.cli.curve_view import render_curve
from auditor.cli.main import run
from auditor.config import Config
from auditor.errors import ExitCode
from auditor.model.rule import Rule
from auditor.resolve import alike_profiles
from auditor.rules.rule_names import select
from auditor.run import change_curve as change_curve_module
from auditor.run.change_curve import ChangeCurve, CurvePoint, change_curve
from auditor.run.run_options import RuleOptions
from auditor.run.what_if import WhatIfOptions, what_if

from .full_way import long_curve

#: Turning Classic off and an EFS's mount bring failures that were none.
RULES = RuleOptions(only=("storage", "experience"))


@pytest.fixture(scope="module")
def found(estate_file: Callable[[str], Path]) -> ChangeCurve:
    return change_curve(Config(), [estate_file("acme")], RULES)


def test_each_point_is_what_a_what_if_of_its_changes_foresees(
    found: ChangeCurve, estate_file: Callable[[str], Path]
) -> None:
    first = found.points[0]
    foreseen = what_if(Config(), [estate_file("acme")], WhatIfOptions(fix=[f"top:{first.changes}"], rules=RULES))
    high = [f for f in foreseen.gone.listed if f.severity in ("critical", "high")]
    assert first == CurvePoint(first.changes, len(foreseen.gone), len(high), len(foreseen.came))
    assert found.failures == foreseen.before
    assert first.resolved >= found.failures / 10


MORE = ("storage", "roles", "people", "STU401")


@pytest.fixture(scope="module")
def whole(estate_file: Callable[[str], Path], built_in_rules: Sequence[Rule]) -> tuple[list[tuple[int, ...]], int]:
    """The curve as whole reports have it."""
    return long_curve([estate_file("acme")], select(built_in_rules, MORE))


@pytest.mark.parametrize("many", [True, False])
def test_it_says_what_whole_reports_say(
    many: bool, whole: tuple[list[tuple[int, ...]], int], estate_file: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """However many profiles there are."""
    if many:
        monkeypatch.setattr(alike_profiles, "MANY_BYTES", 0)
    found = change_curve(Config(), [estate_file("acme")], RuleOptions(only=MORE))
    points, left = whole
    assert [(p.changes, p.resolved, p.resolved_high, p.new) for p in found.points] == points
    assert any(p.resolved_high for p in found.points)
    assert found.left == left > 0


def test_what_changes_bring_is_changed_next(found: ChangeCurve, estate_file: Callable[[str], Path]) -> None:
    """No less is resolved than the commands of today's report resolve at once: what they bring has commands too."""
    changes = [point.changes for point in found.points]
    assert changes == sorted(set(changes))
    last = found.points[-1]
    at_once = what_if(Config(), [estate_file("acme")], WhatIfOptions(fix=["top:1000"], rules=RULES))
    assert last.resolved - last.new >= len(at_once.gone) - len(at_once.came)
    assert found.left > 0


def test_where_no_command_is_left_nothing_is_tried(
    estate_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["whatif", "--snapshot", str(estate_file("clean")), "--curve", "--only", "storage"]) == ExitCode.OK
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["Changes", "Resolved", "Of", "high", "and", "critical", "New"]
    assert said[1] == ""
    assert said[2].startswith("0 failures now.")


def test_it_stops_at_so_many_changes_and_says_so(
    found: ChangeCurve, estate_file: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The points up to there are the same; a limit that is never reached leaves nothing to say."""
    most = found.points[0].changes + 1
    monkeypatch.setattr(change_curve_module, "MOST", most)
    part = change_curve(Config(), [estate_file("acme")], RULES)
    assert part.points[0] == found.points[0]
    assert part.points[-1].changes == most < found.points[-1].changes
    assert (part.stopped, found.stopped) == (True, False)
    assert part.left > 0
    assert "no more are tried" in "\n".join(render_curve(part, "text"))
    assert "no more are tried" not in "\n".join(render_curve(found, "text"))


@pytest.mark.parametrize("output", ["text", "markdown", "json"])
def test_formats(output: str, found: ChangeCurve) -> None:
    lines, last = list(render_curve(found, output)), found.points[-1]
    if output == "json":
        assert json.loads("\n".join(lines))["points"][-1]["resolved"] == last.resolved
    else:
        (line,) = [line for line in lines if line.strip(" |").startswith(f"{last.changes} ")]
        assert f"{last.resolved} (" in line
        assert ("|" in line) == (output == "markdown")


@pytest.mark.parametrize("other", [["--fix", "STU501"], ["--format", "html"]])
def test_it_stands_alone(
    other: list[str], estate_file: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["whatif", "--snapshot", str(estate_file("clean")), "--curve", *other]) == ExitCode.USAGE
    assert "--curve chooses the changes itself" in capsys.readouterr().err
