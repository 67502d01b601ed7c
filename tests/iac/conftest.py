"""Templates in a working folder of their own, and accounts beside them."""

from __future__ import annotations

from pathlib import Path

import pytest

from .accounts import Beside


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Beside:
    """A working folder with templates, and accounts beside them."""
    monkeypatch.chdir(tmp_path)
    return Beside(tmp_path)
