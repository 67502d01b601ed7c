"""make quick: which tests stand for a change, and that it keeps its time and says what it left out."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.budgets import LONGEST
from tools import quick

PACKAGE = quick.ROOT / "auditor"
PARTS = sorted(path.relative_to(quick.ROOT).as_posix() for path in PACKAGE.iterdir() if (path / "__init__.py").exists())


def test_every_test_that_is_named_exists() -> None:
    named = {name for names in quick.ELSEWHERE.values() for name in names} | set(quick.ALWAYS)
    assert [name for name in named if not (quick.ROOT / name).exists()] == []
    assert [part for part in quick.ELSEWHERE if not (quick.ROOT / part).is_dir()] == []
    assert [name for name in LONGEST if not (quick.ROOT / name).is_file()] == []


@pytest.mark.parametrize("part", PARTS)
def test_every_part_has_tests_of_its_own(part: str) -> None:
    """Of any module in it: a change is never met by the tests alone that always run."""
    for module in sorted((quick.ROOT / part).rglob("*.py")):
        path = module.relative_to(quick.ROOT).as_posix()
        assert set(quick.tests([path])) - set(quick.ALWAYS), path


@pytest.mark.parametrize(
    ("changed", "chosen"),
    [
        ("auditor/iam/trust.py", ["tests/iam/test_trust.py"]),
        # Nothing imports it by itself; the scan is what does.
        ("auditor/collect/iac/discover.py", ["tests/iac/test_scan.py"]),
        ("auditor/masking.py", ["tests/cli/test_masking.py"]),
        ("reports/templates/report/report.html.j2", ["tests/report"]),
        ("rules/people/STU101.yaml", ["tests/rules/test_cases.py"]),
        ("tests/iam/test_roles.py", ["tests/iam/test_roles.py"]),
        # What everybody there uses.
        ("tests/evaluate/helpers.py", ["tests/evaluate/test_audit.py", "tests/waivers/test_match_waivers.py"]),
        ("tests/iac/terraform/conftest.py", ["tests/iac/terraform"]),
    ],
)
def test_what_stands_for_a_change(changed: str, chosen: list[str]) -> None:
    assert set(chosen) <= set(quick.tests([changed]))


def test_the_nearest_come_first() -> None:
    chosen = quick.tests(["auditor/cli/gate_options.py", "tests/iam/test_roles.py", "auditor/iam/trust.py"])
    order = [*quick.ALWAYS, "tests/iam/test_roles.py", "tests/iam/test_trust.py", "tests/cli"]
    assert sorted(chosen.index(name) for name in order) == [chosen.index(name) for name in order]


def test_what_takes_long_is_left_out() -> None:
    assert not any("test_browser" in name for name in quick.tests(["tests/report/test_browser.py"]))


def _pytest(folder: Path, text: str, seconds: float) -> subprocess.CompletedProcess[str]:
    (folder / "test_a.py").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "tools.quick_budget", "-n", "2", "--rootdir", "."]
    environment = {**os.environ, "QUICK_UNTIL": str(time.time() + seconds), "PYTHONPATH": str(quick.ROOT)}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


SLOW = """
import pytest, time
@pytest.fixture(scope="module")
def dear():
    time.sleep(60)
def test_that_needs_it(dear):
    pass
@pytest.mark.parametrize("number", range(20))
def test_one(number):
    pass
"""


def test_after_its_time_no_test_is_started(tmp_path: Path) -> None:
    """Nor anything that one needs; and what was left out is said, file by file."""
    started = time.monotonic()
    done = _pytest(tmp_path, SLOW, 0)
    assert time.monotonic() - started < 50
    assert done.returncode == 0, done.stdout
    assert "test_a.py: 21 tests" in done.stdout
    assert "make test" in done.stdout


def test_in_time_all_run_and_nothing_is_said(tmp_path: Path) -> None:
    done = _pytest(tmp_path, "def test_one():\n    pass\n", 100)
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout
    assert "left out" not in done.stdout


def test_a_failure_is_one_however_late_it_is(tmp_path: Path) -> None:
    """A test that began in time fails the command, though the time is over when it ends."""
    late = "import os\ndef test_one():\n    os.environ['QUICK_UNTIL'] = '0'\n    assert False\n"
    done = _pytest(tmp_path, late, 100)
    assert done.returncode != 0
    assert "1 failed" in done.stdout
