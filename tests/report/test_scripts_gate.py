"""The gate over the report's scripts: it needs Node.js, says so where there is none, and CI cannot pass it by."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted((ROOT / "reports" / "templates").rglob("*.js"))


def check(**environment: str) -> subprocess.CompletedProcess[str]:
    """tools/check_scripts.py on a machine without Node.js."""
    return subprocess.run(
        [sys.executable, str(ROOT / "tools" / "check_scripts.py")],
        env={"PATH": "", **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_without_node_it_skips_and_says_so() -> None:
    done = check()
    assert (done.returncode, done.stdout) == (
        0, "Skipped: the report's scripts need Node.js and npm to be checked.\n",
    )  # fmt: skip


def test_without_node_it_fails_where_node_is_required() -> None:
    done = check(AUDITOR_REQUIRE_NODE="1")
    assert (done.returncode, done.stdout) == (1, "Failed: the report's scripts need Node.js and npm to be checked.\n")


def test_ci_requires_it_and_make_check_runs_it() -> None:
    assert "AUDITOR_REQUIRE_NODE=1" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "tools/check_scripts.py" in (ROOT / "Makefile").read_text(encoding="utf-8")


def test_the_lock_file_names_no_registry() -> None:
    """A mirror must do, so that a lock file without addresses is what npm is given."""
    text = (ROOT / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert "resolved" not in text
    assert "://registry" not in text
    assert all("integrity" in package for path, package in packages.items() if path)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_lines_fit(script: Path) -> None:
    long = [n for n, line in enumerate(script.read_text(encoding="utf-8").splitlines(), 1) if len(line) > 120]
    assert long == []


def test_the_scripts_are_there() -> None:
    assert len(SCRIPTS) >= 11
    assert os.path.commonpath(SCRIPTS) == str(ROOT / "reports" / "templates" / "report")
