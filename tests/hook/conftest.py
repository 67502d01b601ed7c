"""Tests of the Hook leave the rules of other tests alone."""

from __future__ import annotations

import pytest

from auditor.rules import load


@pytest.fixture(autouse=True)
def _own_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a function takes from its package, it takes for its own process."""
    monkeypatch.setattr(load, "_TAKEN", [])
