"""Tests that read templates need checkov, which pins an old boto3 and has an environment of its own, .venv-checkov."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

import pytest

from .accounts import Beside


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture: what reads templates is skipped, or fails, where checkov is missing."""
    if item.get_closest_marker("checkov") and find_spec("checkov") is None:
        if os.environ.get("AUDITOR_REQUIRE_CHECKOV"):
            pytest.fail("checkov is not installed here, and AUDITOR_REQUIRE_CHECKOV is set")
        pytest.skip("needs checkov: make test runs these in .venv-checkov")


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Beside:
    """A working folder with templates, and accounts beside them."""
    monkeypatch.chdir(tmp_path)
    return Beside(tmp_path)
